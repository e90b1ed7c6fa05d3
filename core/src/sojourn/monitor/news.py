"""From what has happened to what there is to tell. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from sojourn.session.stuck import remedy
from sojourn.states import FINAL, State
from sojourn.store.history import EventRecord
from sojourn.store.machines import NEEDS_LOGIN, UNREACHABLE, MachineRecord
from sojourn.store.records import JobRecord
from sojourn.values.notification import Notice, Topic

STALE = 86400.0
"""What happened longer ago, in seconds, is not told any more when a monitor begins."""

_BY_HAND = frozenset({"cancel", "rebuild", "import"})
"""Sources of changes that a person has made, and need not be told of."""


def notices_of(
    events: Iterable[EventRecord],
    *,
    asked_for: Callable[[EventRecord], bool],
    retried: Callable[[EventRecord], bool],
    since: float,
) -> list[Notice]:
    """What there is to tell of changes of state: jobs that have ended.

    `asked_for` says whether the user has asked for the cancellation that an event tells of;
    what happened before `since` is not told, nor an end after which the job was `retried`: nobody
    has to do anything about it.
    """
    return [
        notice
        for event in events
        if event.at >= since
        and not retried(event)
        and (notice := _of(event, asked_for)) is not None
    ]


def _of(event: EventRecord, asked_for: Callable[[EventRecord], bool]) -> Notice | None:
    if event.new not in FINAL or event.source in _BY_HAND:
        return None
    if event.new is State.CANCELLED and asked_for(event):
        return None
    if event.new is not State.COMPLETED:
        topic = Topic.JOB_FAILED
    else:
        topic = Topic.WORKFLOW_PROGRESS if event.workflow else Topic.JOB_READY
    return Notice(
        topic,
        event.name or event.step or event.signature[:8],
        event.at,
        event.reason,
        workflow=event.workflow,
        machine=event.machine,
        signature=event.signature,
        state=event.new.value,
        event=event.id,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a machine last: a state, and since when it was in it."""

    state: str
    since: float


def conditions(
    machines: Mapping[str, MachineRecord],
    told: Mapping[str, Told],
    *,
    wanted: Collection[str],
    now: float,
    after: float,
) -> tuple[list[Notice], dict[str, Told]]:
    """What there is to tell of machines, and what was told then. Each state is told once.

    `wanted` are the machines that jobs wait for; `after` is how long, in seconds, one may not
    answer before that is told.
    """
    notices: list[Notice] = []
    known = dict(told)
    for name, machine in machines.items():
        before, since = known.get(name), machine.state_since or now
        if machine.state not in (NEEDS_LOGIN, UNREACHABLE):
            if before is not None:
                del known[name]
                notices.append(Notice(Topic.MACHINE_BACK, name, now, machine=name))
            continue
        if before == Told(machine.state, since) or name not in wanted:
            continue
        if machine.state == NEEDS_LOGIN:
            detail = f"{machine.cause}; run `sojourn login {name}`, what waits goes on after that"
            notices.append(Notice(Topic.MACHINE_LOGIN, name, now, detail, machine=name))
        elif now - since >= after:
            detail = f"for {_long(now - since)}; its jobs stay as they were: {machine.cause}"
            notices.append(Notice(Topic.MACHINE_UNREACHABLE, name, now, detail, machine=name))
        else:
            continue
        known[name] = Told(machine.state, since)
    return notices, known


def stuck(jobs: Iterable[JobRecord], told: Collection[str], now: float) -> list[Notice]:
    """What there is to tell of jobs that need a person, as `JobRecord.needs_person` says, and were
    not told of: those alike together. `told` are the keys that `stuck_key` gives."""
    alike: dict[tuple[str, str, str, str], list[JobRecord]] = {}
    for job in jobs:
        if stuck_key(job) not in told:
            group = (job.machine, job.workflow, job.step or job.name, job.reason)
            alike.setdefault(group, []).append(job)
    notices = []
    for (machine, workflow, name, _), group_of in alike.items():
        first, several = group_of[0], len(group_of) > 1
        who = f"{len(group_of)} jobs of {name or workflow}" if several else f"job {name}".rstrip()
        what = f"{who} on {machine} wait{'' if several else 's'} for a person"
        detail = f"{first.reason}: {remedy(first)}"
        notices.append(Notice(Topic.TROUBLE, what, now, detail, workflow=workflow, machine=machine))
    return notices


def stuck_key(job: JobRecord) -> str:
    """Names an attempt and why it needs a person: with another reason it is told again."""
    return f"{job.signature} {job.machine} {job.attempt} {job.reason}"


def _long(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"


def unusable(
    name: str,
    why: str,
    jobs: int,
    machines: Mapping[str, MachineRecord],
    configured: Collection[str],
    now: float,
) -> Notice:
    """What there is to tell of a machine that jobs are out on, and that cannot be asked as it
    is configured; `why` says so in a line."""
    said = f"{jobs} job{'s are' if jobs != 1 else ' is'} out on {name}, which cannot be asked"
    detail = f"{why}; nothing is lost: they are asked about again once it is configured"
    root = machines[name].root_id if name in machines else ""
    same = [
        other
        for other, machine in machines.items()
        if root and machine.root_id == root and other != name and other in configured
    ]
    if name not in configured and same:
        detail += f". It seems to be called {same[0]} now: run the workflow with `--on {same[0]}`, "
        detail += "which takes them over, or give it its name back"
    return Notice(Topic.TROUBLE, said, now, detail, machine=name)
