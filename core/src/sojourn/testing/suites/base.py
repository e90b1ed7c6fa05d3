"""What every suite has: the machine under test, and what its author may say of it."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from sojourn.contract import Capability
from sojourn.testing.bench import Bench, Benches
from sojourn.testing.client import Client
from sojourn.testing.marks import needs_of


class Suite:
    """Fixtures to override where the machine differs, and one to give, `machine_entry`: the keys
    of the machine in `machines.yaml`. The kit works in a new directory below its `root`, which it
    removes at the end."""

    @pytest.fixture
    def kit_plugins(self) -> Mapping[str, str]:
        """Plugins that are not installed: name -> `module:attribute`."""
        return {}

    @pytest.fixture
    def unknown_id(self) -> Callable[[str], str]:
        """Makes, of an id that the scheduler has given, a sound one that it has not."""
        return lambda known: re.sub(r"\d+", "60000017", known, count=1)

    @pytest.fixture
    def refused_resources(self, bench: Bench) -> dict[str, Any] | None:
        """Resource words with which the scheduler refuses a job; None if it refuses none."""
        return {"queue": "no-such-queue"} if "queue" in bench.backend.info.resources else None

    @pytest.fixture
    def scheduler_commands(self, bench: Bench) -> tuple[str, ...]:
        """The scheduler's commands, which are made to fail; none for one without commands."""
        folders = " ".join(map(shlex.quote, bench.machine.path))
        found = bench.shell(f"for d in {folders}; do ls $d; done").stdout.split()
        named = (getattr(bench.plugin, name, ()) for name in ("tools", "optional_tools"))
        return tuple({*chain.from_iterable(named), *found})

    @pytest.fixture
    def submit_command(self, bench: Bench) -> str:
        """The command that submits a job, which is given odd wrappers; "" where there is none."""
        return next(iter(getattr(bench.plugin, "tools", ())), "")

    @pytest.fixture
    def lacks(self) -> frozenset[Capability]:
        """What the backend claims and this machine's scheduler cannot do: no accounting, say."""
        return frozenset()

    @pytest.fixture
    def walltime(self) -> int | None:
        """The shortest walltime in seconds that is enforced; None to leave that out."""
        return None

    @pytest.fixture
    def second_user(self) -> dict[str, Any] | None:
        """The keys of the same machine for another user; None to leave that out."""
        return None

    # --- the kit's own ----------------------------------------------------------------------------

    @pytest.fixture
    def bench(
        self,
        machine_entry: dict[str, Any],
        kit_plugins: Mapping[str, str],
        kit_benches: Benches,
        lacks: frozenset[Capability],
        request: pytest.FixtureRequest,
        tmp_path: Path,
    ) -> Iterator[Bench]:
        """The machine under test; what was handed in during the test is ended after it."""
        if str(tmp_path) in str(machine_entry):
            pytest.fail(
                "machine_entry names this test's own tmp_path, but one machine serves all tests:"
                " leave `root` out, or take a directory from tmp_path_factory once",
                pytrace=False,
            )
        made = kit_benches.get(machine_entry, kit_plugins)
        for capability in needs_of(request.function):
            if not made.can(capability) or capability in lacks:
                pytest.skip(f"{made.backend.name} does not offer {capability} here")
        yield made
        made.end_jobs()

    @pytest.fixture
    def client(self, bench: Bench) -> Client:
        """A client of the machine."""
        return bench.client()

    @pytest.fixture
    def points(self, pytestconfig: pytest.Config) -> int:
        """At how many points each operation is cut."""
        number: int = pytestconfig.getoption("--kit-points", 6)
        return number
