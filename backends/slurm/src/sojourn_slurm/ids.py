"""Job ids as Slurm prints them, and finding a job under its own id.

`38` is a job, `38_3` a task of an array, `38_[3-6,9%2]` tasks that still wait and share a line,
`38_3,9` the same to scontrol, `38+0` the first part of a heterogeneous job, `38_3.batch` a step.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sojourn.batch.arrays import by_array, runs, span
from sojourn.batch.ids import IdForm

T = TypeVar("T")

_PRINTED = re.compile(
    r"(?P<job>\d+)(?:_(?:(?P<task>\d+)|\[?(?P<tasks>\d[^]]*)\]?))?(?:\+0)?", re.ASCII
)
_RANGE = re.compile(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?", re.ASCII)
_FORM = IdForm(r"\d+", task="{job}_{index}")
is_id, task_id, job_of = _FORM.valid, _FORM.task_id, _FORM.array_of

FEW = 20
"""So many tasks of one array are asked about one by one, more of them as a whole."""


def shortest(ids: Iterable[str]) -> Iterator[str]:
    """Ids that cover these: tasks by themselves, or their array where they are many."""
    for job, tasks in by_array(ids, job_of).items():
        yield from tasks if len(tasks) <= FEW else [job]


def task_ranges(text: str) -> Iterator[range]:
    """The indices in `3-6,9%2`; what is not understood (a list cut off by `...`) is left out."""
    for part in text.partition("%")[0].split(","):
        match = _RANGE.fullmatch(part)
        if match is not None:
            first, last, step = match[1], match[2] or match[1], match[3] or "1"
            yield range(int(first), int(last) + 1, max(int(step), 1))


def bracketed(ids: list[str]) -> Iterator[str]:
    """The same ids with the tasks of each array brought together: `38_[3-6,9]`."""
    yield from (one for one in ids if "_" not in one)
    for job, tasks in by_array((one for one in ids if "_" in one), job_of).items():
        indices = (_FORM.index(task) or 0 for task in tasks)
        yield f"{job}_[{','.join(map(span, runs(indices)))}]"


@dataclass(slots=True)
class Answers(Generic[T]):
    """What was printed about jobs, by printed id. A line of its own outranks a shared one."""

    alone: dict[str, T] = field(default_factory=dict)
    shared: dict[str, list[tuple[range, T]]] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    """Jobs and whole arrays of which something was printed."""

    def put(self, printed: str, answer: T) -> bool:
        """Keep an answer; False if that is no job's id (a step's, for one)."""
        match = _PRINTED.fullmatch(printed)
        if match is None:
            return False
        job = match["job"]
        self.jobs.add(job)
        if match["tasks"] is not None:
            of_job = self.shared.setdefault(job, [])
            of_job.extend((indices, answer) for indices in task_ranges(match["tasks"]))
        else:
            self.alone[job if match["task"] is None else f"{job}_{match['task']}"] = answer
        return True

    def get(self, one: str) -> T | None:
        """The answer about a job or task, None if there is none."""
        if one in self.alone:
            return self.alone[one]
        shared, index = self.shared.get(job_of(one), ()), _FORM.index(one)
        return next((told for indices, told in shared if index in indices), None)

    def __iter__(self) -> Iterator[tuple[str, int | None]]:
        """Each job and array index that was printed."""
        for one in self.alone:
            yield job_of(one), _FORM.index(one)
        for job, spans in self.shared.items():
            for indices, _ in spans:
                yield from ((job, index) for index in indices)
