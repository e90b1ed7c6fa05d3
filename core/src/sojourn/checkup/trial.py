"""One tiny job through everything: handed in, run, fetched, and cleared away."""

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import JobFailed, SojournError
from sojourn.session.failures import failed
from sojourn.site import layout
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.job import Job
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.session.session import Session

NAME = "sojourn-check"
_WALLTIME = 300
_ENDING = 20.0
"""Seconds for a cancelled trial to end, so that it can be cleared away."""


def run_trial(session: "Session", machine: str, timeout: float) -> CheckLine:
    """Run a job that exists for this once; whatever comes of it, it is cleared away."""
    nonce = secrets.token_hex(8)
    limited = "walltime" in session.link(machine).info.resources
    job = Job(
        command=f"echo {nonce} > said; uname -n",
        outputs=["said"],
        parameters={"nonce": nonce},
        resources=Resources(walltime=_WALLTIME if limited else None),
        name=NAME,
    )
    begun = time.monotonic()
    signature = session.sign([job], machine)[0].signature
    try:
        session.submit([job], machine)
        record = session.poll_until_final([session.record(signature, machine)], timeout=timeout)[0]
        return _verdict(session, record, nonce, time.monotonic() - begun)
    except SojournError as error:
        return CheckLine("a tiny job", False, error.message, error.hint)
    finally:
        _clear(session, signature, machine)


def _verdict(session: "Session", record: JobRecord, nonce: str, took: float) -> CheckLine:
    if record.needs_person or (record.state not in FINAL and record.unclear):
        advice = "change what `defaults` of the machine ask for; it is cancelled now"
        return CheckLine("a tiny job", False, f"{record.state}: {record.reason}", advice)
    if record.state not in FINAL:
        why = f" ({record.reason})" if record.reason else ""
        advice = "the queue may be busy: --timeout waits longer; it is cancelled now"
        return CheckLine(
            "a tiny job", None, f"still {record.state} after {took:.0f} s{why}", advice
        )
    if record.state is not State.COMPLETED:
        link = session.link(record.machine)
        error: JobFailed = failed(link, session.store, [record])[record.signature]
        said = error.stderr_tail.strip().splitlines()[-1:]
        why = "; ".join(filter(None, [record.reason, *said]))
        advice = "look at `setup`, `shell` and `defaults` of the machine"
        return CheckLine("a tiny job", False, f"{record.state}: {why}", advice)
    result = session.fetch_results([record])[record.signature]
    if isinstance(result, SojournError):
        return CheckLine("a tiny job", False, result.message, result.hint)
    if result["said"].read_text().strip() != nonce:
        return CheckLine("a tiny job", False, "its output came back with other bytes")
    node = result.stdout.read_text(errors="replace").strip()
    return CheckLine("a tiny job", True, f"ran on {node}, and was back after {took:.1f} s")


def _clear(session: "Session", signature: str, machine: str) -> None:
    """Leave nothing of it here; and there nothing but what still runs, which gc takes later."""
    record = session.store.get(signature, machine)
    if record is None:
        return
    with suppress(SojournError):
        if record.state not in FINAL:
            session.cancel([record])
            record = session.poll_until_final([record], timeout=_ENDING)[0]
        if record.state in FINAL and record.token:
            _remove(session, record)
    with suppress(SojournError):
        session.results.remove(signature)
    session.store.delete_job(signature, machine)


def _remove(session: "Session", record: JobRecord) -> None:
    link = session.link(record.machine)

    def remove() -> None:
        with link.context.trip() as dialogue:
            dialogue.load("clean")
            dialogue.ask(f"discard jobs/{layout.job(record.signature)}")
            dialogue.ask(f"discard submissions/{record.token}")

    link.contact(remove)
