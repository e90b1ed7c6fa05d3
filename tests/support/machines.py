"""The machines that the shared suites run on, as entries of `machines.yaml`.

Each kind below is one run of such a suite; `SOJOURN_TEST_MACHINES=machines.yaml` adds every
machine of that file. A test that asks for `machine_entry` runs once on each.
"""

import json
import os
import secrets
import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sojourn.machines.loading import load_machines
from sojourn.plugins.registry import Registry
from tests.support import users
from tests.support.testbed import Testbed

VARIABLE = "SOJOURN_TEST_MACHINES"
REAL = "real"
"""Stands for every machine that it names."""

OUTSIDE = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
"""What a real machine is reached with: the keys and the agent of whoever runs the tests."""

Entry = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A backend over a transport, and which of the testbed's Slurms is behind it."""

    backend: str
    transport: str
    accounting: bool = False


KINDS = {
    "local": Kind("local", "local"),
    "slurm-ssh": Kind("slurm", "ssh", accounting=True),
    "slurm-openssh": Kind("slurm", "openssh"),
    "slurm-local": Kind("slurm", "local"),
    "torque-ssh": Kind("pbs", "ssh", accounting=True),
    "torque-openssh": Kind("pbs", "openssh"),
}
MARKS = {
    "local": (),
    "slurm": (pytest.mark.slurm, pytest.mark.sshd),
    "pbs": (pytest.mark.torque, pytest.mark.sshd),
}


def over_ssh(testbed: Testbed, user: str = users.USERS[0]) -> Entry:
    """The keys of both SSH transports for the testbed's login node; no file of the user is read."""
    node = testbed.login_node
    return {
        "host": node.host,
        "port": node.port,
        "user": user,
        "identity_file": str(node.identity_file),
        "known_hosts_file": str(node.known_hosts_file),
        "ssh_config": os.devnull,
    }


def entry_of(kind: Kind, testbed: Testbed | None, scratch: Path) -> Entry:
    """An entry with a root that nothing else uses; polls often, since the jobs are short."""
    entry: Entry = {"backend": kind.backend, "transport": kind.transport}
    entry["poll"] = {"interval": "0.2s"}
    if kind.backend == "local" or testbed is None:
        return {**entry, "slots": 4, "root": str(scratch / "root")}
    slurm = testbed.slurm if kind.accounting else testbed.plain_slurm
    entry |= {"path": [str(slurm.bin)], "defaults": {"queue": "normal", "walltime": "10m"}}
    if kind.transport == "local":
        return {**entry, "root": str(scratch / "root")}
    root = users.home(users.USERS[0]) / f"sojourn-{secrets.token_hex(6)}"
    return {**entry, **over_ssh(testbed), "root": str(root)}


def real_machines() -> dict[str, Entry]:
    """The machines that `SOJOURN_TEST_MACHINES` names."""
    file = os.environ.get(VARIABLE, "")
    if not file:
        return {}
    machines: dict[str, Entry] = YAML(typ="safe").load(Path(file))["machines"]
    return machines


def for_second_user(entry: Entry, testbed: Testbed) -> Entry:
    """The same machine of the testbed for its other user."""
    other = users.USERS[1]
    return {**entry, **over_ssh(testbed, other), "root": str(users.home(other) / "sojourn-kit")}


def neighbour(entry: Entry) -> Entry | None:
    """The entry of another user of the same real machine, if there is one."""
    place = ("backend", "host", "port", "path")
    for other in real_machines().values():
        same = all(other.get(key) == entry.get(key) for key in place)
        if same and other.get("user") != entry.get("user"):
            return other
    return None


def write_machines(file: Path, machines: Mapping[str, Entry]) -> Path:
    """Write `machines.yaml`, in the part of YAML that is JSON; returns the file."""
    file.write_text(json.dumps({"machines": dict(machines)}, indent=2))
    return file


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `machine_entry` once on every machine.

    Its class may choose some with `kinds`, names and `REAL`, or have a fixture of its own.
    """
    if "machine_entry" not in metafunc.fixturenames or hasattr(metafunc.cls, "machine_entry"):
        return
    chosen = getattr(metafunc.cls, "kinds", (*KINDS, REAL))
    kinds = [pytest.param(n, marks=MARKS[KINDS[n].backend], id=n) for n in chosen if n != REAL]
    real = [pytest.param(name, id=f"real-{name}") for name in real_machines() if REAL in chosen]
    metafunc.parametrize("machine_entry", [*kinds, *real], indirect=True)


@pytest.fixture
def machine_entry(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Entry]:
    """The keys of one machine, with a root that no other test uses."""
    name: str = request.param
    kind = KINDS.get(name)
    if kind is not None:
        needs_testbed = kind.backend != "local"
        testbed = request.getfixturevalue("testbed") if needs_testbed else None
        yield entry_of(kind, testbed, tmp_path)
        return
    for variable, value in OUTSIDE.items():
        monkeypatch.setenv(variable, value)
    entry = real_machines()[name]
    base = entry.get("root", "~/.sojourn")
    entry = {**entry, "root": f"{base}/test-{secrets.token_hex(6)}"}
    yield entry
    remove_root(entry, tmp_path)


def remove_root(entry: Entry, scratch: Path) -> None:
    """Remove the root directory of a test from a real machine."""
    file = write_machines(scratch / "to-be-removed.yaml", {"it": entry})
    registry = Registry()
    machine = load_machines(registry, {**os.environ, "SOJOURN_MACHINES": str(file)}).get("it")
    with closing(registry.open_transport(machine)) as transport:
        home, _, below = machine.root.partition("~/")
        where = shlex.quote(machine.root) if home else f'"$HOME"/{shlex.quote(below)}'
        with closing(transport.open(f"rm -rf -- {where}")) as channel:
            channel.send_eof()
            channel.wait()


@pytest.fixture
def machine(machine_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the one machine that is configured for the test."""
    file = write_machines(tmp_path / "machines.yaml", {"it": machine_entry})
    monkeypatch.setenv("SOJOURN_MACHINES", str(file))
    return "it"
