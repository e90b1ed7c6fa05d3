"""A job's output as it grows: from the result cache if it is there, else from the machine."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult, SojournError
from sojourn.printable import plain
from sojourn.session.streams import stream_in
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.session import Session

TAIL = 256 << 10
"""Bytes of a long log that are shown, from its end."""

_SOON, _GROWTH, _LONGEST = 0.5, 1.5, 10.0
"""Seconds between two looks at a log that does not grow."""

Show = Callable[[str], None]


def tail(
    session: "Session", job: JobRecord, name: str, show: Show, stop: Callable[[float], bool]
) -> None:
    """Give `show` what the log `name` ("stdout" or "stderr") holds, and what comes to it.

    Ends when the job has, or when `stop`, which waits for so many seconds, says so.
    """
    here = _cached(session, job, name)
    if here is not None:
        show(_words(_last(here)))
        return
    if job.state is State.NEW:
        show("it has not been handed in yet")
        return
    offset: int | None = None
    delay = _SOON
    while True:
        ended = session.record(job.signature, job.machine).state in FINAL
        try:
            piece = session.log(job, name, offset=-TAIL if offset is None else offset)
        except SojournError as error:
            show(f"\n[{time.strftime('%H:%M:%S')} {error.message}]\n")
            return
        if piece.data:
            if offset is None and piece.offset:
                show("[the beginning is left out]\n")
            elif offset is not None and piece.offset < offset:
                show("\n[the job was started again]\n")
            show(_words(piece.data))
        grown = piece.there and piece.end != offset
        offset = piece.end if piece.there else offset
        if ended and not piece.data:
            if not piece.there:
                show("it has printed nothing")
            return
        delay = _SOON if grown else min(delay * _GROWTH, _LONGEST)
        if stop(0.0 if piece.data and ended else delay):
            return


def _cached(session: "Session", job: JobRecord, name: str) -> Path | None:
    try:
        result = session.results.get(job.signature)
    except DamagedResult:
        return None
    if result is None or result.manifest.attempt != job.attempt or result.machine != job.machine:
        return None
    return stream_in(result, job, name)


def _last(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL))
        return (b"[the beginning is left out]\n" if size > TAIL else b"") + file.read()


def _words(data: bytes) -> str:
    """Text that steers no terminal; of a line that is written over, what is seen in the end."""
    lines = data.decode(errors="replace").replace("\r\n", "\n").split("\n")
    return plain("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))
