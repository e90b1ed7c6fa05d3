"""Values of secrets on a machine whose root a group shares: a second user reads all that it can, in
a loop, while jobs with secrets are submitted, run and killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sojourn.site.context import MachineContext
from sojourn.site.evidence import close
from sojourn.site.handin import hand_in
from sojourn.site.submission import Submission
from tests.support.ordinary_user import UID
from tests.support.site import OnTheSpot, context, order, run_one
from tests.support.waiting import eventually

pytestmark = pytest.mark.root

SECRET = "correct-horse-battery-staple"
SHARED = "what-the-group-may-read"
GROUP = "nogroup"

_READER = """
import os, select, sys
top, secret, shared = sys.argv[1:]
rounds = read = 0
print("reading", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    rounds += 1
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK)
                data = os.read(descriptor, 1 << 20)
                os.close(descriptor)
            except OSError:
                continue
            if secret.encode() in data:
                print("SECRET in", os.path.join(folder, name), flush=True)
            read += shared.encode() in data
print("rounds", rounds, "shared", read)
"""


@contextmanager
def second_user(top: Path) -> Iterator[list[str]]:
    """Reads everything below `top` until the block ends; what it then has to say."""
    said: list[str] = []
    reader = subprocess.Popen(
        ["/usr/bin/env", "python3", "-c", _READER, str(top), SECRET, SHARED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        user=UID,
        group=UID,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin"},
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        yield said
    finally:
        out, _ = reader.communicate("\n", timeout=30)
        said += out.splitlines()


@pytest.fixture
def top(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that everybody can reach, with a root and a directory for what is temporary."""
    if not Path("/usr/bin/python3").exists():
        pytest.skip("a second user needs a python3 that it can reach")
    made = Path(tempfile.mkdtemp(prefix="sojourn-shared-", dir="/tmp"))
    os.chown(made, -1, UID)
    made.chmod(0o2755)  # what is made below belongs to the group by itself
    (made / "tmp").mkdir()
    (made / "tmp").chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(made / "tmp"))
    yield made
    shutil.rmtree(made)


def holding(folder: Path) -> list[str]:
    """Files that hold the secret."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


def slow_tar(top: Path) -> str:
    """A directory with a `tar` that unpacks in no hurry, and says when it has begun."""
    (top / "bin").mkdir(exist_ok=True)
    tar = top / "bin" / "tar"
    tar.write_text(
        f'#!/bin/sh\nsleep 0.3\n/bin/tar "$@"; r=$?\necho $$ >>{top}/unpacked\nsleep 0.3\nexit $r\n'
    )
    tar.chmod(0o755)
    return str(top / "bin")


def with_secret(number: int, command: str = "true", **words: object):  # type: ignore[no-untyped-def]
    return order(number, f"{command} # {SHARED}", secret_env={"TOKEN": SECRET}, **words)


def submitted(where: MachineContext, number: int) -> None:
    run_one(where, with_secret(number, '[ "$TOKEN" ] || exit 7'))


def test_nobody_else_ever_reads_one(top: Path) -> None:
    slow = context(top / "root", group=GROUP, path=[slow_tar(top)])
    with second_user(top) as said:
        for number in (1, 2):
            submitted(slow, number)
        killed(top, 3)
        submitted(context(top / "root", group=GROUP), 4)
    assert [line for line in said if "SECRET" in line] == []
    *_, rounds, _, shared = said[-1].split()
    assert int(rounds) > 3
    assert int(shared) > 0, "it could read nothing at all"


def killed(top: Path, number: int) -> None:
    """A trip whose two sides are killed while it unpacks."""
    program = f"""
from tests.core.site.test_secrets import *
submitted(context({str(top / "root")!r}, group=GROUP, path=[slow_tar(Path({str(top)!r}))]), {number})
"""
    (top / "unpacked").unlink(missing_ok=True)
    client = subprocess.Popen([sys.executable, "-c", program])
    eventually((top / "unpacked").exists, timeout=30)
    pid = int((top / "unpacked").read_text().split()[0])
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    client.kill()
    client.wait()


def test_what_a_killed_trip_leaves_goes_with_the_next(top: Path) -> None:
    where = context(top / "root", group=GROUP)
    with where.trip(create=True):
        pass
    killed(top, 1)
    left = [path.name for path in (top / "tmp").iterdir() if path.name.startswith("sojourn-")]
    assert left, "nothing was left behind, so that this shows nothing"
    with where.trip():
        pass
    assert not [name for name in left if (top / "tmp" / name).exists()]
    assert not list((top / "root" / "incoming").iterdir())
    assert [p for p in holding(top) if not p.endswith(".secret")] == []


def test_a_trip_that_goes_on_is_left_alone(top: Path) -> None:
    where = context(top / "root")
    with where.trip(create=True) as dialogue:
        with where.trip():
            pass
        assert dialogue.run("echo still here").stdout == "still here\n"


def test_another_user_s_link_is_not_followed(top: Path) -> None:
    (top / "mine").mkdir()
    (top / "mine" / "of").write_text(f"999999999 {os.uname().nodename}\n")
    (top / "tmp" / "sojourn-0123456789abcdef").symlink_to(top / "mine")
    with context(top / "root").trip(create=True):
        pass
    assert (top / "mine" / "of").exists()


def test_one_that_never_starts_leaves_none(top: Path) -> None:
    class NotCalled(OnTheSpot):
        def command(self, *_: object) -> str:
            return "echo 1"

    where, job = context(top / "root"), with_secret(1)
    with where.trip(create=True) as dialogue:
        hand_in(dialogue, where, [Submission((job,))], NotCalled())
    assert len(holding(top)) == 1
    with where.trip() as dialogue:
        assert close(dialogue, [(job.signature, 1)]) == {(job.signature, 1): True}
    assert holding(top) == []


def test_files_are_private_from_the_first_byte(top: Path) -> None:
    """Whatever a tar makes of modes: one that sets them last is asked under a tight umask."""
    bin_ = top / "bin"
    bin_.mkdir()
    (bin_ / "tar").write_text(f'#!/bin/sh\numask >>{top}/umasks\nexec /bin/tar "$@"\n')
    (bin_ / "tar").chmod(0o755)
    submitted(context(top / "root", group=GROUP, path=[str(bin_)]), 1)
    assert "0077" in (top / "umasks").read_text().split()
