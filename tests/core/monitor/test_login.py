"""`sojourn login` and `logout`: with an sshd that asks for a code; what waits goes on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sojourn.session import links
from sojourn.states import State
from sojourn.store.machines import NEEDS_LOGIN, OK
from sojourn.values.messages import Phase
from tests.core.monitor.stage import Stage, in_state, submit
from tests.support.at_terminal import AtTerminal, at_terminal
from tests.support.sshd import Sshd, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.sshd


@pytest.fixture(autouse=True)
def runtime_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for sockets, as short as a socket's path must be."""
    directory = tempfile.mkdtemp(prefix="sj", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 1)
    yield Path(directory)
    shutil.rmtree(directory)


def configured(stage: Stage, sshd: Sshd, transport: str, backend: str) -> Path:
    """A file of its own with the machine `hpc`: the program has no puppets."""
    entry: dict[str, Any] = {
        "backend": backend,
        "transport": transport,
        "host": sshd.host,
        "port": sshd.port,
        "user": sshd.user,
        "identity_file": str(sshd.identity_file),
        "known_hosts_file": str(sshd.known_hosts_file),
        "ssh_config": os.devnull,
        "poll": {"interval": "0.02s"},
    }
    file = stage.folder / f"{backend}.yaml"
    file.write_text(json.dumps({"machines": {"hpc": entry}}))
    return file


@contextmanager
def at(stage: Stage, file: Path, *words: str) -> Iterator[AtTerminal]:
    """The program at a terminal."""
    environment = {"SOJOURN_HOME": str(stage.home), "SOJOURN_MACHINES": str(file)}
    program = (
        f"import os, sys\nos.environ.update({environment!r})\n"
        f"from sojourn.cli import main\nsys.exit(main({list(words)!r}))\n"
    )
    with at_terminal(program) as person:
        yield person


def sojourn(stage: Stage, file: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The program without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "sojourn.cli", *words],
        env={**os.environ, "SOJOURN_HOME": str(stage.home), "SOJOURN_MACHINES": str(file)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )


def test_what_waits_for_a_code_goes_on_after_the_login(stage: Stage, tmp_path: Path) -> None:
    with running(tmp_path / "sshd", "LogLevel VERBOSE", code=True) as sshd:
        stage.file = configured(stage, sshd, "openssh", "puppet")
        outside = configured(stage, sshd, "openssh", "slurm")
        strings = stage.puppet.at("hpc")
        with stage.watching() as session:
            submit(session, "hpc", 2)
            eventually(in_state(session, State.RUNNING))
            strings.over_transport = True
            eventually(lambda: session.store.machines()["hpc"].state == NEEDS_LOGIN)
            eventually(lambda: stage.has_said("run `sojourn login hpc`"))
            seen = sshd.daemon.log.read_text().count("Connection from ")
            asked = stage.polls("hpc")
            refused = sojourn(stage, outside, "login", "hpc")
            assert refused.returncode == 1
            assert "Run `sojourn login hpc` at a terminal" in refused.stderr
            assert stage.polls("hpc") == asked
            sshd.codes.write_text("123456\n")
            with at(stage, outside, "login", "hpc") as person:
                person.expect("(?i)password|code|passcode")
                person.type("123456")
                person.expect("logged in to hpc; the connection stays until `sojourn logout hpc`")
                assert person.wait() == 0
            eventually(lambda: session.store.machines()["hpc"].state == OK)
            stage.polled_again("hpc")
            strings.default = Phase.ENDED
            eventually(in_state(session, State.COMPLETED))
            made = sshd.daemon.log.read_text().count("Connection from ") - seen
            assert made == 2  # the refused login and the good one: everything else went over that
        assert len([line for line in stage.said if "sojourn login hpc" in line]) == 1
        told = sojourn(stage, outside, "logout", "hpc")
        assert (told.returncode, told.stderr) == (0, "sojourn: logged out of hpc\n")
        told = sojourn(stage, outside, "logout", "hpc")
        assert "there was no connection to hpc from a login" in told.stderr


def test_with_ssh_it_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    with running(tmp_path / "sshd") as sshd:
        good = sshd.authorized_keys.read_text()
        stage.file = configured(stage, sshd, "ssh", "puppet")
        outside = configured(stage, sshd, "ssh", "slurm")
        strings = stage.puppet.at("hpc")
        with stage.watching() as session:
            submit(session, "hpc")
            eventually(in_state(session, State.RUNNING))
            sshd.authorized_keys.write_text("")
            strings.over_transport = True
            eventually(lambda: session.store.machines()["hpc"].state == NEEDS_LOGIN)
            refused = sojourn(stage, outside, "login", "hpc")
            assert refused.returncode == 1
            assert "hint: Try: ssh " in refused.stderr
            assert session.store.machines()["hpc"].state == NEEDS_LOGIN
            sshd.authorized_keys.write_text(good)
            told = sojourn(stage, outside, "login", "hpc")
            assert told.returncode == 0, told.stderr
            assert "hpc lets us in; what waits for it goes on" in told.stderr
            stage.polled_again("hpc")
            assert in_state(session, State.RUNNING)()
        told = sojourn(stage, outside, "logout", "hpc")
        assert "`transport: ssh` keeps no connection to hpc" in told.stderr


def test_nobody_logs_in_to_this_computer(stage: Stage) -> None:
    file = stage.folder / "local.yaml"
    file.write_text("machines: {here: {backend: local}}")
    told = sojourn(stage, file, "login", "here")
    assert (told.returncode, told.stderr) == (
        0,
        "sojourn: here is this computer: nobody needs to log in\n",
    )
    assert sojourn(stage, file, "login", "her").returncode == 2
