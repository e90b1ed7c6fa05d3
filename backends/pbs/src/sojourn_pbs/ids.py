"""Job ids: `9.server` a job, `9[].server` an array, `9[3].server` one of its subjobs.

Two ids are the same if what stands before the server's name is. Brackets mean something to
shells, so an id is quoted wherever it goes into a command.
"""

import re

ID = re.compile(r"(\d+)(?:\[(\d*)\])?(?:\.([\w.-]+))?", re.ASCII)


def valid(job: str) -> bool:
    """Whether it is an id at all; an empty one would make qstat list every job."""
    return ID.fullmatch(job) is not None


def key(job: str) -> str:
    """What tells jobs apart: `9`, `9[]` or `9[3]`."""
    return job.partition(".")[0]


def index(job: str) -> int | None:
    """A subjob's index; None for a job or a whole array."""
    match = ID.fullmatch(job)
    return int(match[2]) if match is not None and match[2] else None


def subjob(array: str, number: int | str) -> str:
    """`9[3].server`, or `9[3-5].server`, of the array or subjob `array`."""
    match = ID.fullmatch(array)
    if match is None:
        return array
    return f"{match[1]}[{number}]" + (f".{match[3]}" if match[3] else "")


def task_id(scheduler_id: str, index: int | None) -> str:
    """The id of one subjob, or of a job that is no array."""
    return scheduler_id if index is None else subjob(scheduler_id, index)


def whole(job: str) -> str:
    """The array of a subjob; a job or an array is left as it is."""
    return job if index(job) is None else subjob(job, "")
