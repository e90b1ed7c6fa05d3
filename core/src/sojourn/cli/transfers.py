"""One line at the terminal about bytes on their way, for what takes longer than a second."""

import sys
import time

from sojourn.cli.amounts import duration, size

_AFTER = 1.0
"""Seconds before anything is shown."""
_EVERY = 0.1
_BAR = 24


class TransferLine:
    """Is told of bytes moved; shows them on stderr if that is a terminal.

    `muted` is set while something else is drawn there.
    """

    def __init__(self) -> None:
        self.muted = False
        self._what = ""
        self._begun = self._shown = 0.0
        self._drawn = False

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what or done == 0:
            self._what, self._begun = what, now
        ended = total > 0 and done >= total
        if now - self._begun < _AFTER or self.muted or not sys.stderr.isatty():
            return
        if ended:
            self.clear()
        elif now - self._shown >= _EVERY:
            self._shown, self._drawn = now, True
            sys.stderr.write(f"\r\x1b[K{describe(what, done, total, now - self._begun)}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._drawn = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def describe(what: str, done: int, total: int, seconds: float) -> str:
    """The line: a bar, the share, the sizes, the speed and the time that is left."""
    share = min(1.0, done / total) if total else 0.0
    bar = "#" * round(share * _BAR)
    speed = done / seconds if seconds else 0.0
    left = f", {duration((total - done) / speed)} left" if speed and total > done else ""
    return (
        f"{what} [{bar:<{_BAR}}] {share:4.0%}  {size(done)} of {size(total)}  {size(speed)}/s{left}"
    )
