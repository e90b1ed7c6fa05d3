"""job.sh, run for real by every POSIX shell at hand: what it promises to a job and to core."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from sojourn.script.exitfile import read_exit
from sojourn.site.context import MachineContext
from sojourn.values.messages import Blob, Parent, TaskInput
from sojourn.values.resources import Resources
from tests.support.site import BATCH, OnTheSpot, job_dir, order, run_one, run_orders

NASTY = [
    "with space",
    "qu'ote",
    'dou"ble',
    "new\nline",
    "-dash",
    "naïve ☃",
    "x" * 200,
    "$HOME `id`",
    "a\\b",
]


def blob(content: bytes) -> Blob:
    return Blob(hashlib.sha256(content).hexdigest(), len(content), content)


def test_success_is_an_exit_file_with_status_and_outputs(where: MachineContext, shell: str) -> None:
    one = order(1, "echo out; echo err >&2; printf abc > r.txt", outputs=("r.txt",))
    seen = run_one(where, one, shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (True, 0, "command")
    assert [(f.name, f.size, f.kind) for f in seen.exit.files] == [("r.txt", 3, "f")]
    assert (job_dir(where, one) / "stdout").read_text() == "out\n"
    assert (job_dir(where, one) / "stderr").read_text() == "err\n"
    assert seen.started
    assert seen.started_id == "id-0"


def test_the_commands_own_status_is_kept(where: MachineContext, shell: str) -> None:
    seen = run_one(where, order(1, "exit 7"), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 7, "command")


@pytest.mark.parametrize("name", NASTY)
def test_streams_and_working_directory(where: MachineContext, shell: str, name: str) -> None:
    text = b"in\n"
    one = order(
        1,
        "pwd >&2; cat; echo end",
        setup=("echo setup",),
        workdir=f"w/{name}",
        stdin=f"i/{name}",
        stdout=f"o/{name}",
        stderr=f"e/{name}",
        check='test -e "$SOJOURN_JOB_DIR/work/o" && echo checked; pwd',
        inputs=(TaskInput(f"i/{name}", "blob", blob(text).digest),),
        blobs=(blob(text),),
        outputs=("o", "e"),
    )
    seen = run_one(where, one, shell)
    work = job_dir(where, one) / "work"
    assert seen.exit is not None
    assert seen.exit.ok
    assert (work / "o" / name).read_text() == "in\nend\n"
    place = f"{(work / 'w').resolve()}/{name}\n"
    assert (work / "e" / name).read_text() == place
    assert (job_dir(where, one) / "stdout").read_text() == f"setup\nsetup\nchecked\n{place}"


def test_both_streams_in_one_file_and_a_script(where: MachineContext, shell: str) -> None:
    script = "#!/bin/sh\necho a; echo b >&2; echo c\n"
    one = order(1, script=script, stdout="log", stderr="log", outputs=("log",))
    assert run_one(where, one, shell).exit is not None
    assert (job_dir(where, one) / "work" / "log").read_text() == "a\nb\nc\n"


def test_a_stream_that_cannot_be_opened_fails_the_job(where: MachineContext, shell: str) -> None:
    seen = run_one(where, one := order(1, "echo no", stdin="gone"), shell)
    assert seen.exit is not None
    assert not seen.exit.ok
    assert "gone" in (job_dir(where, one) / "stderr").read_text()
    assert (job_dir(where, one) / "stdout").read_text() == ""


def test_accepted_exit_codes_count_as_success(where: MachineContext) -> None:
    seen = run_one(where, order(1, "exit 7", accept_exit=(0, 7)))
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status) == (True, 7)


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_as_inputs_outputs_and_arguments(where: MachineContext, name: str) -> None:
    from shlex import quote

    content = blob(b"content")
    one = order(
        1,
        f"cp -- {quote('in ' + name)} {quote('./' + name)}; printf %s {quote(name)} > arg",
        inputs=(TaskInput("in " + name, "blob", content.digest),),
        outputs=(name, "arg"),
        blobs=(content,),
        env={"VALUE": name},
    )
    seen = run_one(where, one)
    assert seen.exit is not None, (job_dir(where, one) / "stderr").read_text()
    assert seen.exit.ok
    assert {f.name for f in seen.exit.files} == {name, "arg"}
    assert (job_dir(where, one) / "work" / "arg").read_text() == name


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.csv", ["a.csv", "b c.csv"], [".hidden.csv", "a.txt"]),
        ("part[0-2]", ["part0", "part2"], ["part3"]),
        ("part[!0-2]", ["part3", "partx"], ["part1"]),
        ("d/?.x", ["d/1.x"], ["d/12.x"]),
        ("[a]*'", ["ab'"], ["b'"]),
    ],
)
def test_patterns_match_as_the_shell_does(
    where: MachineContext, pattern: str, matching: list[str], other: list[str]
) -> None:
    from shlex import quote

    makes = " ".join(quote(name) for name in [*matching, *other])
    one = order(1, f"mkdir d; touch -- {makes}", outputs=(pattern,))
    seen = run_one(where, one)
    assert seen.exit is not None
    assert sorted(f.name for f in seen.exit.files) == sorted(matching)


def test_a_missing_output_is_named_and_no_success(where: MachineContext, shell: str) -> None:
    seen = run_one(where, order(1, "true", outputs=("there is none.*", "b")), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 0, "outputs")
    assert seen.exit.missing == ("there is none.*", "b")


def test_a_warning_before_the_end_ends_nothing(where: MachineContext, shell: str) -> None:
    seen = run_one(
        where, order(1, f"{BATCH}kill -USR1 $batch $PPID; echo >out", outputs=("out",)), shell
    )
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status) == (True, 0)


def test_what_is_no_file_is_no_output(where: MachineContext, shell: str) -> None:
    one = order(1, "mkfifo pipe; ln -s nowhere link", outputs=("pipe", "link"))
    seen = run_one(where, one, shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.missing) == (False, ("pipe", "link"))


def test_directories_are_listed_with_links_and_empty_directories(
    where: MachineContext, shell: str
) -> None:
    one = order(
        1, "mkdir -p d/empty 'd/s p'; echo x > 'd/s p/f'; ln -s 's p/f' d/link", outputs=("d",)
    )
    seen = run_one(where, one, shell)
    assert seen.exit is not None
    found = {f.name: (f.kind, f.target) for f in seen.exit.files}
    assert found == {
        "d": ("d", ""),
        "d/empty": ("d", ""),
        "d/s p": ("d", ""),
        "d/s p/f": ("f", ""),
        "d/link": ("l", "s p/f"),
    }


def test_a_failing_setup_line_is_named(where: MachineContext, shell: str) -> None:
    seen = run_one(
        where, order(1, "touch ran", setup=("A=1", "false 'it is'", "touch later")), shell
    )
    assert seen.exit is not None
    assert (seen.exit.phase, seen.exit.detail) == ("setup", "false 'it is'")
    assert not (job_dir(where, order(1)) / "work" / "ran").exists()


def test_setup_and_env_reach_the_command(where: MachineContext, shell: str) -> None:
    one = order(
        1,
        'printf "%s %s" "$A" "$B" > o',
        setup=("export A=$B.x",),
        env={"B": "b b"},
        outputs=("o",),
    )
    run_one(where, one, shell)
    assert (job_dir(where, one) / "work" / "o").read_text() == "b b.x b b"


def test_a_compound_setup_runs_whole_and_is_named_by_its_first_line(where: MachineContext) -> None:
    entry = "for x in 1 2; do\n  echo $x >> $SOJOURN_JOB_DIR/log\ndone\nfalse"
    seen = run_one(where, order(1, "true", setup=(entry,)))
    assert seen.exit is not None
    assert (seen.exit.phase, seen.exit.detail) == ("setup", "for x in 1 2; do")
    assert (job_dir(where, order(1)) / "log").read_text() == "1\n2\n"


def test_a_check_decides(where: MachineContext) -> None:
    good = run_one(where, order(1, "echo 1 > o", check="test -s o", outputs=("o",)))
    bad = run_one(where, order(2, ": > o", check="test -s o", outputs=("o",)))
    assert good.exit is not None
    assert good.exit.ok
    assert bad.exit is not None
    assert (bad.exit.ok, bad.exit.phase) == (False, "check")


def test_secrets_travel_in_a_private_file_that_is_gone_at_the_end(where: MachineContext) -> None:
    one = order(1, 'printf %s "$TOKEN" > o', secret_env={"TOKEN": "s3cret'x"}, outputs=("o",))
    seen = run_one(where, one)
    assert seen.exit is not None
    assert (job_dir(where, one) / "work" / "o").read_text() == "s3cret'x"
    root = Path(where.machine.root)
    (job_dir(where, one) / "work" / "o").unlink()
    holding = [p for p in root.rglob("*") if p.is_file() and b"s3cret" in p.read_bytes()]
    assert holding == []


def test_an_input_written_to_changes_nothing_that_others_see(where: MachineContext) -> None:
    content = blob(b"original")
    entry = (TaskInput("in", "blob", content.digest),)
    first = order(1, "echo changed > in; cp in o", inputs=entry, outputs=("o",), blobs=(content,))
    second = order(2, "cp in o", inputs=entry, outputs=("o",), blobs=(content,))
    run_one(where, first)
    run_one(where, second)
    assert (job_dir(where, first) / "work" / "o").read_text() == "changed\n"
    assert (job_dir(where, second) / "work" / "o").read_text() == "original"


def test_a_child_runs_only_after_a_parent_that_ended_well(where: MachineContext) -> None:
    good, bad = order(1, "echo p > o", outputs=("o",)), order(2, "exit 1")
    run_one(where, good)
    run_one(where, bad)

    def child(number: int, parent: int) -> object:
        signature = f"{parent:064x}"
        one = order(
            number,
            "cat got > o",
            parents=(Parent(signature, 1),),
            inputs=(TaskInput("got", "output", signature=signature, attempt=1, output="o"),),
            outputs=("o",),
        )
        return run_one(where, one).exit

    fine, stopped = child(3, 1), child(4, 2)
    assert getattr(fine, "ok", None) is True
    assert getattr(stopped, "phase", None) == "parent"
    assert not (job_dir(where, order(4)) / "work" / "o").exists()


def test_a_second_run_of_the_same_submission_does_nothing(where: MachineContext) -> None:
    one = order(1, "echo ran >> $SOJOURN_JOB_DIR/count")
    run_one(where, one)
    script = next(Path(where.machine.root).glob("submissions/*/job.sh"))
    subprocess.run(["sh", str(script)], check=True)
    assert (job_dir(where, one) / "count").read_text() == "ran\n"


def test_a_requeued_run_starts_afresh_and_writes_the_exit(where: MachineContext) -> None:
    command = "echo ran >> $SOJOURN_JOB_DIR/count; ls > seen; touch left"
    one = order(1, command, resources=Resources(requeue=True), outputs=("seen",))
    run_one(where, one)
    (job_dir(where, one) / "exit").unlink()
    script = next(Path(where.machine.root).glob("submissions/*/job.sh"))
    subprocess.run(["sh", str(script)], check=True)
    assert (job_dir(where, one) / "count").read_text() == "ran\nran\n"
    assert (job_dir(where, one) / "work" / "seen").read_text() == "seen\n"
    assert (job_dir(where, one) / "exit").exists()


@pytest.mark.parametrize("requeue", [False, True])
def test_a_job_asked_to_end_still_tells_its_end_unless_it_may_be_started_again(
    where: MachineContext, shell: str, requeue: bool
) -> None:
    """Schedulers send SIGTERM to the whole job; where they keep no history nothing else tells."""
    command = f"{BATCH}kill -TERM $batch; kill -TERM $$; exec sleep 60"
    seen = run_one(where, order(1, command, resources=Resources(requeue=requeue)), shell)
    if requeue:
        assert seen.exit is None
        assert seen.started
    else:
        assert seen.exit is not None
        assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 143, "asked")


@pytest.mark.parametrize(
    "command",
    [
        f"{BATCH}trap 'touch saved; exit 0' TERM; kill -TERM $batch; kill -TERM $$",
        f"{BATCH}sh -c 'kill -TERM $0; kill -TERM $$' $batch; touch saved",
    ],
)
def test_a_job_that_was_asked_to_end_has_not_succeeded(
    where: MachineContext, shell: str, command: str
) -> None:
    """The second is what happens where the signal comes to a shell after its child: it goes on."""
    seen = run_one(where, order(1, command, outputs=("saved",)), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.status, seen.exit.phase) == (False, 0, "asked")
    assert [file.name for file in seen.exit.files] == ["saved"]


def test_being_asked_to_end_while_outputs_are_checked_counts_too(
    where: MachineContext, shell: str
) -> None:
    """The signal may come to job.sh last, when the command's shell has gone on and ended."""
    seen = run_one(where, order(1, "true", check=f"{BATCH}kill -TERM $batch"), shell)
    assert seen.exit is not None
    assert (seen.exit.ok, seen.exit.phase) == (False, "asked")


