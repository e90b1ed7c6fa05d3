"""When what was gathered is told: a window that grows while there is ever more. Pure.

The first thing to tell opens a window; what comes within it goes into the same message. A
window that opens soon after the last one is twice as long, so that five hundred jobs that end
one by one through the night make a dozen messages.
"""

from dataclasses import dataclass, replace

WINDOW = 30.0
"""Seconds that the first thing to tell waits for others."""

LONGEST = 1800.0
"""Seconds that anything waits at most."""

QUIET = 20.0
"""A time without a message so many times as long as the last window makes the next one short."""


@dataclass(frozen=True, slots=True)
class Window:
    """`shortest` is the length of a window after a quiet time. Times are of a running clock."""

    shortest: float = WINDOW
    longest: float = LONGEST
    length: float = 0.0
    """Of the open window, or of the last one."""
    opened: float | None = None
    closed: float | None = None
    """When the last one closed."""

    def touched(self, now: float) -> "Window":
        """Something to tell has come up."""
        if self.opened is not None:
            return self
        return replace(self, opened=now, length=self._next(now))

    def _next(self, now: float) -> float:
        if self.closed is None or now - self.closed > QUIET * self.length:
            return self.shortest
        return max(self.shortest, min(2.0 * self.length, self.longest))

    @property
    def ends(self) -> float | None:
        """When to tell; None while there is nothing."""
        return None if self.opened is None else self.opened + self.length

    def due(self, now: float) -> bool:
        """Whether it is to be told now."""
        return self.ends is not None and now >= self.ends

    def told(self, now: float) -> "Window":
        """It was told."""
        return replace(self, opened=None, closed=now)
