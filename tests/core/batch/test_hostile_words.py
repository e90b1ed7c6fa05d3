"""Every command that a backend of a batch scheduler builds, with hostile words in it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.batch.grouping import submissions_of
from sojourn.batch.scheduler import CommandResult, Conversation, SubmitCall
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import JobOrder, Parent
from sojourn.values.resources import Resources
from sojourn_pbs import Pbs
from sojourn_slurm import Slurm, SlurmOptions

HOSTILE = ["1;touch P", "$(touch P)", "`touch P`", "1\ntouch P", "'; touch P; '", '"; touch P; "']
SITES: dict[str, Slurm | Pbs] = {
    "slurm": Slurm(SlurmOptions(accounting="on")),
    "openpbs": Pbs(None, {"dialect": "openpbs"}),
    "torque": Pbs(None, {"dialect": "torque"}),
    "wrappers": Pbs(None, {"dialect": "torque-over-slurm"}),
}


def commands(talk: Conversation[object]) -> Iterator[str]:
    """What a conversation yields, to commands that print nothing."""
    try:
        command = next(talk)
        for _ in range(20):
            yield command
            command = talk.send(CommandResult(0, "", ""))
    except (StopIteration, SchedulerUnavailable):
        return


def built(site: Slurm | Pbs, word: str) -> Iterator[str]:
    """Every command that can have this word in it."""
    yield site.submit_command(SubmitCall(word, word, after=(word, "7")))
    yield site.submit_command(SubmitCall("job.sh", "sj1", 0, 3, (word,)))
    yield from commands(site.look([word, "7"]))
    yield from commands(site.search([word]))
    for change in (site.cancel, site.hold, site.release):
        yield from commands(change({word: word, "7": word}))
    yield from commands(site.vanished(f"#PBS -q '{word}'\n#PBS -q {word}\n"))


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_is_ever_run(tmp_path: Path, name: str, word: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("sbatch", "squeue", "sacct", "scancel", "qsub", "qstat", "qdel", "qselect"):
        (programs / program).write_text("#!/bin/sh\nexit 0\n")
        (programs / program).chmod(0o755)
    lines = list(built(SITES[name], word))
    assert len(lines) >= 5
    for line in lines:
        path = f"{programs}:/usr/bin:/bin"
        subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env={"PATH": path}, timeout=60, check=False
        )
        assert not (tmp_path / "P").exists(), line


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("word", [*HOSTILE, "-1", "7,afterok:1", "7:8", ""])
def test_what_is_no_id_is_no_parent(name: str, word: str) -> None:
    parents = (Parent("a" * 64, 1, word), Parent("b" * 64, 1, "7"))
    child = JobOrder("c" * 64, 1, "child", Resources(), command="true", parents=parents)
    (submission,) = submissions_of(SITES[name], [child])
    assert submission.after == ("7",)