def test_a_signal_that_only_the_command_got_is_its_own_affair(
    where: MachineContext, shell: str
) -> None:
    seen = run_one(where, order(1, "kill -TERM $$"), shell)
    assert seen.exit is not None
    assert (seen.exit.status, seen.exit.phase) == (143, "command")


def test_what_the_scheduler_starts_again_is_told_and_not_run_twice(
    where: MachineContext, shell: str
) -> None:
    """A restart of PBS's server kills the tasks of an array and starts them anew."""
    one = order(1, f"{BATCH}echo ran >> $SOJOURN_JOB_DIR/count; kill -KILL $batch; exec sleep 0")
    cut_off = run_one(where, one, shell)
    assert (cut_off.started, cut_off.exit) == (True, None)
    folder = job_dir(where, one)
    script = next(Path(where.machine.root).glob("submissions/*/job.sh"))

    def again(task: str) -> None:
        subprocess.run([*shell.split(), str(script)], check=True, env={**os.environ, "TASK": task})

    again("")  # under another id: that is no second start of the first
    assert not (folder / "exit").exists()
    for _ in range(2):
        again("0")
        report = read_exit((folder / "exit").read_bytes())
        assert (report.ok, report.phase, report.started_at) == (False, "again", cut_off.started_at)
    assert (folder / "count").read_text() == "ran\n"
    assert not [file for file in folder.iterdir() if file.name.startswith(("run.", "exit."))][1:]


