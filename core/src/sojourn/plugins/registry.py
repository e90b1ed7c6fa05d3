"""The plugins of this process: found, loaded when they are needed, and given out with types."""

import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from threading import RLock
from typing import TYPE_CHECKING, Any

from sojourn import __version__
from sojourn.contract import ChannelInfo, TransportInfo
from sojourn.errors import ContractError, PluginError
from sojourn.plugins import builtin, channels, listeners, unknown
from sojourn.plugins.asking import ask, implementers
from sojourn.plugins.compatibility import Kind, new_manager
from sojourn.plugins.discovery import scan
from sojourn.plugins.examining import examine
from sojourn.plugins.facade import Backend
from sojourn.plugins.loading import load
from sojourn.plugins.outcomes import LoadedPlugin, LoadFailure, Outcome, Reason

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.transports.base import Transport
    from sojourn.values.job import Job
    from sojourn.values.notification import Channel, Notification

OPEN_HOOK = "sojourn_open_transport"


class Registry:
    """Every plugin by its name. Nothing is scanned or loaded before it is asked for.

    `discover=False` leaves out what is installed, for tests and hosts that `register` their own.
    `report` takes one line about each plugin that failed and was skipped, once; by default it
    is logged as a warning. May be used from many threads.
    """

    def __init__(self, *, discover: bool = True, report: listeners.Report | None = None) -> None:
        self._manager = new_manager()
        self._points: Mapping[str, tuple[EntryPoint, ...]] | None = None if discover else {}
        self._outcomes: dict[str, Outcome] = {}
        self._all_loaded = False
        self._failures_told = False
        self._report = report or logging.getLogger("sojourn.plugins").warning
        self._reported: set[tuple[str, str]] = set()
        self._lock = RLock()

    # --- backends -----------------------------------------------------------------------------

    def backend(self, name: str) -> Backend:
        """The backend `name`; loads that plugin and no other.

        Raises:
            UnknownBackend: it is not installed; the hint says what to install.
            PluginError: it does not load, or two distributions provide it.
            ContractError: it was built for another contract, or its hooks are wrong.
        """
        outcome = self._outcome(name)
        if isinstance(outcome, LoadFailure):
            raise outcome.error()
        if outcome is None or outcome.backend is None:
            raise unknown.backend(name, self.installed())
        return Backend(self._manager, outcome.backend)

    # --- transports ---------------------------------------------------------------------------

    def transport(self, name: str) -> TransportInfo:
        """What is known of the transport `name`; loads only what is needed to find it.

        Raises:
            UnknownBackend: no installed plugin offers it.
            PluginError: the plugin of that name does not load.
        """
        return self._offer(name)[1]

    def known_transports(self) -> list[TransportInfo]:
        """The transports of core and of the plugins loaded so far."""
        with self._lock:
            self._admit_core()
        return [info for _, info in self._offers().values()]

    def open_transport(self, machine: "Machine", *, interactive: bool = True) -> "Transport":
        """A way to `machine`: its transport's plugin is asked first, then every other.

        Without `interactive` nobody is asked for a password or a code. Connects to nothing yet.

        Raises:
            UnknownBackend: no plugin opens it.
            PluginError: the transport's plugin failed.
            ContractError: what it opened is no transport.
        """
        owner, _ = self._offer(machine.transport)
        others = (name for name in implementers(self._manager, OPEN_HOOK) if name != owner)
        for name in (owner, *others):
            opened: Any = ask(
                self._manager, name, OPEN_HOOK, machine=machine, interactive=interactive
            )
            if opened is None:
                continue
            if not callable(getattr(opened, "open", None)) or not callable(
                getattr(opened, "close", None)
            ):
                raise ContractError(
                    f"plugin {name!r} breaks the contract in {OPEN_HOOK}: a transport has open "
                    f"and close, {opened!r} has not"
                )
            transport: Transport = opened
            return transport
        raise unknown.transport(machine.transport, self.known_transports())

    # --- channels -----------------------------------------------------------------------------

    def channel(self, kind: str) -> ChannelInfo:
        """What is known of the channel `kind`.

        Raises:
            PluginError: no installed plugin offers it.
        """
        return self._channel(kind)[1]

    def known_channels(self) -> list[ChannelInfo]:
        """Every channel of every installed plugin."""
        return [info for _, info in self._channels().values()]

    def notify(self, channel: "Channel", notification: "Notification") -> None:
        """Bring a notification to the user by one channel.

        Raises:
            PluginError: nobody offers it, or its plugin failed.
        """
        channels.send(self._manager, self._channel(channel.kind)[0], channel, notification)

    def _channel(self, kind: str) -> tuple[str, ChannelInfo]:
        known = self._channels()
        if kind not in known:
            raise channels.unknown(kind, known)
        return known[kind]

    def _channels(self) -> channels.Offers:
        self._load_all()
        with self._lock:
            return channels.offers(self._outcomes.values())

    # --- everyone -----------------------------------------------------------------------------

    def tell(self, hook: str, **event: object) -> None:
        """Call a listener's hook of every plugin, each guarded. Never raises for a plugin's sake."""
        self._load_all()
        listeners.tell(
            self._manager, hook, lambda name, said: self._report_once(name, hook, said), **event
        )

    def signature_extras(self, job: "Job") -> dict[str, dict[str, Any]]:
        """What plugins add to a job's identity, by the plugin's name.

        Raises:
            PluginError: a plugin that adds to identities failed, or does not fit.
        """
        self._load_all()
        for outcome in self._outcomes.values():
            if isinstance(outcome, LoadFailure) and Kind.SIGNATURE in outcome.kinds:
                raise outcome.error()
        return listeners.signature_extras(self._manager, job)

    def installed(self) -> list[Outcome]:
        """Every plugin, core's own included, loaded or with the reason why not; by name."""
        self._load_all(report=False)
        with self._lock:
            return [outcome for _, outcome in sorted(self._outcomes.items())]

    def register(self, plugin: object, *, name: str) -> None:
        """Add a plugin of this process, as if it were installed under `name`.

        Raises:
            PluginError: a plugin of that name is there already.
            ContractError: it was built for another contract, or its hooks are wrong.
        """
        with self._lock:
            self._admit_core()
            if name in self._outcomes or name in self._discovered():
                raise PluginError(f"there is a plugin {name!r} already", hint="take another name")
            outcome = self._admit(examine(name, plugin))
            if isinstance(outcome, LoadFailure):
                del self._outcomes[name]
                raise outcome.error()

    # --- inside -------------------------------------------------------------------------------

    def _discovered(self) -> Mapping[str, tuple[EntryPoint, ...]]:
        if self._points is None:
            self._points = scan()
        return self._points

    def _outcome(self, name: str) -> Outcome | None:
        """What came of loading `name`, now or before; None if there is no such plugin."""
        with self._lock:
            self._admit_core()
            if name in self._outcomes:
                return self._outcomes[name]
            points = self._discovered().get(name)
            return self._admit(load(name, points)) if points else None

    def _admit_core(self) -> None:
        """Core's own plugins come before all others, so that what they offer is taken."""
        if builtin.NAME not in self._outcomes:
            for name, plugin in builtin.plugins():
                self._admit(examine(name, plugin, distribution="sojourn", version=__version__))

    def _admit(self, outcome: Outcome) -> Outcome:
        """Remember what came of loading a plugin, and register one that fits."""
        if isinstance(outcome, LoadedPlugin):
            outcome = self._registered(outcome)
        self._outcomes[outcome.name] = outcome
        self._failures_told = False
        return outcome

    def _registered(self, fitting: LoadedPlugin) -> Outcome:
        owners = {("transport", name): owner for name, (owner, _) in self._offers().items()}
        for name, (owner, _) in channels.offers(self._outcomes.values()).items():
            owners["channel", name] = owner
        claims = [("transport", info.name) for info in fitting.transports]
        claims += [("channel", info.name) for info in fitting.channels]
        for what, name in claims:
            if (what, name) in owners:
                cause = f"{what} {name!r} is that of plugin {owners[what, name]!r}"
                return fitting.failed(Reason.CLASH, cause)
        try:
            self._manager.register(fitting.plugin, name=fitting.name)
        except ValueError:
            return fitting.failed(Reason.CLASH, "the same object has another name already")
        return fitting

    def _load_all(self, *, report: bool = True) -> None:
        with self._lock:
            if not self._all_loaded:
                self._admit_core()
                for name in self._discovered():
                    self._outcome(name)
                self._all_loaded = True
        if report and not self._failures_told:
            self._failures_told = True
            for outcome in list(self._outcomes.values()):
                if isinstance(outcome, LoadFailure):
                    self._report_once(outcome.name, "", str(outcome))

    def _report_once(self, name: str, about: str, line: str) -> None:
        with self._lock:
            if (name, about) in self._reported:
                return
            self._reported.add((name, about))
        self._report(line)

    def _offer(self, transport: str) -> tuple[str, TransportInfo]:
        """The plugin that offers `transport`, and what it says of it; loads no more than needed."""
        with self._lock:
            self._admit_core()
        if transport not in self._offers():
            outcome = self._outcome(transport)
            if isinstance(outcome, LoadFailure):
                raise outcome.error()
        if transport not in self._offers():
            self._load_all()
        offer = self._offers().get(transport)
        if offer is None:
            raise unknown.transport(transport, self.known_transports())
        return offer

    def _offers(self) -> dict[str, tuple[str, TransportInfo]]:
        """Each known transport, by its word: whose it is, and what is said of it."""
        with self._lock:
            plugins = [each for each in self._outcomes.values() if isinstance(each, LoadedPlugin)]
        return {info.name: (each.name, info) for each in plugins for info in each.transports}
