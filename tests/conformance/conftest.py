"""The machines of the conformance tests: one entry for a whole run, since the kit keeps jobs apart."""

import pytest

from tests.support.machines import KINDS, OUTSIDE, Entry, entry_of, real_machines

collect_ignore = [] if real_machines() else ["test_real.py"]


@pytest.fixture(scope="session")
def entries() -> dict[str, Entry]:
    """The entries made so far, by kind."""
    return {}


@pytest.fixture
def machine_entry(
    request: pytest.FixtureRequest,
    entries: dict[str, Entry],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Entry:
    """The keys of one machine, the same for all tests of a run."""
    name: str = request.param
    kind = KINDS.get(name)
    if kind is None:
        for variable, value in OUTSIDE.items():
            monkeypatch.setenv(variable, value)
        return entries.setdefault(name, real_machines()[name])
    if name not in entries:
        testbed = request.getfixturevalue("testbed") if kind.backend != "local" else None
        entries[name] = entry_of(kind, testbed, tmp_path_factory.mktemp(name))
    return entries[name]
