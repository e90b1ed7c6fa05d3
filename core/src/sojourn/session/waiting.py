"""Waiting for jobs to end: a poll, a pause, and so on. Who waits sleeps as it likes."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.session.stuck import stuck
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.asking import Asking

_FIRST = 0.05
_GROWTH = 1.6
"""Pauses between polls, in seconds: short at first, growing up to the machine's poll interval."""


class Deadline:
    """The end of a time in seconds from now; None never ends."""

    def __init__(self, timeout: float | None) -> None:
        self._at = None if timeout is None else time.monotonic() + timeout

    @property
    def left(self) -> float | None:
        """Seconds left, 0 when it is over; None without an end."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0


class Waiting:
    """Jobs that are waited for; `present` are their records as last read."""

    def __init__(
        self,
        session: "Asking",
        records: Sequence[JobRecord],
        timeout: float | None,
        on_poll: Callable[[Sequence[JobRecord]], None] | None = None,
    ) -> None:
        self.present = list(records)
        self._session = session
        self._deadline = Deadline(timeout)
        self._on_poll = on_poll
        self._active: list[JobRecord] = []
        self._delay = _FIRST

    def step(self) -> float | None:
        """Poll what has not ended, except the first time; the seconds to pause before the next
        step, None if nothing is left to wait for or time is up."""
        if self._active:
            self._poll()
        session = self._session
        self.present = session.again(self.present)
        if self._on_poll is not None:
            self._on_poll(self.present)
        active = [record for record in self.present if record.state not in FINAL]
        left_out = stuck(session.store, active)
        self._active = [r for r in active if (r.signature, r.machine) not in left_out]
        left = self._deadline.left
        if not self._active or left == 0.0:
            return None
        longest = min(session.interval(record.machine) for record in self._active)
        self._delay = min(self._delay * _GROWTH, longest)
        return self._delay if left is None else min(self._delay, left)

    def _poll(self) -> None:
        self._session.refresh_each(self._active)
        for name in {record.machine for record in self._active if record.state is State.NEW}:
            self._session.submit_waiting(name)
