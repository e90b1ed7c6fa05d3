"""The two clocks of the monitor, in one place, so that tests can let one jump."""

import time

from sojourn.monitor.schedule import Instant


class Clock:
    """The wall's, and one that only ever goes forward."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def running(self) -> float:
        """Seconds since some moment; may stand still while the computer sleeps."""
        return time.monotonic()

    def now(self) -> Instant:
        """Both."""
        return Instant(self.wall(), self.running())
