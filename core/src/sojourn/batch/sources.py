"""One word on a job from two sources: the queue, and records that lag behind it and keep more. Pure."""

from dataclasses import replace

from sojourn.states import State
from sojourn.values.messages import Phase, SchedulerWord

_AGAIN = (State.NODE_FAIL, State.PREEMPTED)
"""Ends after which a scheduler may start a job again, under the same id."""


def settle(
    shown: SchedulerWord | None,
    record: SchedulerWord | None,
    *,
    queue_trouble: str = "",
    records_trouble: str = "",
) -> SchedulerWord:
    """What is to be said of one job. `shown` is the queue's word and `record` the records', None
    where they have none; a trouble is why a source did not answer, or not about everything.

    The queue is right about what it shows. What it does not show is not alive if it has
    answered; then a final record counts, and any other is a record that was never brought to its
    end. If it has not answered, only such a record counts as can never be followed by another.
    """
    final = record if record is not None and record.phase is Phase.ENDED else None
    if shown is not None:
        return _with_record(shown, final)
    if final is not None and not queue_trouble:
        return final
    if final is not None and final.finished_at is not None and final.outcome not in _AGAIN:
        return final
    native, raw = (record.native, record.raw) if record is not None else ("", "")
    trouble = queue_trouble or records_trouble
    if trouble:
        return SchedulerWord(Phase.UNKNOWN, native, trouble, raw=raw)
    why = f"the queue does not hold it; its record still says {native}" if native else ""
    return SchedulerWord(Phase.ABSENT, native, why, raw=raw)


def _with_record(shown: SchedulerWord, final: SchedulerWord | None) -> SchedulerWord:
    """What the queue shows, with what only the records know of the same end."""
    if final is None or final.outcome is not shown.outcome:
        return shown
    return replace(
        shown,
        reason=shown.reason or final.reason,
        exit_code=final.exit_code if shown.exit_code is None else shown.exit_code,
        usage=final.usage,
        raw=f"{shown.raw}\n{final.raw}",
    )
