"""Reading the store whenever something has been recorded, in a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.errors import SojournError
from sojourn.top.model import Node, View, forest
from sojourn.top.news import News, news
from sojourn.top.snapshot import Snapshot, take

if TYPE_CHECKING:
    from sojourn.store.store import Store

_LOOK = 0.5
"""Seconds between two looks at whether anything was recorded: a look is cheap."""

Show = Callable[[Snapshot, Sequence[Node], Sequence[News]], None]


class Watching:
    """Gives `show` the store's tree at once, and again after each change of anything in it.

    `fail` is given what keeps the store from being read; it is tried again.
    """

    def __init__(self, store: "Store", show: Show, fail: Callable[[str], None]) -> None:
        self._store, self._show, self._fail = store, show, fail
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sojourn-top-store", daemon=True)
        self._again = False
        self.view = View.WORKFLOWS

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for what is being read."""
        self._stop.set()
        self._wake.set()
        self._thread.join(5.0)

    def hurry(self) -> None:
        """Look now, and show it even if nothing has changed."""
        self._again = True
        self._wake.set()

    def _run(self) -> None:
        seen: tuple[int, int] | None = None
        event, said = -1, ""
        while not self._stop.is_set():
            try:
                version = self._store.version()
                if version != seen or self._again:
                    self._again, seen = False, version
                    snapshot = take(self._store)
                    changes = () if event < 0 else self._store.changes_since(event)
                    event = changes[-1].id if changes else max(event, self._newest(event))
                    self._show(snapshot, forest(snapshot, self.view), news(changes))
                said = ""
            except SojournError as error:
                seen = None
                if str(error) != said:
                    said = str(error)
                    self._fail(said)
            self._wake.wait(_LOOK)
            self._wake.clear()

    def _newest(self, event: int) -> int:
        return self._store.last_event_id() if event < 0 else event
