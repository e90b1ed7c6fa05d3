"""The machine under test, and clients of it: what the suites work with."""

import json
import os
import secrets
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import pluggy

from sojourn.batch.scheduler import CommandResult
from sojourn.contract import GROUP, Capability, Hooks
from sojourn.errors import SojournError
from sojourn.machines.loading import Machines, load_machines
from sojourn.plugins.asking import ask
from sojourn.plugins.facade import Backend
from sojourn.plugins.outcomes import LoadedPlugin
from sojourn.site.context import MachineContext
from sojourn.site.trip import trip
from sojourn.testing.client import Client
from sojourn.testing.transports import Wrapper, WrappingRegistry
from sojourn.testing.transports.wrapping import Kept
from sojourn.testing.waiting import eventually
from sojourn.testing.worker import Crew, Task
from sojourn.transports.base import Transport
from sojourn.transports.metering import Meter, MeteredTransport
from sojourn.values.messages import JobRef

NAME = "machine"
"""What the machine under test is called in the kit's own `machines.yaml`."""

T = TypeVar("T")


class Bench:
    """One machine with a root of the kit's own, removed at the end with all that it holds.

    `entry` are the keys of the machine in `machines.yaml`; its `root`, if it names one, is the
    directory in which the kit makes its own. `plugins` are registered by path where the backend
    is not installed. `patience` is the most seconds that a short job may take to end.
    """

    def __init__(
        self,
        entry: Mapping[str, Any],
        scratch: Path,
        *,
        plugins: Mapping[str, str] | None = None,
        patience: float = 60.0,
    ) -> None:
        self.patience = patience
        self.plugins = dict(plugins or {})
        self.scratch = scratch
        self.registry = WrappingRegistry(self.plugins)
        self.entry = {**entry, "root": f"{_base(entry, scratch)}/kit-{secrets.token_hex(6)}"}
        self.file = scratch / "machines.yaml"
        self.file.write_text(json.dumps({"machines": {NAME: self.entry}}))
        self.machine = self.machines(self.registry).get(NAME)
        self.backend: Backend = self.registry.backend(self.machine.backend)
        self._transport = self.registry.open_transport(self.machine, interactive=False)
        self._clients: list[Client] = []
        self._made: dict[str, Any] = {}

    def machines(self, registry: WrappingRegistry) -> Machines:
        """The machine under test as a session gets it."""
        return load_machines(registry, {**os.environ, "SOJOURN_MACHINES": str(self.file)})

    def can(self, capability: Capability) -> bool:
        """Whether the backend claims it."""
        return self.backend.can(capability)

    @property
    def plugin(self) -> object:
        """The backend's plugin object."""
        (found,) = [one for one in self.registry.installed() if one.name == self.backend.name]
        if not isinstance(found, LoadedPlugin):
            raise found.error()
        return found.plugin

    def ask(self, hook: str, **arguments: object) -> object:
        """The plugin's own answer, which the façade has not looked at."""
        name = self.backend.name
        alone = pluggy.PluginManager(GROUP)
        alone.add_hookspecs(Hooks)
        alone.register(self.plugin, name=name)
        return ask(alone, name, hook, **arguments)

    # --- clients ----------------------------------------------------------------------------------

    def client(self, wrapper: Wrapper | None = None, **keys: Any) -> Client:
        """A client with a transport of its own making; `keys` replace those of the machine.

        It shares the connection, and nothing else.
        """
        transport: Transport = Kept(self._transport)
        if wrapper is not None:
            transport = wrapper(transport)
        meter = Meter()
        context = MachineContext(
            machine=self.machine.model_copy(update=keys),
            transport=MeteredTransport(transport, meter),
            meter=meter,
            client=secrets.token_hex(8),
        )
        made = Client(self, context, meter)
        self._clients.append(made)
        return made

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make()` gave the first time it was asked for under this name."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def crew(self, scratch: Path, *tasks: Task) -> Crew:
        """Clients in processes of their own."""
        return Crew(scratch, self.file, NAME, self.plugins, tasks)

    def abandoned(self, crew: Crew) -> None:
        """Wait until what dead clients have started on the machine has come to its own end."""
        words = " ".join(crew.programs())
        test = (
            f'for n in {words}; do ls -d "${{TMPDIR:-/tmp}}/sojourn-$n" "$HOME/.sojourn-$n"; done'
        )
        looks: list[bool] = []

        def gone() -> bool:
            looks.append(not words or not self.shell(f"{test} 2>/dev/null").stdout)
            return len(looks) > 1 and looks[-1] and looks[-2]

        eventually(gone, self.patience, 0.2)

    # --- the machine itself -----------------------------------------------------------------------

    def shell(self, command: str) -> CommandResult:
        """Run a command on the machine, in the root, behind the backend's back."""
        place = MachineContext(self.machine, self._transport).place
        with trip(self._transport, place, create=True) as dialogue:
            return dialogue.run(command)

    def said(self, command: str) -> str:
        """What a command on the machine prints; it must succeed."""
        result = self.shell(command)
        if result.status != 0:
            raise RuntimeError(f"{command!r} ended with {result.status}: {result.words}")
        return result.stdout

    # --- the end ----------------------------------------------------------------------------------

    def end_jobs(self) -> None:
        """Cancel what clients have handed in and not seen end, and let them go."""
        clients, self._clients = self._clients, []
        for client in clients:
            with suppress(SojournError):
                client.clear()

    def calm(self, jobs: Sequence[JobRef]) -> None:
        """Cancel jobs through a sound client, whatever the test's own client suffers from."""
        self.backend.cancel(MachineContext(self.machine, Kept(self._transport)), jobs)

    def close(self) -> None:
        """End all jobs, remove the root, and close the connection."""
        self.end_jobs()
        where = self.machine.root
        home, _, below = where.partition("~/")
        place = shlex.quote(where) if home else f'"$HOME"/{shlex.quote(below)}'
        with suppress(SojournError):
            channel = self._transport.open(f"chmod -R u+rwx {place}; rm -rf -- {place}")
            channel.send_eof()
            channel.wait()
            channel.close()
        self._transport.close()


def _base(entry: Mapping[str, Any], scratch: Path) -> str:
    if "root" in entry:
        return str(entry["root"])
    remote = "host" in entry or entry.get("transport", "local") != "local"
    return "~/.sojourn-kit" if remote else str(scratch)


class Benches:
    """The benches of a test run, one for each machine and set of plugins."""

    def __init__(self, scratch: Path, patience: float) -> None:
        self._scratch, self._patience = scratch, patience
        self._made: dict[str, Bench] = {}

    def get(self, entry: Mapping[str, Any], plugins: Mapping[str, str]) -> Bench:
        """The bench of a machine; made when it is asked for the first time."""
        key = json.dumps([entry, plugins], sort_keys=True, default=str)
        if key not in self._made:
            folder = Path(mkdtemp(dir=self._scratch))
            self._made[key] = Bench(entry, folder, plugins=plugins, patience=self._patience)
        return self._made[key]

    def close(self) -> None:
        """Close them all."""
        for bench in self._made.values():
            bench.close()
