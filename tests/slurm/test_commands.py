"""How commands are called: what they see of the environment, and what they say."""

import subprocess
from shutil import which

import pytest

from sojourn.batch.scheduler import CommandResult
from sojourn_slurm.commands import Commands, said

SETTINGS = {
    "SBATCH_TIMELIMIT": "3",
    "SBATCH_ACCOUNT": "theirs",
    "SQUEUE_PARTITION": "x",
    "SACCT_FORMAT": "x",
    "SCANCEL_INTERACTIVE": "1",
    "SLURM_ARRAY_TASK_ID": "5",
    "SLURM_JOB_ID": "7",
    "SLURM_CLUSTERS": "far",
}
KEPT = {
    "SLURM_CONF": "/etc/slurm.conf",
    "SLURM_JWT": "token",
    "SLURM_SACK_SOCKET": "/run/sack",
    "OTHER": "1\nSBATCH_X-y=2; exit 9\n* /etc/*\nexport SBATCH_\n",
    "PATH": "/usr/bin:/bin",
}


SHELLS = [found for name in ("dash", "bash", "busybox", "ksh", "mksh") if (found := which(name))]


def environment(command: str, shell: str = "/bin/sh") -> dict[str, str]:
    """What a command's program finds in its environment."""
    words = [shell, "sh"] if shell.endswith("busybox") else [shell]
    done = subprocess.run([*words, "-c", command], env=SETTINGS | KEPT, capture_output=True)
    assert done.stderr == b""
    entries = done.stdout.decode().rstrip("\0").split("\0")
    return dict(entry.split("=", 1) for entry in entries)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_callers_settings_do_not_reach_the_commands(shell: str) -> None:
    found = environment(Commands().change("env", "-0"), shell)
    assert {name: found[name] for name in KEPT} == KEPT
    assert not SETTINGS.keys() & found.keys()


def test_questions_ask_for_plain_times() -> None:
    found = environment(Commands().ask("env", "-0"))
    assert (found["SLURM_TIME_FORMAT"], found["SLURM_BITSTR_LEN"]) == ("%s", "0")
    assert "SLURM_TIME_FORMAT" not in environment(Commands().change("env", "-0"))


def test_the_shell_around_a_call_is_left_as_it_was() -> None:
    found = environment(Commands().change("true") + "; env -0")
    assert SETTINGS.keys() <= found.keys()


def test_the_status_is_that_of_the_command() -> None:
    done = subprocess.run(["/bin/sh", "-c", Commands().change("sh", "-c", "exit 7")], env=KEPT)
    assert done.returncode == 7


def test_words_are_quoted() -> None:
    call = Commands().change("printf", "%s\n", "a b; rm -rf *", "'$(id)'")
    done = subprocess.run(["/bin/sh", "-c", call], env=KEPT, capture_output=True, text=True)
    assert done.stdout == "a b; rm -rf *\n'$(id)'\n"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (CommandResult(1, "", "sbatch: error: a\nsbatch: error: a\n\nb\n"), "a; b"),
        (CommandResult(1, "", "sbatch: error: Batch job submission failed: no\n"), "no"),
        (CommandResult(1, "", "slurm_load_jobs error: gone\n"), "gone"),
        (CommandResult(9, " \n", ""), "ended with status 9 and no word"),
    ],
)
def test_what_a_command_says(result: CommandResult, expected: str) -> None:
    assert said(result) == expected
