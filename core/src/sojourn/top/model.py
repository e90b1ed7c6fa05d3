"""The tree that is shown: workflow, group or loop, job; and machine for jobs without a workflow.

Pure: made from a snapshot, knows nothing of a screen.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sojourn.states import FINAL, State
from sojourn.store.records import JobLine
from sojourn.top.snapshot import Key, Snapshot

URGENT = (
    State.FAILED, State.TIMEOUT, State.OUT_OF_MEMORY, State.NODE_FAIL, State.PREEMPTED, State.LOST,
    State.RUNNING, State.FINISHING, State.HELD, State.SUBMITTING, State.QUEUED, State.NEW,
    State.CANCELLED, State.COMPLETED,
)  # fmt: skip
"""All states, those that a person wants to know of first."""


class Kind(StrEnum):
    """What a line of the tree stands for."""

    WORKFLOW = "workflow"
    MACHINE = "machine"
    GROUP = "group"
    JOB = "job"


class View(StrEnum):
    """What the tree is rooted in."""

    WORKFLOWS = "workflows"
    MACHINES = "machines"


@dataclass(slots=True, eq=False)
class Node:
    """A line of the tree. `key` is the same in every snapshot, so that what is open stays open.

    `jobs` are those below it, each once, however often it takes part; of a job, itself.
    """

    key: str
    kind: Kind
    label: str
    job: JobLine | None = None
    note: str = ""
    children: list["Node"] = field(default_factory=list)
    jobs: dict[Key, JobLine] = field(default_factory=dict)
    paused: bool = False
    _counts: Counter[State] | None = None

    @property
    def counts(self) -> Counter[State]:
        """How many of its jobs are in each state; counted once."""
        if self._counts is None:
            self._counts = Counter(job.state for job in self.jobs.values())
        return self._counts

    @property
    def progress(self) -> str:
        """`3 of 8`: how many of its jobs have ended."""
        return f"{sum(self.counts[state] for state in FINAL)} of {len(self.jobs)}"

    @property
    def summary(self) -> str:
        """`1 FAILED, 2 RUNNING`: how many are in each state, what needs looking at first."""
        stuck = sum(job.needs_person for job in self.jobs.values())
        waiting = [f"{stuck} waiting for a person"] if stuck else []
        counted = [f"{self.counts[state]} {state}" for state in URGENT if self.counts[state]]
        return ", ".join(waiting + counted)

    def walk(self) -> Iterator["Node"]:
        """Itself and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def forest(snapshot: Snapshot, view: View = View.WORKFLOWS) -> tuple[Node, ...]:
    """The roots of the tree, workflows that ran last first."""
    if view is View.MACHINES:
        return tuple(_machines(snapshot, snapshot.jobs.values()))
    roots = []
    placed: set[Key] = set()
    by_workflow: dict[str, list[JobLine]] = {name: [] for name in snapshot.workflows}
    for job in snapshot.jobs.values():
        if job.workflow:
            by_workflow.setdefault(job.workflow, []).append(job)
    for name, jobs in by_workflow.items():
        root = _workflow(snapshot, name, jobs)
        placed |= root.jobs.keys()
        roots.append(root)
    rest = [job for key, job in snapshot.jobs.items() if key not in placed]
    return (*roots, *_machines(snapshot, rest))


def _workflow(snapshot: Snapshot, name: str, jobs: Sequence[JobLine]) -> Node:
    record = snapshot.workflows.get(name)
    root = Node(f"w:{name}", Kind.WORKFLOW, name, paused=bool(record and record.paused))
    if name in snapshot.ready:
        root.note = "ready: it can go on"
    elif record is not None:
        root.note = ": ".join(filter(None, (record.status, record.detail)))
    branches: dict[str, Node] = {"": root}
    members = snapshot.members.get(name, ())
    for member in members:
        job = snapshot.jobs.get((member.signature, member.machine))
        if job is not None:
            _add(root, branches, member.node, job, superseded=not member.current)
    for job in reversed(jobs):
        if (job.signature, job.machine) not in root.jobs:
            _add(root, branches, f"{job.step}/{_named(job)}" if job.step else _named(job), job)
    return root


_ITERATION = re.compile(r"(.+)(\[\d+\])")


def _add(
    root: Node, branches: dict[str, Node], path: str, job: JobLine, *, superseded: bool = False
) -> None:
    """Put a job at its path; a loop `fit[3]` becomes a group `fit` with a line `[3]`."""
    *parts, last = path.split("/")
    loop = _ITERATION.fullmatch(last)
    if loop is not None:
        parts, last = [*parts, loop[1]], loop[2]
    parent, prefix = root, ""
    key = (job.signature, job.machine)
    parent.jobs[key] = job
    for part in parts:
        prefix = f"{prefix}/{part}"
        branch = branches.get(prefix)
        if branch is None:
            branch = branches[prefix] = Node(f"{root.key}{prefix}", Kind.GROUP, part)
            parent.children.append(branch)
        branch.jobs[key] = job
        parent = branch
    line = _leaf(f"{parent.key}/{last}", last, job)
    line.note = "superseded" if superseded else ""
    parent.children.append(line)


def _machines(snapshot: Snapshot, jobs: Iterable[JobLine]) -> Iterator[Node]:
    roots: dict[str, Node] = {}
    for job in jobs:
        root = roots.get(job.machine)
        if root is None:
            known = snapshot.machines.get(job.machine)
            root = Node(f"m:{job.machine}", Kind.MACHINE, job.machine)
            if known is not None:
                root.paused = known.paused
                root.note = "" if known.state == "ok" else f"{known.state}: {known.cause}"
            roots[job.machine] = root
        root.jobs[job.signature, job.machine] = job
        where = "/".join(filter(None, (job.workflow, job.step, job.name)))
        root.children.append(_leaf(root.key, where or job.signature[:8], job))
    yield from sorted(roots.values(), key=lambda root: root.label)


def _leaf(prefix: str, label: str, job: JobLine) -> Node:
    key = (job.signature, job.machine)
    return Node(
        f"{prefix}|{job.signature}|{job.machine}", Kind.JOB, label, job, jobs={key: job},
        paused=job.paused,
    )  # fmt: skip


def _named(job: JobLine) -> str:
    return (job.name or job.signature[:8]).replace("/", "∕")
