"""Threads that do one thing each; what they bring back is taken up by the monitor's own thread.

So the monitor's state needs no locks, and a machine that does not answer holds up no other.
Threads are made for each thing and end with it: their connections to the store end with them.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Hands:
    """At most one thing under way for each key. `wake` is set whenever one is finished."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake
        self._busy: dict[str, threading.Thread] = {}
        self._finished: queue.SimpleQueue[tuple[str, Callable[[], None]]] = queue.SimpleQueue()

    def busy(self, key: str) -> bool:
        """Whether something is under way for `key`."""
        return key in self._busy

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._busy

    def start(self, key: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do `work` in a thread of its own; `done` gets what it returns, when `settle` is called.

        `work` is to raise nothing.
        """

        def run() -> None:
            result = work()
            self._finished.put((key, lambda: done(result)))
            self._wake.set()

        thread = threading.Thread(target=run, name=f"sojourn-{key}", daemon=True)
        self._busy[key] = thread
        thread.start()

    def settle(self) -> bool:
        """Take up what was finished since; whether there was anything."""
        settled = False
        while True:
            try:
                key, done = self._finished.get_nowait()
            except queue.Empty:
                return settled
            self._busy.pop(key).join()
            done()
            settled = True

    def wait(self, timeout: float) -> bool:
        """Wait for everything under way to end; False if it has not within `timeout` seconds."""
        until = time.monotonic() + timeout
        for thread in list(self._busy.values()):
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._busy.values())
