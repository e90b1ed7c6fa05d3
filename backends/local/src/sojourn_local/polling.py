"""Evidence on jobs: the queue's word first, then the files of those that do not wait."""

import time
from collections.abc import Mapping, Sequence

from sojourn.site.claims import id_of
from sojourn.site.context import MachineContext
from sojourn.site.evidence import read_evidence
from sojourn.values.messages import JobRef, Phase, PollAnswer, SchedulerWord
from sojourn_local.handing import LocalIds
from sojourn_local.layout import Layout
from sojourn_local.looking import ABSENT, look

_TRIES, _PAUSE = 10, 0.02
"""How often, and after how many seconds, a runner's last word is looked for."""

_UNTOUCHED = frozenset({Phase.WAITING, Phase.HELD})


def poll(context: MachineContext, layout: Layout, jobs: Sequence[JobRef]) -> list[PollAnswer]:
    """One answer a job; a trip only where files are to be read."""
    words = look(layout, [job.scheduler_id for job in jobs if job.scheduler_id])
    read = [job for job in jobs if words.get(job.scheduler_id, ABSENT).phase not in _UNTOUCHED]
    if not read:
        return [PollAnswer(job.signature, job.attempt, words[job.scheduler_id]) for job in jobs]
    with context.trip() as dialogue:
        evidence = read_evidence(
            dialogue, [(job.signature, job.attempt) for job in read], LocalIds().is_id
        )
    # The id under which it started outranks the one that we were told.
    ids = {attempt: id_of(seen, LocalIds()) for attempt, seen in evidence.items()}
    words |= look(layout, [one for one in ids.values() if one and one not in words])
    words |= _of_runners(
        layout, [ids[attempt] for attempt, seen in evidence.items() if seen.exit is not None], words
    )
    answers = []
    for job in jobs:
        attempt = (job.signature, job.attempt)
        word = words.get(ids.get(attempt) or job.scheduler_id, ABSENT)
        answers.append(PollAnswer(*attempt, word, evidence.get(attempt)))
    return answers


def _of_runners(
    layout: Layout, ids: Sequence[str], words: Mapping[str, SchedulerWord]
) -> dict[str, SchedulerWord]:
    """What runners say of jobs that have left their exit file: the end and what was used, which
    a runner writes down a moment later. A runner that has died is not waited for."""
    late = [one for one in ids if one in words and words[one].phase is Phase.RUNNING]
    found: dict[str, SchedulerWord] = {}
    for _ in range(_TRIES):
        if not late:
            break
        found |= look(layout, late)
        late = [one for one in late if found[one].phase is Phase.RUNNING]
        if late:
            time.sleep(_PAUSE)
    return found
