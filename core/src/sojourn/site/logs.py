"""What jobs print: read on the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

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


def read_tails(dialogue: Dialogue, logs: Sequence[tuple[str, int, str]], size: int) -> list[str]:
    """The last `size` bytes of each log, as text: the log of an attempt (signature, number) is
    "stdout", "stderr", or another file below the attempt's directory."""
    if not logs:
        return []
    dialogue.load("logs")
    words = " ".join(quote(f"{layout.attempt(sig, number)}/{name}") for sig, number, name in logs)
    return [frame.text for frame in dialogue.ask(f"tails {size} {words}").frames]


def read_log(
    dialogue: Dialogue, signature: str, attempt: int, name: str, offset: int, limit: int = PIECE
) -> LogPiece:
    """At most `limit` bytes of a log from `offset` on; a negative offset counts from its end."""
    dialogue.load("logs")
    reply = dialogue.ask(f"log {layout.attempt(signature, attempt)} {quote(name)} {offset} {limit}")
    start, data = reply.get("from"), reply.get("log")
    if start is None or data is None:
        return LogPiece(0, b"", there=False)
    return LogPiece(int(start.text), data.data)
