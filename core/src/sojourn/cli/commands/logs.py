"""`sojourn logs`: what a job prints, from here if its result is here, live while it runs."""

import codecs
import io
import sys
import time
from typing import TYPE_CHECKING

import click

from sojourn.cli.opening import open_session
from sojourn.cli.options import of_machine, one_job
from sojourn.cli.output import hint, note
from sojourn.cli.selection import one
from sojourn.errors import DamagedResult
from sojourn.printable import plain
from sojourn.session.streams import stream_in
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.session.session import Session

_SOON = 0.3
_GROWTH = 1.5
_LONGEST = 10.0
"""Seconds between two looks at a log that does not grow."""


@click.command
@one_job
@click.option("--stderr", "errors", is_flag=True, help="Standard error instead of output.")
@click.option("-f", "--follow", is_flag=True, help="Read on until the job has ended.")
@click.option(
    "--raw", is_flag=True, help="Print control characters as they are to a terminal, too."
)
@of_machine
def command(signature: str, errors: bool, follow: bool, raw: bool, machine: str | None) -> None:
    """Print what a job has printed; with -f, go on as it prints more.

    Ctrl-C ends the reading, never the job. At a terminal control characters are written out
    (\\x1b), because they could steer it; to a file or a pipe every byte is as the job has printed it.

    \b
    Examples:
      sojourn logs 3f2a
      sojourn logs 3f2a --stderr
      sojourn logs -f hpc:8142
    """
    name = "stderr" if errors else "stdout"
    with open_session() as session:
        job = one(session.store, signature, machine)
        here, put = _here(session, job, name), _Printer(raw=raw)
        if here is not None:
            with here.open("rb") as file:
                while piece := file.read(1 << 20):
                    put(piece)
                put(b"", last=True)
                if not file.tell():
                    _say_nothing(job, name)
            return
        if job.state is State.NEW:
            note(
                f"job {job.signature[:8]} is NEW: it has not been handed in ({job.reason or 'yet'})"
            )
            return
        offset = _all(session, job, name, 0, put)
        if follow:
            offset = _follow(session, job, name, offset, put)
            job = session.again([job])[0]
        put(b"", last=True)
        if not offset:
            _say_nothing(job, name)


def _say_nothing(job: JobRecord, name: str) -> None:
    stream = "standard output" if name == "stdout" else "standard error"
    yet = "" if job.state in FINAL else " yet"
    note(f"job {job.signature[:8]} has printed nothing on {stream}{yet}: it is {job.state}")
    if job.state in FINAL and name == "stdout":
        hint(f"`sojourn logs {job.signature[:8]} --stderr` prints its standard error")


def _here(session: "Session", job: JobRecord, name: str) -> "Path | None":
    """The log in the result cache, if it is of this very attempt."""
    try:
        result = session.results.get(job.signature)
    except DamagedResult:
        return None
    if result is None or result.manifest.attempt != job.attempt or result.machine != job.machine:
        return None
    return stream_in(result, job, name)


def _all(
    session: "Session", job: JobRecord, name: str, offset: int | None, put: "_Printer"
) -> int | None:
    """Print what there is from `offset` on; where it ends, or None if there is no log."""
    end = offset or 0
    while True:
        piece = session.log(job, name, offset=end)
        if not piece.there:
            return offset if offset else None
        if piece.offset < end:
            note("the log begins anew: the job was started again")
        put(piece.data)
        end = piece.end
        if not piece.data:
            return end


def _follow(
    session: "Session", job: JobRecord, name: str, offset: int | None, put: "_Printer"
) -> int | None:
    """Read on until the job has ended: once more after that, so that nothing is missed; where the
    log ends then."""
    delay, asked = _SOON, 0.0
    interval = session.machines.get(job.machine).poll.interval
    said = ""
    while True:
        now = time.monotonic()
        if now - asked >= min(interval, delay * 4):
            asked = now
            session.refresh_each([job])
            job = session.again([job])[0]
        if job.state is not State.RUNNING and job.state not in FINAL and said != job.state:
            said = job.state
            note(f"{job.state}{': ' + job.reason if job.reason else ''}")
        before = offset
        ended = job.state in FINAL
        offset = _all(session, job, name, offset, put)
        if ended:
            return offset
        delay = _SOON if offset != before else min(delay * _GROWTH, _LONGEST)
        time.sleep(delay)


class _Printer:
    """Prints a log: to a terminal nothing that would steer it, unless it is asked for as it is;
    anywhere else the bytes as they are, for a log is data."""

    def __init__(self, *, raw: bool) -> None:
        self._decoder = None if raw or not sys.stdout.isatty() else _decoder()

    def __call__(self, data: bytes, *, last: bool = False) -> None:
        if self._decoder is not None:
            text = self._decoder.decode(data, last)
            data = plain(text).encode(errors="replace")
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _decoder() -> io.IncrementalNewlineDecoder:
    """What is read in pieces: characters, and line ends of Windows, may lie across two of them."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    return io.IncrementalNewlineDecoder(text, translate=True)