@pytest.mark.parametrize(("cancelled", "phase"), [(False, "again"), (True, "asked")])
def test_what_was_asked_to_end_to_be_started_again_is_told_so(
    where: MachineContext, shell: str, cancelled: bool, phase: str
) -> None:
    """An operator requeues it: first SIGTERM, then another run."""
    mark = '>"$SOJOURN_JOB_DIR/cancelled"; ' if cancelled else ""
    one = order(1, f"{BATCH}{mark}kill -TERM $batch; echo 1 >o", outputs=("o",))
    seen = run_one(where, one, shell).exit
    assert seen is not None
    assert seen.phase == "asked"
    script = next(Path(where.machine.root).glob("submissions/*/job.sh"))
    environment = {**os.environ, "TASK": "0"}
    subprocess.run([*shell.split(), str(script)], check=True, env=environment)
    report = read_exit((job_dir(where, one) / "exit").read_bytes())
    assert (report.ok, report.phase) == (False, phase)


def test_a_claim_of_another_submission_is_not_run(where: MachineContext) -> None:
    one = order(1, "touch $SOJOURN_JOB_DIR/ran")
    folder = job_dir(where, one)
    folder.mkdir(parents=True)
    (folder.parent / "job.json").write_text("{}\n")
    (folder / "claim").write_text("other 0 1 s\n")
    answers, seen = run_orders(where, [one], OnTheSpot())
    assert not (folder / "ran").exists()
    assert seen[one.signature, 1].claim == "other"
    assert answers[one.signature, 1].token == "other"


