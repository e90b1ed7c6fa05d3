"""What a person does to chosen jobs: each does its work and says in a line what came of it.

They may wait for machines, so they run in threads; errors are `SojournError`s.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sojourn.cli.amounts import count
from sojourn.errors import NotPossible
from sojourn.garbage.forget import delete_jobs, delete_workflow
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.top.model import Kind, Node
from sojourn.top.snapshot import Key
from sojourn.values.messages import Change, Changed

if TYPE_CHECKING:
    from sojourn.session.session import Session

Action = Callable[["Session", Sequence[JobRecord]], str]

_WORDS = {
    Changed.DONE: "done",
    Changed.NEVER_RUNS: "cancelled before it was handed in",
    Changed.FINISHED: "ended already",
    Changed.ABSENT: "not known to the scheduler",
    Changed.REFUSED: "refused",
}


def chosen(session: "Session", keys: Iterable[Key]) -> list[JobRecord]:
    """The jobs as they are now; those that were deleted meanwhile are left out."""
    return list(session.store.get_many(keys).values())


def cancel(session: "Session", records: Sequence[JobRecord]) -> str:
    """End jobs."""
    return f"cancel: {_told(session.cancel(records))}"


def hold(session: "Session", records: Sequence[JobRecord]) -> str:
    """Keep waiting jobs from starting."""
    waiting = _in(records, {State.NEW, State.SUBMITTING, State.QUEUED, State.HELD}, "is waiting")
    return f"hold: {_told(session.hold(waiting))}"


def release(session: "Session", records: Sequence[JobRecord]) -> str:
    """Let held jobs start again."""
    return f"release: {_told(session.release(_in(records, {State.HELD}, 'is held')))}"


def retry(session: "Session", records: Sequence[JobRecord]) -> str:
    """Run those that ended badly again; of one job alone, also a completed one."""
    ended = FINAL if len(records) == 1 else FINAL - {State.COMPLETED}
    again = session.retry(_in(records, ended, "has ended badly"))
    states = Counter(record.state for record in again)
    return "retry: " + ", ".join(f"{number} {state}" for state, number in states.items())


def check(session: "Session", records: Sequence[JobRecord]) -> str:
    """Ask the machines of these jobs now."""
    active = [record for record in records if record.state not in FINAL]
    errors = session.refresh_each(active)
    if errors:
        return "; ".join(f"{name}: {error}" for name, error in errors.items())
    return f"check: {count(len(active), 'job')} asked about"


def delete_here(session: "Session", records: Sequence[JobRecord]) -> str:
    """Forget jobs; what lies or runs on the machine stays."""
    return str(delete_jobs(session, records))


def delete_there(session: "Session", records: Sequence[JobRecord]) -> str:
    """Forget jobs, and end and erase them on the machine."""
    return str(delete_jobs(session, records, there=True))


def delete_whole(session: "Session", workflow: str, *, there: bool) -> str:
    """Forget a workflow; jobs that others share are kept."""
    return f"{workflow}: {delete_workflow(session, workflow, there=there)}"


def toggle_pause(session: "Session", node: Node, keys: Iterable[Key]) -> str:
    """Pause a workflow, a machine, or jobs; or let them go on."""
    paused, what = not node.paused, node.label
    store = session.store
    recorded = node.kind is Kind.WORKFLOW and store.update_workflow(node.label, paused=paused)
    if node.kind is Kind.MACHINE:
        store.update_machine(node.label, paused=paused)
    elif not recorded:
        jobs = [job for job in chosen(session, keys) if job.state not in FINAL]
        if not jobs:
            raise NotPossible("none of these jobs is active: nothing to pause")
        paused = not all(job.paused for job in jobs)
        changed = store.pause_jobs(((j.signature, j.machine) for j in jobs), paused=paused)
        what = count(changed, "job")
    return f"{what}: {'paused' if paused else 'goes on'}"


def _in(records: Sequence[JobRecord], states: Iterable[State], what: str) -> list[JobRecord]:
    wanted = frozenset(states)
    found = [record for record in records if record.state in wanted]
    if not found:
        raise NotPossible(f"none of these jobs {what}")
    return found


def _told(changes: Sequence[Change]) -> str:
    by_words: dict[str, list[Change]] = {}
    for change in changes:
        by_words.setdefault(_WORDS[change.outcome], []).append(change)
    reasons = {
        words: next((c.reason for c in many if c.reason), "") for words, many in by_words.items()
    }
    return ", ".join(
        f"{len(many)} {words}" + (f" ({reasons[words]})" if reasons[words] else "")
        for words, many in by_words.items()
    )
