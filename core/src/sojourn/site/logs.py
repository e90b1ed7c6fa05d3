"""What jobs print: read on the machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from sojourn.site import layout
from sojourn.site.trip import Dialogue

PIECE = 1 << 20
"""Most bytes of a log in one answer."""


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


def read_tails(
    dialogue: Dialogue, attempts: Sequence[tuple[str, int]], name: str, size: int
) -> dict[tuple[str, int], str]:
    """The last `size` bytes of a log ("stdout" or "stderr") of each attempt, as text."""
    if not attempts:
        return {}
    dialogue.load("logs")
    words = " ".join(layout.attempt(*attempt) for attempt in attempts)
    reply = dialogue.ask(f"tails {name} {size} {words}")
    return {a: frame.text for a, frame in zip(attempts, reply.frames, strict=True)}


def read_log(
    dialogue: Dialogue, signature: str, attempt: int, name: str, offset: int, limit: int = PIECE
) -> LogPiece:
    """At most `limit` bytes of a log from `offset` on; a negative offset counts from its end."""
    dialogue.load("logs")
    reply = dialogue.ask(f"log {layout.attempt(signature, attempt)} {name} {offset} {limit}")
    start, data = reply.get("from"), reply.get("log")
    if start is None or data is None:
        return LogPiece(0, b"", there=False)
    return LogPiece(int(start.text), data.data)
