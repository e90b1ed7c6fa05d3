"""Submissions that a scheduler answers with words that are not understood: when to try again."""

from typing import Any

from sojourn.defaults import UNCLEAR_DELAY, UNCLEAR_TRIES
from sojourn.store.records import JobRecord
from sojourn.values.amounts import walltime_text
from sojourn.values.messages import Settlement


def next_try(record: JobRecord, answer: Settlement, now: float) -> tuple[str, dict[str, Any]]:
    """The reason and the fields of the attempt that follows such an answer: after a delay that
    doubles, or, after UNCLEAR_TRIES of them, only when somebody asks for it."""
    tries = record.unclear + 1
    words = f"The scheduler's answer is not understood: {answer.reason}"
    if tries >= UNCLEAR_TRIES:
        reason = f"held after {tries} submissions, see `sojourn explain`. {words}"
        return reason, {"refused": True, "unclear": 0, "not_before": None}
    delay = UNCLEAR_DELAY * 2 ** (tries - 1)
    reason = (
        f"submission {tries} of {UNCLEAR_TRIES} failed, next in {walltime_text(delay)}. {words}"
    )
    return reason, {"unclear": tries, "not_before": now + delay}
