"""What a monitor remembers for the next one: how far it has told and fetched, and what of."""

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sojourn.monitor.news import Told

if TYPE_CHECKING:
    from sojourn.store.store import Store

INTERVAL = "monitor:interval"
"""The user's interval in seconds; "" for each machine's own."""

_TOLD = "monitor:told"
_AHEAD = "monitor:channels"
_FETCHED = "monitor:fetched"
_MACHINES = "monitor:machines"
_UNUSABLE = "monitor:unusable"
_STUCK = "monitor:stuck"
_READY = "monitor:ready"
_RESUMED = "monitor:resumed"


class Memory:
    """The monitor's notes in the store's settings. Each is written when it has changed.

    `told` and `fetched` are the events up to which all was told, or brought; where nothing is
    noted yet, what has happened before is left aside. `ahead` are channels that have told more.
    """

    def __init__(self, store: "Store") -> None:
        self._store = store
        newest = store.last_event_id()
        self.told = self._number(_TOLD, newest)
        self.fetched = self._number(_FETCHED, newest)
        self.ahead = {
            name: mark for name, mark in self._mapping(_AHEAD).items() if isinstance(mark, int)
        }
        self.machines = {
            name: Told(str(told["state"]), float(told["since"]))
            for name, told in self._mapping(_MACHINES).items()
            if isinstance(told, dict) and {"state", "since"} <= told.keys()
        }
        self.unusable = {name: str(why) for name, why in self._mapping(_UNUSABLE).items()}
        self.stuck = set(self._mapping(_STUCK))
        self.ready = {name: str(key) for name, key in self._mapping(_READY).items()}
        self.resumed = {
            name: float(at)
            for name, at in self._mapping(_RESUMED).items()
            if isinstance(at, int | float)
        }
        self._kept: dict[str, str] = {}

    def keep(self) -> None:
        """Write what has changed."""
        values = {
            _TOLD: str(self.told),
            _AHEAD: json.dumps(self.ahead),
            _FETCHED: str(self.fetched),
            _MACHINES: json.dumps({name: asdict(told) for name, told in self.machines.items()}),
            _UNUSABLE: json.dumps(self.unusable),
            _STUCK: json.dumps(dict.fromkeys(sorted(self.stuck), True)),
            _READY: json.dumps(self.ready),
            _RESUMED: json.dumps(self.resumed),
        }
        changed = {key: text for key, text in values.items() if self._kept.get(key) != text}
        if changed:
            with self._store.transaction():
                for key, text in changed.items():
                    self._store.set_setting(key, text)
            self._kept = values

    def _number(self, key: str, default: int) -> int:
        text = self._store.setting(key)
        return min(int(text), default) if text.isdecimal() else default

    def _mapping(self, key: str) -> dict[str, Any]:
        with suppress(ValueError):
            found = json.loads(self._store.setting(key, "{}"))
            if isinstance(found, dict):
                return found
        return {}


def remembered_interval(store: "Store") -> float | None:
    """The interval that the user has set for good, in seconds; None for each machine's own."""
    with suppress(ValueError):
        return float(store.setting(INTERVAL)) or None
    return None


def remember_interval(store: "Store", seconds: float | None) -> None:
    """Set the interval for good, also for a monitor that runs; None for each machine's own."""
    store.set_setting(INTERVAL, None if seconds is None else repr(float(seconds)))
