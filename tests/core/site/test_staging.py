"""Inputs on their way to a machine: each once, verified there, continued where it was cut."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sojourn.errors import SiteError
from sojourn.identity.archive import archive_digest
from sojourn.identity.digests import Digests, MemoryMemo
from sojourn.identity.trees import read_tree
from sojourn.site import staging
from sojourn.site.context import MachineContext
from sojourn.site.staging import LARGE, content_of, lacking
from sojourn.site.trip import Dialogue
from sojourn.site.ustar import END, member
from sojourn.transports.metering import Meter, MeteredTransport
from sojourn.values.messages import Blob
from tests.support.site import context
from tests.support.small_disk import fill, small_disk
from tests.support.waiting import eventually

WITHOUT = {
    "everything": (),
    "hard links": ("cp",),
    "dd that waits": ("dd iflag",),
}
"""Tools that fail on some machines; of `dd` only what it is asked for with that word."""


@pytest.fixture(params=WITHOUT)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> MachineContext:
    """A machine that has not everything."""
    folder = tmp_path / "failing"
    folder.mkdir()
    for tool in WITHOUT[request.param]:
        name, _, word = tool.partition(" ")
        test = f'case "$*" in *{word}*) exit 1 ;; esac'
        (folder / name).write_text(f'#!/bin/sh\n{test}\nPATH=/usr/bin:/bin exec {name} "$@"\n')
        (folder / name).chmod(0o755)
    return context(tmp_path / "root", path=[str(folder)])


def stage(said: Dialogue, where: MachineContext, blobs: list[Blob]) -> None:
    """Send those that are missing."""
    staging.stage(said, where, blobs, lacking(said, where, blobs))


@contextmanager
def dialogue(where: MachineContext) -> Iterator[Dialogue]:
    with where.trip(create=True) as opened:
        yield opened


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stored(where: MachineContext) -> dict[str, bytes]:
    """Every blob that is there, by its name."""
    blobs = Path(where.machine.root) / "blobs"
    found = [path for path in blobs.rglob("*") if path.is_file()]
    assert all(path.parent == blobs / path.name[:2] for path in found)
    assert {path.stat().st_mode & 0o777 for path in found} <= {0o444}
    return {path.name: path.read_bytes() for path in found}


def left(where: MachineContext) -> list[Path]:
    return list((Path(where.machine.root) / "incoming").iterdir())


def test_many_small_ones_come_once(where: MachineContext, tmp_path: Path) -> None:
    contents = [os.urandom(n * 7) for n in range(300)]
    blobs = [Blob(digest(one), len(one), one) for one in contents]
    for n, one in enumerate(contents[:50]):
        (tmp_path / f"{n}").write_bytes(one)
        blobs[n] = Blob(digest(one), len(one), tmp_path / f"{n}")
    where.transport = MeteredTransport(where.transport, meter := Meter())
    with dialogue(where) as said:
        stage(said, where, blobs[:100])
    with dialogue(where) as said:
        stage(said, where, blobs)
    assert stored(where) == {digest(one): one for one in contents}
    assert left(where) == []
    before = meter.snapshot().bytes_sent
    with dialogue(where) as said:
        stage(said, where, blobs)
    assert meter.snapshot().bytes_sent - before < 40_000, "they were sent again"


def test_one_that_another_has_brought_meanwhile_is_no_trouble(where: MachineContext) -> None:
    with dialogue(where) as said:
        stage(said, where, [Blob(digest(b"x"), 1, b"x")])
        data = b"".join(member(f"{digest(x)[:2]}/{digest(x)}", x, 0o600) for x in (b"x", b"y"))
        said.ask(f"blobs_small {len(data + END)}", data + END)
    assert stored(where) == {digest(x): x for x in (b"x", b"y")}


def test_bytes_that_do_not_fit_their_name_are_not_stored(where: MachineContext) -> None:
    good, other = digest(b"x"), digest(b"y")
    data = member(f"{good[:2]}/{good}", b"x", 0o600) + member(f"{other[:2]}/{other}", b"Y", 0o600)
    with dialogue(where) as said:
        said.load("stage")
        with pytest.raises(SiteError, match=f"{other} arrived damaged"):
            said.ask(f"blobs_small {len(data + END)}", data + END)
        assert said.run("echo still here").stdout == "still here\n"
    assert stored(where) == {}
    assert left(where) == []


@pytest.mark.parametrize("there", [0, 1, 5 << 20, 9 << 20])
def test_a_large_one_goes_on_where_it_was_cut(
    where: MachineContext, tmp_path: Path, there: int
) -> None:
    content = os.urandom(9 << 20)
    (tmp_path / "big").write_bytes(content)
    blob = Blob(digest(content), len(content), tmp_path / "big")
    where.transport = MeteredTransport(where.transport, meter := Meter())
    with dialogue(where) as said:
        stage(said, where, [Blob(digest(b"x"), 1, b"x")])
        (Path(where.machine.root) / "incoming" / f"tests-{blob.digest}.cut").write_bytes(
            content[:there]
        )
        before = meter.snapshot().bytes_sent
        stage(said, where, [blob])
    assert meter.snapshot().bytes_sent - before < len(content) - there + 1_000
    assert stored(where)[blob.digest] == content
    assert left(where) == []


def test_what_was_there_of_it_and_is_wrong_is_sent_again(
    where: MachineContext, tmp_path: Path
) -> None:
    content = os.urandom(LARGE + 1)
    (tmp_path / "big").write_bytes(content)
    blob = Blob(digest(content), len(content), tmp_path / "big")
    with dialogue(where) as said:
        (Path(where.machine.root) / "incoming" / f"tests-{blob.digest}.cut").write_bytes(b"wrong")
        stage(said, where, [blob])
    assert stored(where) == {blob.digest: content}


def test_what_writes_on_after_a_cut_it_has_not_noticed_changes_nothing(
    where: MachineContext, tmp_path: Path
) -> None:
    content = os.urandom(9 << 20)
    (tmp_path / "big").write_bytes(content)
    blob = Blob(digest(content), len(content), tmp_path / "big")
    with dialogue(where) as cut, dialogue(where) as said:
        cut.load("stage")
        cut.send(f"blob_large {len(content)} {blob.digest} tests 0")
        cut.send_bytes(content[: 5 << 20])
        eventually(lambda: any(file.stat().st_size > 1 << 20 for file in left(where)))
        stage(said, where, [blob])
        assert stored(where)[blob.digest] == content
        cut.send_bytes(content[5 << 20 :])
        assert cut.reply().get("stored") is not None
    assert stored(where) == {blob.digest: content}
    assert left(where) == []


@pytest.mark.parametrize("size", [10, LARGE + 10])
@pytest.mark.parametrize("change", [-5, 0, 5], ids=["shrunk", "changed", "grown"])
def test_a_file_that_is_not_what_was_signed(tmp_path: Path, size: int, change: int) -> None:
    where = context(tmp_path / "root")
    content = os.urandom(size)
    blob = Blob(digest(content), size, tmp_path / "input")
    (tmp_path / "input").write_bytes(os.urandom(size + change))
    with (
        dialogue(where) as said,
        pytest.raises(SiteError, match="did not arrive with the digest"),
    ):
        stage(said, where, [blob])
    assert stored(where) == {}


def test_of_a_file_that_has_grown_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(bytes(5 << 20))
    blob = Blob("", 10, tmp_path / "input")
    assert b"".join(content_of(blob)) == bytes(11)
    assert b"".join(content_of(blob, 4)) == bytes(7)


def test_a_directory_is_one_blob(where: MachineContext, tmp_path: Path) -> None:
    top = tmp_path / "many"
    top.mkdir()
    for n in range(500):
        (top / f"{n}").write_bytes(os.urandom(n * 40))
    memo = MemoryMemo()
    made, size = archive_digest(top, read_tree(top, Digests(memo), "d").digest, memo)
    with dialogue(where) as said:
        stage(said, where, [Blob(made, size, top, tree=True)])
    (content,) = stored(where).values()
    assert (digest(content), len(content)) == (made, size)


@pytest.mark.root
@pytest.mark.parametrize("number", [1, 40], ids=["one large", "many small"])
def test_a_full_disk_is_said_and_nothing_is_stored(tmp_path: Path, number: int) -> None:
    with small_disk(tmp_path / "disk") as disk:
        where = context(disk / "root")
        with dialogue(where) as said:
            stage(said, where, [Blob(digest(b"x"), 1, b"x")])
        fill(disk, leave=1 << 20)
        contents = [os.urandom((12 << 20) // number) for _ in range(number)]
        blobs = [Blob(digest(one), len(one), one) for one in contents]
        with dialogue(where) as said:
            assert lacking(said, where, blobs).room <= 1 << 20
        unknowing = folder_with(tmp_path / "bin", "df", "exit 1")
        where = context(disk / "root", path=[str(unknowing)])
        with dialogue(where) as said:
            assert lacking(said, where, blobs).room == float("inf")
        with dialogue(where) as said, pytest.raises(SiteError, match="No space left"):
            stage(said, where, blobs)
        assert list(stored(where)) == [digest(b"x")]
        assert not list((disk / "root" / "incoming").iterdir())


def folder_with(folder: Path, name: str, body: str) -> Path:
    """A directory with one command."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    return folder
