"""Archives of every kind of tar, read off a stream that is not believed."""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import ConnectionLost
from sojourn.site.frames import Reader
from sojourn.site.untar import Damaged, members

LONG = "long/" + "x" * 180 + "/" + "é" * 60
FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


class Trickle:
    """A channel that gives some bytes at a time."""

    def __init__(self, data: bytes, at_once: int = 700) -> None:
        self._file = io.BytesIO(data)
        self._at_once = at_once

    def receive(self, size: int) -> bytes:
        return self._file.read(min(size, self._at_once))


def reader(data: bytes, at_once: int = 700) -> Reader:
    return Reader(Trickle(data, at_once), "here")  # type: ignore[arg-type]


def unpacked(data: bytes, at_once: int = 700) -> tuple[dict[bytes, tuple[bytes, int]], bytes]:
    """Name -> content (or ->LINK) and mode of all that is in an archive; what follows it."""
    stream = reader(data + b"@next\n", at_once)
    found = {}
    for one in members(stream, 1000):
        content = b"->" + one.link if one.link else stream.exactly(one.size)
        found[one.name] = (content, one.mode)
    stream.skip_zeros()
    return found, stream.line()


def packed(files: Mapping[str, bytes], kind: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o640
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@given(
    st.dictionaries(
        st.text("ab/.\n é", min_size=1, max_size=150).filter(lambda name: name.strip("/") == name),
        st.binary(max_size=1100),
        max_size=5,
    ),
    st.sampled_from([*FORMATS.values()]),
    st.integers(1, 3000),
)
def test_what_went_in_comes_out(files: dict[str, bytes], kind: int, at_once: int) -> None:
    found, after = unpacked(packed(files, kind), at_once)
    assert found == {name.encode(): (content, 0o640) for name, content in files.items()}
    assert after == b"@next"


@pytest.mark.parametrize("program", ["tar", "bsdtar", "busybox tar"])
@pytest.mark.parametrize("form", ["", "--format=gnu", "--format=ustar", "--format=posix"])
def test_what_programs_make(tmp_path: Path, program: str, form: str) -> None:
    words = program.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    if form and words[0] != "tar":
        pytest.skip("only GNU's takes that option")
    names = ["a", "sub/new\nline", "sub/-x", *([] if "ustar" in form else [LONG])]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(os.urandom(1234))
    (tmp_path / "a").chmod(0o755)
    (tmp_path / "to a").hardlink_to(tmp_path / "a")
    (tmp_path / "symbolic").symlink_to("a")
    (tmp_path / "nothing").touch()
    every = ["a", "to a", "sub", "symbolic", "nothing", *([] if "ustar" in form else ["long"])]
    command = [*words, "-c", *([form] if form else []), "-f", "-", *every]
    data = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    found, after = unpacked(data)
    assert after == b"@next"
    assert found.pop(b"to a")[0] == b"->a"
    assert found.pop(b"nothing")[0] == b""
    assert {name: content for name, (content, _) in found.items()} == {
        name.encode(): (tmp_path / name).read_bytes() for name in names
    }
    assert found[b"a"][1] & 0o777 == 0o755


@pytest.mark.parametrize("kind", [*FORMATS.values()], ids=[*FORMATS])
def test_sizes_beyond_octal_digits(kind: int) -> None:
    info = tarfile.TarInfo("huge")
    info.size = 20 << 30
    head = info.tobuf(kind)  # type: ignore[arg-type]
    assert next(members(reader(head + bytes(512)), 9)).size == 20 << 30


def test_a_stream_that_is_no_archive_or_is_off_its_place() -> None:
    good = packed({"a": b"x", "b": b"y"}, tarfile.GNU_FORMAT)
    for wrong in (b"sh: no tar\n".ljust(600), good[1:], good[:512] + good[520:]):
        with pytest.raises(Damaged):
            unpacked(wrong)
    broken = bytearray(good)
    broken[124:135] = b"not a size!"
    with pytest.raises(Damaged, match="no number"):
        unpacked(bytes(broken))
    with pytest.raises(ConnectionLost):
        unpacked(good[:700])


def test_a_name_without_end_is_not_read() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = b"L", 1 << 40
    with pytest.raises(Damaged, match="bytes"):
        next(members(reader(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)), 9))


@pytest.mark.parametrize("record", [b"0 a=b\n", b"x", b"-5 a=b\n", b"99 a\n", b"6 a=bc"])
def test_extended_headers_that_cannot_be_read(record: bytes) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = b"x", len(record)
    data = info.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")
    with pytest.raises(Damaged):
        next(members(reader(data + bytes(1024)), 9))


@given(st.binary(max_size=3000))
def test_no_bytes_do_more_than_to_be_refused(data: bytes) -> None:
    for start in (b"", packed({"a": b"x"}, tarfile.GNU_FORMAT)[:512]):
        try:
            unpacked(start + data)
        except (Damaged, ConnectionLost):
            continue
