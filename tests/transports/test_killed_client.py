"""A client that is killed: what its trip has started on the machine ends with it."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.programs import start
from tests.support.waiting import eventually
from tests.transports.conftest import program_for

_FETCH = """
from sojourn.site.fetching import fetch
from sojourn.values.messages import FetchRequest
from pathlib import Path
from tests.support.site import context
where = context(Path({root!r}), path=[{bin!r}])
where.transport = transport
with where.trip() as dialogue:
    {what}
"""
_WHAT = {
    "digest": "fetch(dialogue, where, [FetchRequest({signature!r}, 1, Path({root!r}) / 'here')])",
    "command": "dialogue.run('sha256sum')",
}


def alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("what", _WHAT)
def test_nothing_is_left_of_its_trip(
    kind: str, what: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """With openssh the connection is shared, and outlives the client."""
    from tests.support.site import context, order, run_one

    job, pid_file = order(1, "echo 1 >o", outputs=("o",)), tmp_path / "pid"
    assert run_one(context(tmp_path / "root"), job).exit is not None
    (tmp_path / "bin").mkdir()
    for name in ("sha256sum", "openssl"):
        slow = tmp_path / "bin" / name
        slow.write_text(
            f"#!/bin/sh\necho $$ >{pid_file}.new; mv {pid_file}.new {pid_file}\nexec sleep 3000\n"
        )
        slow.chmod(0o755)
    words = {"root": str(tmp_path / "root"), "bin": str(tmp_path / "bin")}
    task = _FETCH.format(**words, what=_WHAT[what].format(**words, signature=job.signature))
    if kind == "local":
        program = f"from sojourn.transports.local import LocalTransport\ntransport = LocalTransport()\n{task}"
    else:
        body = f"exec({task!r})"
        program = program_for(kind, request.getfixturevalue("sshd"), body)
    client = start(program)
    try:
        eventually(pid_file.exists, timeout=30)
        assert alive(pid_file)
    finally:
        client.send_signal(signal.SIGKILL)
        client.communicate()
    eventually(lambda: not alive(pid_file), timeout=30)
    eventually(
        lambda: not [p for p in Path("/proc").glob("[0-9]*/cwd") if _is_in(p, tmp_path / "root")]
    )


def _is_in(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:
        return False
