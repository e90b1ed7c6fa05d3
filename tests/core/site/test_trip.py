"""Trips: dialogues that nothing on the way can confuse."""

import random
import subprocess
from pathlib import Path

import pytest

from sojourn.errors import SiteError
from sojourn.site.trip import Place, _program_text, program, trip
from sojourn.transports.base import Channel
from sojourn.transports.local import LocalTransport
from tests.support.site import context, order, run_one
from tests.support.small_disk import fill, small_disk


class Through:
    """The local transport behind a login shell's noise, or another shell."""

    def __init__(self, wrap: str) -> None:
        self._wrap = wrap
        self._inner = LocalTransport()

    def open(self, command: str) -> Channel:
        return self._inner.open(self._wrap.replace("COMMAND", command))


@pytest.mark.parametrize(
    "name", ["prelude", "stage", "submit", "evidence", "fetch", "logs", "look"]
)
def test_every_program_is_a_whole_piece_of_shell(name: str) -> None:
    subprocess.run(["sh", "-n"], input=program(name).encode(), check=True)


def test_hello_tells_where_it_is(tmp_path: Path) -> None:
    with trip(LocalTransport(), Place("m", str(tmp_path / "r")), create=True) as dialogue:
        first = dialogue.hello
    with trip(LocalTransport(), Place("m", str(tmp_path / "r"))) as dialogue:
        again = dialogue.hello
    assert first.root == again.root == str(tmp_path / "r")
    assert first.root_id == again.root_id != ""
    assert again.writable


def test_a_root_that_is_not_there_is_said_not_made(tmp_path: Path) -> None:
    with trip(LocalTransport(), Place("m", str(tmp_path / "r"))) as dialogue:
        assert not dialogue.hello.there
    assert not (tmp_path / "r").exists()


def test_home_stands_for_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with trip(LocalTransport(), Place("m", "~/a root"), create=True) as dialogue:
        assert dialogue.hello.root == f"{tmp_path}/a root"


def test_what_a_command_leaves_behind_does_not_keep_the_channel_open(tmp_path: Path) -> None:
    """qsub leaves a process for a minute, for the next qsub; ssh would wait for its end."""
    with trip(LocalTransport(), Place("m", str(tmp_path)), create=True) as dialogue:
        said = dialogue.run("(: >&3) 2>/dev/null && echo open || echo shut")
    assert said.stdout == "shut\n"
    where = context(tmp_path / "root")
    seen = run_one(where, order(1, "(: >&3) 2>/dev/null && exit 9; exit 8"))
    assert seen.exit is not None
    assert seen.exit.status == 8


def test_banners_and_noise_do_not_matter(tmp_path: Path) -> None:
    noisy = Through("echo '@deadbeef hello 0 3'; printf 'Welcome\\n\\0\\377 no newline'; COMMAND")
    with trip(noisy, Place("m", str(tmp_path)), create=True) as dialogue:
        result = dialogue.run("printf 'out\\n'; printf err >&2; exit 3")
    assert (result.status, result.stdout, result.stderr) == (3, "out\n", "err")


def test_commands_do_not_eat_what_the_client_sends(tmp_path: Path) -> None:
    with trip(LocalTransport(), Place("m", str(tmp_path)), create=True) as dialogue:
        assert dialogue.run("cat").stdout == ""
        assert dialogue.run("echo still here").stdout == "still here\n"


def test_a_shell_that_refuses_is_no_lost_connection(tmp_path: Path) -> None:
    refusing = Through("echo This account is not available. >&2; exit 1 # COMMAND")
    with pytest.raises(SiteError, match="not available"), trip(refusing, Place("m", str(tmp_path))):
        pass


def test_output_that_is_not_text_survives(tmp_path: Path) -> None:
    with trip(LocalTransport(), Place("m", str(tmp_path)), create=True) as dialogue:
        reply = dialogue.ask("printf '\\000\\377x' >$sj_tmp/f; show raw 0 $sj_tmp/f")
    frame = reply.get("raw")
    assert frame is not None
    assert frame.data == b"\0\xffx"


@pytest.mark.parametrize("seed", range(8))
def test_a_program_cut_anywhere_does_nothing(tmp_path: Path, seed: int) -> None:
    """A part of the first program, then the end: nothing of it runs, no root is made."""
    beginning, rest = _program_text(Place("m", str(tmp_path / "r")), "0" * 16, create=True)
    command = f"exec sh -c 'eval \"$(dd bs=1 count={len(beginning)} 2>/dev/null)\"'"
    text = beginning + rest
    cut = random.Random(seed).randrange(1, len(text) - 1)
    done = subprocess.run(["sh", "-c", command], input=text[:cut], capture_output=True, check=False)
    assert done.stdout == b""
    assert not (tmp_path / "r").exists()


def with_ln(folder: Path, script: str) -> Place:
    """A place whose root is on a file system with an `ln` of its own."""
    (folder / "bin").mkdir()
    (folder / "bin" / "ln").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / "ln").chmod(0o755)
    return Place("m", str(folder / "root"), path=(str(folder / "bin"),))


def test_hard_links_only_within_a_directory_are_enough(tmp_path: Path) -> None:
    """As on BeeGFS until version 7."""
    refusal = "echo ln: Invalid cross-device link >&2; exit 1"
    script = f'[ "${{1%/*}}" = "${{2%/*}}" ] || {{ {refusal}; }}; exec /bin/ln "$@"'
    with trip(LocalTransport(), with_ln(tmp_path, script), create=True) as dialogue:
        assert dialogue.hello.root_id
    assert [path.name for path in tmp_path.glob("root/version*")] == ["version"]


def test_why_a_root_cannot_be_made_is_said(tmp_path: Path) -> None:
    place = with_ln(tmp_path, "echo ln: Operation not supported here >&2; exit 1")
    with (
        pytest.raises(SiteError, match="Operation not supported here"),
        trip(LocalTransport(), place, create=True),
    ):
        pass


@pytest.mark.root
def test_a_root_on_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", inodes=2) as disk:
        fill(disk)
        with (
            pytest.raises(SiteError, match="No space left"),
            trip(LocalTransport(), Place("m", str(disk / "r")), create=True),
        ):
            pass
