"""From evidence to a state: pure, and the only place that decides what has become of a job.

Nothing but an exit status makes a job COMPLETED, and that only once the scheduler no longer shows
it and has not said that it was killed; absent is not done; a word that this release does not know
changes nothing.
"""

from dataclasses import dataclass, field
from typing import Any

from sojourn.defaults import EXIT_GRACE, LAG_GRACE, LOST_AFTER, WORD_GRACE
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.messages import ExitReport, Phase, PollAnswer, SchedulerWord, SiteEvidence

_KILLED = frozenset({143, 137, 130, 129})
"""Exit statuses of a shell whose command was ended by TERM, KILL, INT or HUP."""

_BY_SCHEDULER = frozenset(
    {State.CANCELLED, State.TIMEOUT, State.OUT_OF_MEMORY, State.NODE_FAIL, State.PREEMPTED}
)
"""Ends that only the scheduler knows of; they outrank any exit status: a command's shell may end
well although its child was killed."""

_ALIVE = frozenset({Phase.WAITING, Phase.HELD, Phase.RUNNING, Phase.FINISHING})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a job is now. `settle` asks for a look by name before it is given up as LOST."""

    state: State
    reason: str = ""
    exit_code: int | None = None
    settle: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


def judge(
    record: JobRecord,
    answer: PollAnswer,
    now: float,
    *,
    watched: bool = True,
    lost_after: float = LOST_AFTER,
    walltime: int | None = None,
) -> Judgement:
    """Judge one poll's answer.

    `now` is this computer's clock; `watched` whether the machine has answered ever since the
    poll before, so that the time in between counts. `walltime` is what the job asked for.
    """
    word, site = answer.word, answer.site
    if site is not None and site.exit is not None:
        return _ended(record, word, site, site.exit, walltime, now)
    match word.phase:
        case Phase.WAITING:
            return _waiting(State.QUEUED, word)
        case Phase.HELD:
            return _waiting(State.HELD, word)
        case Phase.RUNNING:
            started = site.started_at if site is not None and site.started else word.started_at
            return _seen(State.RUNNING, word.reason, started_at=started or record.started_at or now)
        case Phase.FINISHING:
            return _seen(State.FINISHING, word.reason)
        case Phase.ENDED:
            return _without_exit(record, word, site, now)
        case Phase.ABSENT:
            return _absent(record, site, now, watched, lost_after)
    reason = (
        word.reason or f"the scheduler says {word.native or 'nothing'}, which is not understood"
    )
    if site is not None and site.started and record.state in (State.QUEUED, State.SUBMITTING):
        return Judgement(State.RUNNING, reason, fields={"started_at": site.started_at})
    return Judgement(record.state, reason)


_PRESENT = {"absent_since": None, "absent_watched": 0.0, "absent_polls": 0}


def _seen(state: State, reason: str, **fields: Any) -> Judgement:
    return Judgement(state, reason, fields={**fields, **_PRESENT})


def _waiting(state: State, word: SchedulerWord) -> Judgement:
    reason = f"can never start: {word.never}" if word.never else word.reason
    return _seen(state, reason, never_starts=bool(word.never))


# --- with an exit file ----------------------------------------------------------------------------


def _ended(
    record: JobRecord,
    word: SchedulerWord,
    site: SiteEvidence,
    report: ExitReport,
    walltime: int | None,
    now: float,
) -> Judgement:
    times = {
        **_PRESENT,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "blocked_by": "",
    }
    if (waits := _before_the_word(record, word, report, now)) is not None:
        return waits
    if report.phase == "again":
        outcome = word.outcome if word.outcome in _BY_SCHEDULER else State.NODE_FAIL
        reason = "cut off, and started again by the scheduler: only with `requeue` is it run twice"
        return Judgement(outcome, reason, None, fields=times)
    if word.outcome in _BY_SCHEDULER and _outranks(word, report):
        return Judgement(word.outcome, word.reason or word.native, report.status, fields=times)
    if report.ok:
        return _well(word, site, report, times)
    if report.phase == "parent":
        parent = report.detail.split("/")[1] if report.detail.count("/") == 2 else report.detail
        reason = f"its parent {parent[:12]} did not end well"
        return Judgement(State.CANCELLED, reason, None, fields={**times, "blocked_by": parent})
    if report.phase == "asked":
        return _asked_to_end(record, report, walltime, times)
    if report.phase == "command":
        if record.cancel_requested and report.status in _KILLED:
            return Judgement(State.CANCELLED, "cancelled while it ran", report.status, fields=times)
        elapsed = report.finished_at - report.started_at
        if report.status in _KILLED and walltime is not None and elapsed >= walltime:
            reason = f"killed after {elapsed:.0f} s, its walltime being {walltime} s"
            return Judgement(State.TIMEOUT, reason, report.status, fields=times)
    return Judgement(State.FAILED, failure(report), report.status, fields=times)


def _outranks(word: SchedulerWord, report: ExitReport) -> bool:
    if word.doubtful:
        return report.phase in ("command", "asked") and not report.ok
    return report.phase != "parent"


def _before_the_word(
    record: JobRecord, word: SchedulerWord, report: ExitReport, now: float
) -> Judgement | None:
    """FINISHING, while the scheduler has yet to say that the job is over, and perhaps why.

    Something of it may still run, and the signal that ended the command may have been the
    scheduler's. A scheduler whose word does not come is not waited for without end.
    """
    if record.state in FINAL:
        return None
    if word.phase in _ALIVE:
        grace = WORD_GRACE if report.phase == "asked" else LAG_GRACE
    elif word.phase is Phase.UNKNOWN and report.ok:
        grace = EXIT_GRACE
    elif word.phase is Phase.UNKNOWN and report.phase == "asked" and not record.cancel_requested:
        grace = WORD_GRACE
    else:
        return None
    since = record.absent_since if record.absent_since is not None else now
    if now - since >= grace:
        return None
    reason = "its exit status is known; waiting for the scheduler to report the end"
    if report.phase == "asked":
        reason = "terminating; waiting for the scheduler to report the cause"
    return Judgement(State.FINISHING, reason, fields={"absent_since": since})


def _well(
    word: SchedulerWord, site: SiteEvidence, report: ExitReport, times: dict[str, Any]
) -> Judgement:
    """Ended well, as far as job.sh has seen."""
    if site.cancelled and word.outcome is not State.COMPLETED:
        return Judgement(State.CANCELLED, "cancelled as it ended", report.status, fields=times)
    if word.outcome is State.FAILED and (word.signal is not None or (word.exit_code or 0) > 128):
        how = f"signal {word.signal}" if word.signal is not None else f"status {word.exit_code}"
        reason = word.reason or f"the scheduler says that it was killed ({how})"
        return Judgement(State.FAILED, reason, report.status, fields=times)
    return Judgement(State.COMPLETED, "", report.status, fields=times)


def _asked_to_end(
    record: JobRecord,
    report: ExitReport,
    walltime: int | None,
    times: dict[str, Any],
) -> Judgement:
    """The job was signalled, as at its walltime, when it is deleted or when it is preempted."""
    elapsed = report.finished_at - report.started_at
    early = min(60.0, max(2.0, (walltime or 0) / 10))  # what comes before job.sh counts, too
    state, reason = State.CANCELLED, "terminated by a signal from outside Sojourn"
    said = report.detail.lower()
    if record.cancel_requested:
        reason = "cancelled while it ran"
    elif "walltime" in said or "time limit" in said or "cput" in said:
        state, reason = State.TIMEOUT, report.detail
    elif "mem" in said:
        state, reason = State.OUT_OF_MEMORY, report.detail
    elif walltime is not None and elapsed + early >= walltime:
        state = State.TIMEOUT
        reason = f"asked to end after {elapsed:.0f} s, its walltime being {walltime} s"
    return Judgement(state, reason, report.status, fields=times)


def failure(report: ExitReport) -> str:
    """Why an exit report is a failure, in words."""
    match report.phase:
        case "setup":
            return f"setup failed with exit status {report.status}: {report.detail}"
        case "check":
            return "the check after the command failed"
        case "inputs":
            return f"an input could not be put in place: {report.detail}"
        case "unlisted":
            return f"the outputs could not be listed: {report.detail}"
        case "outputs":
            rest = f" and {len(report.missing) - 1} more" if len(report.missing) > 1 else ""
            return f"the output {report.detail or report.missing[0]!r} is missing{rest}"
    if report.status > 128:
        return f"the command ended with exit status {report.status} (signal {report.status - 128})"
    return f"the command ended with exit status {report.status}"


# --- without one ----------------------------------------------------------------------------------


def _without_exit(
    record: JobRecord, word: SchedulerWord, site: SiteEvidence | None, now: float
) -> Judgement:
    """The scheduler says it ended, and no exit status is to be seen (yet)."""
    times = {
        "started_at": word.started_at or record.started_at,
        "finished_at": word.finished_at or now,
    }
    reason = word.reason or word.native
    if word.outcome in _BY_SCHEDULER:
        return Judgement(word.outcome, reason, word.exit_code, fields=times)
    if record.cancel_requested and word.outcome is not State.COMPLETED:
        return Judgement(State.CANCELLED, "cancelled", word.exit_code, fields=times)
    if site is not None and site.closed:
        return Judgement(State.CANCELLED, "it was closed before it started", fields=times)
    since = record.absent_since if record.absent_since is not None else now
    waits = now - since < EXIT_GRACE and not word.conclusive
    started = site is not None and site.started
    if word.outcome is State.FAILED and not (started and waits):
        return Judgement(State.FAILED, reason, word.exit_code or None, fields=times)
    if waits:
        reason = "ended, by the scheduler's word; its exit status is not to be seen yet"
        return Judgement(State.FINISHING, reason, fields={"absent_since": since})
    if word.outcome is None and site is not None and site.present and not started:
        reason = f"it ended in the queue before it started: {reason or 'deleted'}"
        return Judgement(State.CANCELLED, reason, fields=times)
    reason = f"the scheduler says {word.native or 'it ended'}, but it left no exit status"
    if site is not None and site.exit_error:
        reason = _unreadable(site)
    return Judgement(State.LOST, reason, fields=times)


def _unreadable(site: SiteEvidence) -> str:
    return f"its exit file cannot be read: {site.exit_error}"


def _absent(
    record: JobRecord, site: SiteEvidence | None, now: float, watched: bool, lost_after: float
) -> Judgement:
    """The scheduler no longer knows it, and it left no exit status."""
    if record.state in FINAL:
        return Judgement(record.state, record.reason)
    if site is not None and site.closed:
        reason = "cancelled before it started" if record.cancel_requested else "closed elsewhere"
        return Judgement(State.CANCELLED, reason, fields={"finished_at": now})
    if record.cancel_requested and record.absent_polls >= 1:
        return Judgement(State.CANCELLED, "cancelled", fields={"finished_at": now})
    before = record.polled_at if record.absent_polls else None
    gap = max(0.0, now - before) if before is not None and watched else 0.0
    absent = record.absent_watched + gap
    fields = {
        "absent_since": record.absent_since if record.absent_polls else now,
        "absent_polls": record.absent_polls + 1,
        "absent_watched": absent,
    }
    reason = "the scheduler no longer knows it, and it has left no exit status yet"
    if site is not None and site.exit_error:
        reason = f"the scheduler no longer knows it, and {_unreadable(site)}"
    gone = absent >= lost_after and record.absent_polls >= 1
    return Judgement(record.state, reason, settle=gone, fields=fields)
