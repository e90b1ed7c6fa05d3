"""The exit file's reader: whole files are read, anything else is refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.script.exitfile import MAGIC, BadExitFile, read_exit

HEAD = MAGIC + b"verdict ok\nstatus 0\nstarted 10\nfinished 12\nrun h.1.10\ndetail \nfiles\n"


def test_a_whole_file() -> None:
    listing = b"f 3 a\nb\0fR 4 big/x\0d 0 dir\0l 0 dir/l\0../x\0m no.*\0"
    report = read_exit(HEAD + listing)
    assert report.ok
    assert [(f.name, f.kind, f.size, f.remote, f.target) for f in report.files] == [
        ("a\nb", "f", 3, False, ""),
        ("big/x", "f", 4, True, ""),
        ("dir", "d", 0, False, ""),
        ("dir/l", "l", 0, False, "../x"),
    ]
    assert report.missing == ("no.*",)
    assert report.run == "h.1.10"


def test_a_detail_cannot_pass_for_the_verdict() -> None:
    text = HEAD.replace(b"verdict ok", b"verdict setup").replace(b"detail ", b"detail verdict ok")
    assert not read_exit(text).ok


@pytest.mark.parametrize("cut", range(0, len(HEAD), 7))
def test_a_cut_file_is_refused(cut: int) -> None:
    with pytest.raises(BadExitFile):
        read_exit((HEAD + b"f 1 a\0")[:cut])


def test_a_cut_listing_is_refused() -> None:
    with pytest.raises(BadExitFile, match="cut off"):
        read_exit(HEAD + b"f 1 a")


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(data: bytes) -> None:
    for text in (data, MAGIC + data, HEAD + data):
        with suppress(BadExitFile):
            read_exit(text)