def test_an_array_keeps_every_task_apart(where: MachineContext) -> None:
    orders = [order(n, f"echo {n} > o", outputs=("o",)) for n in range(25)]
    caller = OnTheSpot(limit=10)
    answers, seen = run_orders(where, orders, caller)
    assert caller.calls == [(0, 9), (10, 19), (20, 24)]
    for n, one in enumerate(orders):
        assert (job_dir(where, one) / "work" / "o").read_text() == f"{n}\n"
        assert answers[one.signature, 1].scheduler_id.endswith(f"_{n}")
        report = seen[one.signature, 1].exit
        assert report is not None
        assert report.ok


def test_the_umask_is_private(where: MachineContext) -> None:
    one = order(1, "umask > o; touch f", outputs=("o",))
    run_one(where, one)
    assert (job_dir(where, one) / "work" / "o").read_text().strip() == "0077"
    assert (job_dir(where, one) / "work" / "f").stat().st_mode & 0o777 == 0o600
    assert Path(where.machine.root).stat().st_mode & 0o777 == 0o700


def test_a_script_runs_by_its_own_first_line(where: MachineContext) -> None:
    script = (
        "#!/usr/bin/env python3\n#SBATCH --time=1\nimport sys\nopen('o','w').write(sys.argv[0])\n"
    )
    one = order(1, "", script=script, outputs=("o",))
    seen = run_one(where, one)
    assert seen.exit is not None
    assert seen.exit.ok, (job_dir(where, one) / "stderr").read_text()


@pytest.mark.parametrize("variable", ["PBS_O_WORKDIR", "SLURM_SUBMIT_DIR"])
def test_a_script_that_goes_to_where_it_was_handed_in_works_with_its_own_files(
    where: MachineContext, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/")  # what a scheduler says there is its own
    one = order(1, "", script=f'#!/bin/sh\ncd "${variable}" && echo 1 > o\n', outputs=("o",))
    seen = run_one(where, one)
    assert seen.exit is not None
    assert seen.exit.ok, (job_dir(where, one) / "stderr").read_text()


def test_a_start_that_cannot_be_written_down_is_told(where: MachineContext, tmp_path: Path) -> None:
    """As on a file system on a node that takes no links."""
    programs = tmp_path / "no-links"
    programs.mkdir()
    (programs / "ln").write_text("#!/bin/sh\necho 'ln: Operation not permitted' >&2; exit 1\n")
    (programs / "ln").chmod(0o755)
    evidence = run_one(where, order(1), f'env PATH="{programs}:$PATH" sh')
    assert not evidence.started
    (said,) = Path(where.machine.root).glob("submissions/*/out.*")
    assert said.read_text() == "sojourn: this job cannot be started: ln: Operation not permitted\n"
