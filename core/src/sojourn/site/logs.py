"""What jobs print: read on the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from sojourn.site import layout
from sojourn.site.frames import understood
from sojourn.site.trip import Dialogue
from sojourn.values.outside import whole

PIECE = 1 << 20
"""Most bytes of a log in one answer."""

_AT_ONCE = 100
"""Logs whose ends are asked for at once."""


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Part of a log: the bytes at `offset`; `there` is False if there is no such log (yet)."""

    offset: int
    data: bytes
    there: bool = True

    @property
    def end(self) -> int:
        """Where to read on."""
        return self.offset + len(self.data)


def read_tails(dialogue: Dialogue, logs: Sequence[tuple[str, int, str]], size: int) -> list[str]:
    """The last `size` bytes of each log, as text: the log of an attempt (signature, number) is
    "stdout", "stderr", or another file below the attempt's directory."""
    if not logs:
        return []
    dialogue.load("logs")
    tails: list[str] = []
    for at in range(0, len(logs), _AT_ONCE):
        some = logs[at : at + _AT_ONCE]
        words = " ".join(
            quote(f"{layout.attempt(sig, number)}/{name}") for sig, number, name in some
        )
        frames = dialogue.ask(f"tails {size} {words}").need(*["tail"] * len(some))
        tails += [frame.text for frame in frames]
    return tails


def read_log(
    dialogue: Dialogue, signature: str, attempt: int, name: str, offset: int, limit: int = PIECE
) -> LogPiece:
    """At most `limit` bytes of a log from `offset` on; a negative offset counts from its end."""
    dialogue.load("logs")
    reply = dialogue.ask(f"log {layout.attempt(signature, attempt)} {quote(name)} {offset} {limit}")
    start, data = reply.get("from"), reply.get("log")
    if start is None or data is None:
        return LogPiece(0, b"", there=False)
    with understood(dialogue.place.machine, "a log"):
        if len(data.data) > limit:
            raise ValueError(f"{len(data.data)} bytes where {limit} were asked for")
        return LogPiece(whole(start.text), data.data)
