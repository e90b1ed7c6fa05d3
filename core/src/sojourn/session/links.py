"""Ways to machines: opened when first used, one for each machine, shared by the whole session.

Every contact goes through `Link.contact`, which repeats what may be repeated, remembers in
the store how the machine answered, and adds up what we cost it.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from sojourn.defaults import RETRY_ATTEMPTS
from sojourn.errors import (
    ConnectionLost,
    HostKeyRefused,
    NeedsLogin,
    SchedulerUnavailable,
    SiteError,
    SojournError,
    Unreachable,
)
from sojourn.forks import forget_in_child
from sojourn.site.context import MachineContext, Progress, no_progress
from sojourn.store.machines import NEEDS_LOGIN, OK, UNREACHABLE
from sojourn.transports.metering import Cost, Meter, MeteredTransport
from sojourn.transports.terminal import has_terminal

if TYPE_CHECKING:
    from sojourn.contract import BackendInfo
    from sojourn.machines.loading import Machines
    from sojourn.machines.model import Machine
    from sojourn.plugins.facade import Backend
    from sojourn.plugins.registry import Registry
    from sojourn.store.store import Store

T = TypeVar("T")

_FACTS_FOR = 86400.0
"""Seconds for which what was found out about a machine (dialect, limits) is believed."""

_INHERITED: list[dict[str, "Link"]] = []
"""Links of a parent process, kept for ever: closing one here would hurt it."""

FIRST_WAIT = 0.5
"""Seconds before the first repetition; doubled each time, with jitter."""


class Link:
    """The way to one machine."""

    def __init__(
        self,
        machine: "Machine",
        backend: "Backend",
        context: MachineContext,
        meter: Meter,
        store: "Store",
    ) -> None:
        self.machine = machine
        self.backend = backend
        self.context = context
        self._meter = meter
        self._store = store
        self._counted = Cost()
        self._counting = threading.Lock()
        self._facts = dict(context.facts)
        self._root = ("", "")

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.machine.name

    @property
    def info(self) -> "BackendInfo":
        """What the backend says of itself."""
        return self.backend.info

    def contact(self, operation: Callable[[], T], *, repeat: bool = True) -> T:
        """Do something that contacts the machine.

        With `repeat`, what was cut off is done again, with back-off. Without, only a connection
        that could not be made at all is tried again.

        Raises:
            MachineError: what is left of it after the repetitions.
        """
        self._refuse_if_person_needed()
        worth = (Unreachable, ConnectionLost) if repeat else (Unreachable,)
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, worth)),
            stop=stop_after_attempt(RETRY_ATTEMPTS),
            wait=wait_random_exponential(multiplier=FIRST_WAIT, max=8.0),
            reraise=True,
        )
        try:
            value = retrying(operation)
        except NeedsLogin as error:
            self._remember(NEEDS_LOGIN, error.message)
            raise
        except (Unreachable, ConnectionLost, HostKeyRefused) as error:
            self._remember(UNREACHABLE, error.message)
            raise
        except (SchedulerUnavailable, SiteError) as error:
            self._remember(UNREACHABLE, error.message)
            raise
        else:
            self._remember(OK, "")
            return value
        finally:
            self._count()

    def prepare(self) -> None:
        """Begin to connect beside what is still to be done before the contact that will follow.

        Left out where a person is there who may be asked for a password: one thing at a time.
        """
        connect = getattr(self.context.transport, "connect", None)
        if connect is None or has_terminal():
            return
        with suppress(NeedsLogin):
            self._refuse_if_person_needed()
            threading.Thread(target=connect, daemon=True).start()

    def watched_since_last_poll(self) -> bool:
        """Whether the machine has answered every contact since the last poll."""
        record = self._store.machine(self.name)
        return record is None or record.state == OK

    def _refuse_if_person_needed(self) -> None:
        """A machine that waits for a person is left alone until somebody logs in."""
        record = self._store.machine(self.name)
        if record is None or record.state != NEEDS_LOGIN:
            return
        if self.machine.transport == "ssh" and sys.stdin is not None and sys.stdin.isatty():
            return  # the person is here and can be asked
        raise NeedsLogin(
            f"needs login: {record.detail}",
            machine="",
            hint=f"run `sojourn login {self.name}`; what waits goes on after that",
        )

    def _remember(self, state: str, detail: str) -> None:
        self._store.set_machine_state(self.name, state, at=time.time(), detail=detail)
        context = self.context
        if context.root and (context.root, context.root_id) != self._root:
            self._root = (context.root, context.root_id)
            self._store.update_machine(
                self.name,
                root_path=context.root,
                root_id=context.root_id,
                backend=self.machine.backend,
            )
        if self.context.facts != self._facts:
            self._facts = dict(self.context.facts)
            known = {"at": time.time(), "facts": self._facts}
            self._store.set_setting(f"facts:{self.name}", json.dumps(known))

    def _count(self) -> None:
        with self._counting:  # many threads may be in contact at once
            now, before = self._meter.snapshot(), self._counted
            self._counted = now
        self._store.meter(
            self.name,
            connections=now.connections - before.connections,
            trips=now.trips - before.trips,
            scheduler_calls=now.scheduler_calls - before.scheduler_calls,
            bytes_up=now.bytes_sent - before.bytes_sent,
            bytes_down=now.bytes_received - before.bytes_received,
        )

    def close(self) -> None:
        """Close the connection."""
        self.context.transport.close()


class Links:
    """The links of a session, by machine."""

    def __init__(
        self,
        machines: "Machines",
        registry: "Registry",
        store: "Store",
        *,
        interactive: bool = True,
        progress: Progress = no_progress,
        say: Callable[[str], None],
    ) -> None:
        self._say = say
        self.machines = machines
        self._registry = registry
        self._store = store
        self._interactive = interactive
        self._progress = progress
        self._links: dict[str, Link] = {}
        self._lock = threading.Lock()
        forget_in_child(self)

    def get(self, name: str) -> Link:
        """The link to a machine; nothing is contacted yet.

        Raises:
            UnknownMachine, ConfigError, UnknownBackend, PluginError: it cannot be used.
        """
        machine = self.machines.get(name)
        with self._lock:
            if name not in self._links:
                self._links[name] = self._make(machine)
            return self._links[name]

    def forget(self, name: str) -> None:
        """Close the link to a machine, if there is one; the next contact makes another."""
        with self._lock:
            link = self._links.pop(name, None)
        if link is not None:
            link.close()

    def use(self, machines: "Machines") -> None:
        """Go by another configuration from now on; links that no longer fit it are closed."""
        with self._lock:
            self.machines = machines
            known = dict(self._links)
        for name, link in known.items():
            try:
                fits = machines.get(name) == link.machine
            except SojournError:
                fits = False
            if not fits:
                self.forget(name)

    def forget_inherited(self) -> None:
        """Connections are the parent's: a child makes its own when it needs one."""
        _INHERITED.append(self._links)
        self._links = {}
        self._lock = threading.Lock()

    def _make(self, machine: "Machine") -> Link:
        backend = self._registry.backend(machine.backend)
        meter = Meter()
        transport = self._registry.open_transport(machine, interactive=self._interactive)
        context = MachineContext(
            machine=machine,
            transport=MeteredTransport(transport, meter),
            facts=self._known_facts(machine),
            progress=self._progress,
            say=self._say,
            client=self._client(),
            meter=meter,
        )
        return Link(machine, backend, context, meter, self._store)

    def _known_facts(self, machine: "Machine") -> dict[str, str]:
        text = self._store.setting(f"facts:{machine.name}")
        if not text:
            return {}
        known = json.loads(text)
        return dict(known["facts"]) if time.time() - known["at"] < _FACTS_FOR else {}

    def _client(self) -> str:
        """A word for this store, made once: what an interrupted upload is continued under."""
        known = self._store.setting("client")
        if not known:
            import secrets

            known = secrets.token_hex(8)
            self._store.set_setting("client", known)
        return known

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for link in self._links.values():
                link.close()
            self._links.clear()
