"""`submit`: one job, once, with whatever names and words."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk
from tests.support.waiting import eventually


def test_a_signature_on_stdout_and_words_on_stderr(desk: Desk) -> None:
    done = desk("submit", "--name", "first", "--", "true")
    assert len(done.out) == 65
    assert done.err.startswith("sojourn: QUEUED as ")
    (one,) = desk("list", "--json").json
    assert (one["signature"], one["name"]) == (done.out.strip(), "first")


def test_the_same_job_twice_runs_once_and_says_so(desk: Desk) -> None:
    log = desk.here / "log"
    words = ("--output", "x", "--", f"echo run >> {log}; echo 1 > x")
    first = desk("submit", *words)
    second = desk("submit", *words)
    assert first.out == second.out
    assert "nothing was handed in again" in second.err
    desk("wait", first.out.strip())
    third = desk("submit", "--name", "another name", *words)
    assert third.out == first.out
    assert "has ended before (COMPLETED on here)" in third.err
    assert log.read_text() == "run\n"


def test_a_failed_job_is_not_run_again_by_itself(desk: Desk) -> None:
    desk("submit", "--wait", "--", "echo oh no >&2; exit 3", status=1)
    done = desk("submit", "--", "echo oh no >&2; exit 3", status=1)
    assert len(done.out.strip()) == 64
    assert "exit status 3" in done.err
    assert "  | oh no\n" in done.err
    assert "sojourn retry" in done.err
    assert [one["attempt"] for one in desk("list", "--json").json] == [1]


def test_wait_stays_until_the_result_is_here(desk: Desk) -> None:
    done = desk("submit", "--wait", "--output", "x", "--", "echo 42 > x")
    place = Path(done.err.strip().rpartition(" ")[2])
    assert (place / "x").read_text() == "42\n"
    assert "is COMPLETED" in done.err


def test_a_result_that_outlived_its_store_is_used(desk: Desk) -> None:
    log = desk.here / "log"
    words = ("--output", "x", "--", f"echo run >> {log}; echo 1 > x")
    signature = desk("submit", "--wait", *words).out
    for file in desk.home.glob("store.sqlite3*"):
        file.unlink()
    done = desk("submit", *words)
    assert done.out == signature
    assert "its result is here" in done.err
    assert log.read_text() == "run\n"


def test_several_words_are_arguments_and_one_is_a_shell_line(desk: Desk) -> None:
    words = desk.finished(
        "--output", "x", "--", "sh", "-c", 'printf "%s|" "$@" > x', "sh", "a b", "$HOME", "*", ""
    )
    line = desk.finished("--output", "x", "--", 'printf "%s|" a b > x')
    places = [Path(one["path"]) for one in desk("fetch", words, line, "--json").json]
    assert (places[0] / "x").read_text() == "a b|$HOME|*||"
    assert (places[1] / "x").read_text() == "a|b|"


NASTY = ["a b", "it's", 'say "hi"', "-rf", "größe", "new\nline", "$(touch x)", "x" * 200, "a=b"]


@pytest.mark.parametrize("name", NASTY)
def test_names_of_all_kinds_work_everywhere(desk: Desk, name: str) -> None:
    source = desk.here / "source.txt"
    source.write_text("content\n")
    signature = desk.submit(
        f"--input={name}=source.txt" if "=" not in name else f"--input=plain={source}",
        f"--output=out {name[:90]}",
        f"--name={name}",
        "--env", f"WORD={name}",
        "--", "sh", "-c", 'cat "./$1" > "./$2"; printf %s "$WORD"', "sh",
        name if "=" not in name else "plain", f"out {name[:90]}",
    )  # fmt: skip
    desk("wait", signature)
    (found,) = desk("fetch", signature, "--json").json
    assert (Path(found["path"]) / f"out {name[:90]}").read_text() == "content\n"
    assert desk("logs", signature).out == name
    assert desk("list", "--json").json[0]["name"] == name
    assert len(desk("list").out.splitlines()) == 2
    desk("show", signature)
    desk("explain", signature)


def test_inputs_take_their_own_name_or_a_given_one(desk: Desk) -> None:
    desk.file("a.txt", "A")
    (desk.here / "dir").mkdir()
    desk.file("dir/b.txt", "B")
    signature = desk.finished(
        "--input", "a.txt", "--input", "other=dir/", "--input", "deep/c=a.txt", "--",
        "cat a.txt other/b.txt deep/c",
    )  # fmt: skip
    assert desk("logs", signature).out == "ABA"


def test_remote_inputs_and_outputs_stay_there(desk: Desk, tmp_path: Path) -> None:
    big = tmp_path / "big file"
    big.write_text("huge")
    signature = desk.finished(
        "--remote-input", f"data={big}", "--remote-output", "kept.*", "--output", "small",
        "--", "cat data > kept.h5; echo 1 > small",
    )  # fmt: skip
    (found,) = desk("fetch", signature, "--json").json
    assert found["remote"] == {"kept.h5": 4}
    assert [file["name"] for file in found["files"]] == ["small"]


def test_secrets_go_along_and_are_shown_nowhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-value")
    signature = desk.finished("--secret-env", "TOKEN", "--", 'printf %s "${#TOKEN}"')
    assert desk("logs", signature).out == "12"
    for words in (["show", signature], ["show", signature, "--json"], ["explain", signature]):
        done = desk(*words)
        assert "s3cr3t" not in done.out + done.err
    assert b"s3cr3t" not in (desk.home / "store.sqlite3").read_bytes()
    monkeypatch.delenv("TOKEN")
    assert "TOKEN is not set" in desk("submit", "--secret-env", "TOKEN", "--", "x", status=2).err


def test_setup_check_exit_codes_and_parameters(desk: Desk) -> None:
    first = desk.finished("--setup", "export A=1", "--setup", "export B=2", "--", "echo $A$B")
    assert desk("logs", first).out == "12\n"
    assert desk.state(desk.finished("--check", "test -s x", "--", "touch x")) == "FAILED"
    assert desk.state(desk.finished("--accept-exit", "3", "--", "exit 3")) == "COMPLETED"
    one = desk.submit("--parameter", "replicate=1", "--", "true")
    two = desk.submit("--parameter", "replicate=2", "--", "true")
    assert one != two


def test_an_existing_script_is_run(desk: Desk) -> None:
    desk.file("job.sh", "#!/bin/sh\n#SBATCH --mem=1G\necho from a script\n")
    signature = desk.finished("--script", "job.sh")
    assert desk("logs", signature).out == "from a script\n"


def test_json_is_the_jobs_record(desk: Desk) -> None:
    (one,) = desk("submit", "--json", "--", "true").json
    assert one["state"] in ("QUEUED", "RUNNING")
    assert one["scheduler_id"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--"], "nothing to run"),
        (["--script", "nope.sh"], "nope.sh"),
        (["--script", "x", "--", "true"], "both a script and a command"),
        (["-m", "heer", "--", "true"], "no machine 'heer'"),
        (["--input", "missing", "--", "true"], "missing"),
        (["--input", "=x", "--", "true"], "names nothing"),
        (["--input", "a=here", "--input", "a=there", "--", "true"], "two inputs are called 'a'"),
        (["--output", "/etc/passwd", "--", "true"], "/etc/passwd"),
        (["--output", "../x", "--", "true"], "../x"),
        (["--resource", "memory", "--", "true"], "is not K=V"),
        (["--resource", "memory=lots", "--", "true"], "is not a size"),
        (["--resource", "memori=1GiB", "--", "true"], "memori"),
        (["--resource", "queue=long", "--", "true"], "cannot honour the resource 'queue'"),
        (["--resource", "memory=1", "--resource", "memory=2", "--", "true"], "given twice"),
        (["--env", "A", "--", "true"], "is not K=V"),
        (["--env", "1A=2", "--", "true"], "1A"),
        (["--accept-exit", "300", "--", "true"], "300"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_line_and_changes_nothing(desk: Desk, words: list[str], said: str) -> None:
    done = desk("submit", *words, status=2)
    assert done.out == ""
    assert said in done.err
    assert len(done.err.splitlines()) <= 2
    assert desk("list", "--json").json == []


def test_ctrl_c_while_waiting_leaves_the_job_and_ends_with_75(desk: Desk) -> None:
    mark = desk.here / "mark"
    process = desk.start("submit", "--wait", "--", f"while [ ! -e {mark} ]; do sleep 0.1; done")
    assert process.stdout is not None
    signature = process.stdout.readline().strip()
    eventually(lambda: desk.state(signature) == "RUNNING")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 75
    assert "the job goes on" in err
    mark.touch()
    desk("wait", signature)


def test_a_program_can_use_the_signature(desk: Desk) -> None:
    """As the help page shows it: one command's output is the next one's argument."""
    program = " ".join(desk.command("fetch"))
    script = f'{program} "$({" ".join(desk.command("submit", "--wait", "--output", "x"))} -- "echo 7 > x")" -o .'
    subprocess.run(
        ["sh", "-c", script], cwd=desk.here, env=desk.environment, check=True, timeout=60,
        capture_output=True,
    )  # fmt: skip
    assert (desk.here / "x").read_text() == "7\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--secret-env", "NOT_SET_ANYWHERE", "--", "true"],
        ["--resource", "nodes=2", "--", "true"],
        ["--resource", "queue=long", "--", "true"],
    ],
)
def test_what_can_never_be_handed_in_is_not_recorded(desk: Desk, words: list[str]) -> None:
    desk("submit", *words, status=2)
    assert desk("list", "--json").json == []


def test_a_job_that_cannot_be_handed_in_keeps_no_other_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("pause", "-m", "here")
    monkeypatch.setenv("TOKEN", "hidden")
    lacking = desk.submit("--secret-env", "TOKEN", "--", "echo lacking")
    other = desk.submit("--", "echo other")
    monkeypatch.delenv("TOKEN")
    desk("unpause", "-m", "here")
    desk("wait", other)
    (one,) = desk("show", lacking, "--json").json
    assert one["state"] == "NEW"
    assert "TOKEN is not set" in one["reason"]
    monkeypatch.setenv("TOKEN", "hidden")
    desk("wait", lacking)


def test_a_job_that_waits_is_asked_for_as_it_was_handed_in_last(desk: Desk) -> None:
    desk("pause", "-m", "here")
    signature = desk.submit("--resource", "walltime=1s", "--", "echo twice")
    assert desk.submit("--resource", "walltime=90s", "--", "echo twice") == signature
    (one,) = desk("show", signature, "--json").json
    assert one["resources"] == {"walltime": 90}
    assert one["job"]["resources"] == {"walltime": 90}


def test_streams_and_a_working_directory_are_options_and_logs_prints_them(desk: Desk) -> None:
    (desk.here / "words").write_text("hello\n")
    words = ("--input", "words", "--output", "o", "--stdin", "words", "--stdout", "o")
    done = desk("submit", *words, "--workdir", "sub", "--wait", "--", "cat; pwd")
    said = desk("logs", done.out.split()[0]).out.splitlines()
    assert said[0] == "hello"
    assert said[1].endswith("/work/sub")
