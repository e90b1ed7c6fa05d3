"""Files on their way from a machine: in one stream, each verified, whatever stands in its way."""

import hashlib
import os
import secrets
import subprocess
from pathlib import Path

import pytest

from sojourn.site import layout
from sojourn.site.context import MachineContext
from sojourn.site.fetching import LARGE, fetch
from sojourn.values.messages import FetchAnswer, FetchRequest
from tests.support.site import context

SIGNATURE = secrets.token_hex(32)
NASTY = ("with space", 'quote\'d "name"', "new\nline", "-dash", "näme", "$HOME `id`", "back\\slash")


@pytest.fixture
def where(tmp_path: Path) -> MachineContext:
    """A machine with one job that has ended, and has left nothing yet."""
    where = context(tmp_path / "root")
    with where.trip(create=True):
        pass
    work(where).mkdir(parents=True)
    attempt = work(where).parent
    (attempt.parent / "job.json").write_text("{}")
    for log in ("stdout", "stderr"):
        (attempt / log).write_text(f"{log} of it\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "logs").mkdir()
    return where


def work(where: MachineContext) -> Path:
    return Path(where.machine.root) / "jobs" / layout.attempt(SIGNATURE, 1) / "work"


def listed(where: MachineContext, *more: bytes) -> None:
    """Write the list of outputs as job.sh does, and entries of somebody who is up to no good."""
    find = "find . -mindepth 1 -type d -printf 'd 0 %P\\0' , -type f -printf 'f %s %P\\0'"
    made = subprocess.run(find, shell=True, cwd=work(where), capture_output=True, check=True).stdout
    head = b"sojourn-exit 1\nverdict ok\nstatus 0\nstarted 1\nfinished 2\nrun x\ndetail \nfiles\n"
    (work(where).parent / "exit").write_bytes(head + made + b"".join(more))


def brought(where: MachineContext, tmp_path: Path, **words: object) -> FetchAnswer:
    request = FetchRequest(SIGNATURE, 1, tmp_path / "here", tmp_path / "logs", **words)  # type: ignore[arg-type]
    with where.trip() as dialogue:
        (answer,) = fetch(dialogue, where, [request])
    return answer


def contents(top: Path) -> dict[str, bytes]:
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def test_many_files_come_as_they_are(where: MachineContext, tmp_path: Path) -> None:
    for n in range(400):
        place = work(where) / f"d{n % 7}" / "deep"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n}").write_bytes(os.urandom(n * 11))
    for name in NASTY:
        (work(where) / name).write_text(name)
    (work(where) / "run").write_text("#!/bin/sh\n")
    (work(where) / "run").chmod(0o755)
    (work(where) / "empty directory").mkdir()
    (work(where) / "big").write_bytes(os.urandom(LARGE + 1))
    listed(where)
    answer = brought(where, tmp_path)
    assert answer.error == ""
    there = contents(work(where))
    assert contents(tmp_path / "here") == there
    assert dict(answer.digests) == {n: hashlib.sha256(c).hexdigest() for n, c in there.items()}
    assert (tmp_path / "here" / "empty directory").is_dir()
    assert (tmp_path / "here" / "run").stat().st_mode & 0o100
    assert not (tmp_path / "here" / "-dash").stat().st_mode & 0o100
    assert contents(tmp_path / "logs") == {n: f"{n} of it\n".encode() for n in ("stdout", "stderr")}


def test_two_names_of_one_file_are_two_files_here(where: MachineContext, tmp_path: Path) -> None:
    (work(where) / "a").write_bytes(b"same")
    (work(where) / "a").chmod(0o755)
    for name in ("b", "c"):
        (work(where) / name).hardlink_to(work(where) / "a")
    listed(where)
    answer = brought(where, tmp_path)
    assert answer.error == ""
    here = tmp_path / "here"
    assert contents(here) == dict.fromkeys("abc", b"same")
    assert len({(here / name).stat().st_ino for name in "abc"}) == 3
    assert all((here / name).stat().st_mode & 0o100 for name in "abc")
    assert answer.digests == dict.fromkeys("abc", hashlib.sha256(b"same").hexdigest())


def test_what_an_interrupted_fetch_has_left_is_replaced(
    where: MachineContext, tmp_path: Path
) -> None:
    (work(where) / "a").write_bytes(b"whole")
    (work(where) / "b").write_bytes(b"whole")
    listed(where)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / "here" / "a").write_bytes(b"half and longer")
    (tmp_path / "here" / "b").symlink_to(outside)
    assert brought(where, tmp_path).error == ""
    assert contents(tmp_path / "here") == {"a": b"whole", "b": b"whole"}
    assert not (tmp_path / "here" / "b").is_symlink()
    assert outside.read_text() == "mine", "it was written through a link"


@pytest.mark.parametrize(
    "entry",
    [
        b"f 1 ../evil\0",
        b"f 1 /evil\0",
        b"f 1 a/../../evil\0",
        b"f 1 ./evil\0",
        b"f 1 a//evil\0",
        b"f 1 \0",
        b"d 0 ..\0",
        b"l 0 link\0.\0f 1 link/evil\0",
        b"l 0 d/link/\0.\0f 1 d/link/evil\0",
    ],
)
def test_a_name_that_may_lead_out_brings_nothing(
    where: MachineContext, tmp_path: Path, entry: bytes
) -> None:
    (work(where) / "good").write_bytes(b"x")
    listed(where, entry)
    answer = brought(where, tmp_path)
    assert "evil" in answer.error or "may lead out" in answer.error
    assert contents(tmp_path / "here") == {}


def test_a_file_that_cannot_be_read_is_named_and_the_others_come(
    where: MachineContext, tmp_path: Path
) -> None:
    for name in "abc":
        (work(where) / name).write_bytes(name.encode())
    listed(where)
    (work(where) / "b").unlink()
    answer = brought(where, tmp_path)
    assert answer.error == "'b' is not on the machine any more, or cannot be read there"
    assert contents(tmp_path / "here") == {"a": b"a", "c": b"c"}
    partial = brought(where, tmp_path, partial=("*",))
    assert partial.error == ""
    assert set(partial.digests) == {"a", "c"}


def test_nothing_is_written_through_a_link_that_an_earlier_list_has_left(
    where: MachineContext, tmp_path: Path
) -> None:
    listed(where, b"d 0 a\0", b"l 0 x\0a\0")
    assert brought(where, tmp_path).error == ""
    (work(where) / "x").mkdir()
    (work(where) / "x" / "f").write_bytes(b"somewhere else")
    listed(where)
    assert "is a symbolic link" in brought(where, tmp_path).error
    assert contents(tmp_path / "here") == {}


@pytest.mark.parametrize("entries", [b"f 1 a\0f 1 a/b\0", b"f 1 a/b\0f 1 a\0", b"f 1 a\0d 0 a\0"])
def test_a_name_that_is_two_things_is_the_machines_fault(
    where: MachineContext, tmp_path: Path, entries: bytes
) -> None:
    listed(where, entries)
    assert "'a'" in brought(where, tmp_path).error
    assert contents(tmp_path / "here") == {}


def test_a_directory_in_the_place_of_a_file_keeps_only_that_job(
    where: MachineContext, tmp_path: Path
) -> None:
    for name in "ab":
        (work(where) / name).write_bytes(name.encode())
    (work(where) / "big").write_bytes(os.urandom(LARGE + 1))
    listed(where)
    for name in ("a", "big"):
        (tmp_path / "here" / name).mkdir()
    answer = brought(where, tmp_path)
    assert "here/a: a directory is in its place" in answer.error
    assert (tmp_path / "here" / "b").read_bytes() == b"b"
