"""`fetch`: whole results, partial ones, and what stayed on the machine."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk


@pytest.fixture
def result(desk: Desk) -> str:
    """A job with a file, a program, a directory with a link, and outputs that stay."""
    return desk.finished(
        "--name", "my fit/1", "--output", "x", "--output", "out", "--output", "tool",
        "--remote-output", "big/*",
        "--",
        "echo 1 > x; mkdir -p out/deep big; echo 2 > out/deep/y; ln -s deep/y out/link; "
        "echo 3 > big/a.h5; echo 4 > big/b.h5; echo hi > tool; chmod +x tool",
    )  # fmt: skip


def _root(desk: Desk) -> Path:
    return desk.folder.parent / "root"


def test_the_path_of_the_result_is_printed(desk: Desk, result: str) -> None:
    place = Path(desk("fetch", result[:8]).out.strip())
    assert (place / "x").read_text() == "1\n"
    assert not (place / "x").stat().st_mode & stat.S_IWUSR


def test_a_result_that_is_here_contacts_nobody(desk: Desk, result: str) -> None:
    first = desk("fetch", result).out
    shutil.rmtree(_root(desk))
    assert desk("fetch", result).out == first


def test_files_are_copied_into_a_directory(desk: Desk, result: str) -> None:
    desk("fetch", result, "-o", "there/deep")
    place = desk.here / "there" / "deep"
    assert (place / "x").read_text() == "1\n"
    assert (place / "out" / "link").is_symlink()
    assert (place / "out" / "link").read_text() == "2\n"
    (place / "x").write_text("mine now\n")
    desk("fetch", result, "-o", "there/deep")
    assert (place / "x").read_text() == "1\n"
    assert sorted(path.name for path in place.iterdir()) == ["out", "tool", "x"]


def test_several_jobs_get_a_directory_each(desk: Desk, result: str) -> None:
    other = desk.finished("--output", "x", "--", "echo 9 > x")
    desk("fetch", "--machine", "here", "-o", "all")
    names = sorted(path.name for path in (desk.here / "all").iterdir())
    assert names == sorted(["my_fit_1", other[:8]])


def test_json_names_files_and_digests(desk: Desk, result: str) -> None:
    (one,) = desk("fetch", result, "--json").json
    files = {file["name"]: file for file in one["files"]}
    assert files["x"]["size"] == 2
    assert len(files["x"]["sha256"]) == 64
    assert files["out/link"]["kind"] == "l"
    assert one["remote"] == {"big/a.h5": 2, "big/b.h5": 2}


def test_what_stayed_is_brought_when_asked_for(desk: Desk, result: str) -> None:
    (one,) = desk("fetch", result, "--remote", "big/a*", "--json").json
    assert [file["name"] for file in one["files"] if file["name"].startswith("big/a")] == [
        "big/a.h5"
    ]
    assert one["remote"] == {"big/b.h5": 2}
    desk("fetch", result, "--remote", "big/*.h5", "-o", "o")
    assert (desk.here / "o" / "big" / "b.h5").read_text() == "4\n"
    shutil.rmtree(_root(desk))
    desk("fetch", result, "--remote", "big/*")  # all of it is here by now
    done = desk("fetch", result, "--remote", "nothing*", status=2)
    assert "nothing*" in done.err


def test_a_job_that_has_not_ended_is_75(desk: Desk) -> None:
    signature = desk.running("--output", "x", "--", "echo 1 > x; sleep 60")
    done = desk("fetch", signature, status=75)
    assert done.out == ""
    assert "there is no result yet" in done.err
    assert "--partial" in done.err


def test_a_failed_job_is_1_and_says_why(desk: Desk) -> None:
    signature = desk.finished("--output", "x", "--", "echo bad >&2; false")
    done = desk("fetch", signature, status=1)
    assert "exit status 1" in done.err
    assert "  | bad" in done.err


def test_partial_files_never_go_into_the_cache(desk: Desk) -> None:
    signature = desk.finished("--output", "x", "--", "echo 1 > x; mkdir d; echo 2 > d/more; false")
    done = desk("fetch", signature, "--partial")
    place = desk.here / done.out.strip()
    assert (place / "x").read_text() == "1\n"
    assert not (place / "d").exists()
    desk("fetch", signature, "--partial", "--only", "d", "-o", "p")
    assert (desk.here / "p" / "d" / "more").read_text() == "2\n"
    assert not list((desk.home / "results").glob("??/*"))
    assert desk("fetch", signature, status=1).out == ""


def test_partial_files_of_a_running_job(desk: Desk) -> None:
    signature = desk.running("--", "echo so far > log; sleep 60")
    done = desk("fetch", signature, "--partial", "-o", "p")
    assert done.out == "p\n"
    assert (desk.here / "p" / "log").read_text() == "so far\n"
    assert "nothing yet that matches" in desk("fetch", signature, "--partial", "--only", "zz").err


def test_one_jobs_trouble_does_not_keep_the_others(desk: Desk, result: str) -> None:
    bad = desk.finished("--", "exit 9")
    done = desk("fetch", result, bad, status=1)
    assert len(done.out.splitlines()) == 1
    assert "exit status 9" in done.err


def test_a_damaged_result_is_fetched_again_with_a_word(desk: Desk, result: str) -> None:
    place = Path(desk("fetch", result).out.strip())
    place.chmod(0o700)
    (place / "x").chmod(0o600)
    (place / "x").write_text("forged!\n")
    done = desk("fetch", result)
    assert "damaged" in done.err
    assert (Path(done.out.strip()) / "x").read_text() == "1\n"


def test_a_newer_attempt_is_what_is_fetched(desk: Desk) -> None:
    counter = desk.here / "count"
    signature = desk.finished("--output", "x", "--", f"echo >> {counter}; wc -l < {counter} > x")
    first = Path(desk("fetch", signature).out.strip())
    assert (first / "x").read_text().strip() == "1"
    desk("retry", signature)
    desk("wait", signature)
    second = Path(desk("fetch", signature).out.strip())
    assert (second / "x").read_text().strip() == "2"


@pytest.mark.parametrize(
    "words", [["--only", "x"], ["--partial", "--remote", "x"], []], ids=["only", "both", "nothing"]
)
def test_bad_usage(desk: Desk, words: list[str]) -> None:
    named = ["abcd"] if words else []
    assert desk("fetch", *named, *words, status=2).out == ""


def test_a_directory_that_cannot_be_written_is_said(desk: Desk, result: str) -> None:
    desk.file("taken", "a file")
    done = desk("fetch", result, "-o", "taken", status=2)
    assert "taken" in done.err
    assert len(done.err.splitlines()) == 2


def test_a_program_that_a_job_has_built_can_be_run_here(desk: Desk) -> None:
    small = "printf '#!/bin/sh\\necho built\\n' > small; chmod 700 small; : > plain"
    large = "cp small large; head -c 5000000 /dev/zero >> large"
    outputs = ["--output", "small", "--output", "large", "--output", "plain"]
    signature = desk.finished(*outputs, "--", f"{small}; {large}")
    (result,) = desk("fetch", signature, "--json").json
    desk("fetch", signature, "-o", "out")
    for folder in (Path(result["path"]), desk.here / "out"):
        done = subprocess.run([folder / "small"], capture_output=True, text=True, check=True)
        assert done.stdout == "built\n"
        assert (folder / "large").stat().st_mode & 0o100
        assert not (folder / "plain").stat().st_mode & 0o111


DEEP = (
    "mkdir -p deep/er; ln -s ../.. deep/er/l",
    "mkdir -p deep/er/l/m; ln -s ../../../.. deep/er/l/m/n",
    "mkdir -p deep/er/l/m/n; echo pwned > deep/er/l/m/n/EVIL",
)
"""Results of which each is sound by itself; written over one another they led out."""


def test_results_in_one_directory_do_not_lead_out_of_it(desk: Desk) -> None:
    jobs = [desk.finished("--output", "deep", "--", command) for command in DEEP]
    desk("fetch", jobs[0], "-o", "out/here/there")
    for job in jobs[1:]:
        done = desk("fetch", job, "-o", "out/here/there", status=2)
        assert "deep/er/l: it is a symbolic link" in done.err
    done = desk("fetch", jobs[2], "--partial", "-o", "out/here/there", status=1)
    assert "deep/er/l: it is a symbolic link" in done.err
    assert not list(desk.here.rglob("EVIL"))


@pytest.mark.parametrize("partial", [False, True])
def test_a_link_in_the_target_is_not_followed(desk: Desk, result: str, partial: bool) -> None:
    more = ("--partial",) if partial else ()
    outside = desk.here / "outside"
    outside.mkdir()
    (desk.here / "o").mkdir()
    (desk.here / "o" / "out").symlink_to(outside)
    done = desk("fetch", result, "-o", "o", *more, status=1 if partial else 2)
    assert "symbolic link" in done.err
    assert list(outside.iterdir()) == []


def test_a_target_that_is_ones_own_link_is_used(desk: Desk, result: str) -> None:
    (desk.here / "real").mkdir()
    (desk.here / "o").symlink_to("real")
    for more in ([], ["--partial"]):
        desk("fetch", result, "-o", "o", *more)
        (desk.here / "real" / "x").unlink()


def test_the_directory_of_partial_files_is_no_link(desk: Desk, result: str) -> None:
    outside = desk.here / "outside"
    outside.mkdir()
    (desk.here / f"{result[:8]}-partial").symlink_to(outside)
    assert "symbolic link" in desk("fetch", result, "--partial", status=2).err
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("more", [[], ["--partial"]])
def test_a_directory_of_a_template_is_no_link(desk: Desk, result: str, more: list[str]) -> None:
    outside = desk.here / "outside"
    outside.mkdir()
    (desk.here / "o").mkdir()
    (desk.here / "o" / "here").symlink_to(outside)
    done = desk("fetch", result, "-o", "o/{machine}/{name}", *more, status=2)
    assert "o/here: it is a symbolic link" in done.err
    assert list(outside.iterdir()) == []
