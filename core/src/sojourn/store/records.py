"""What the store gives and takes about jobs: plain values, no behaviour but their JSON.

Times are seconds since the epoch. Fields that end in "as JSON" hold text that the store does
not read. The order of the fields is the order of the table's columns.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sojourn.states import State

_IN_QUEUE = frozenset({State.QUEUED, State.HELD})


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job on one machine; the key is (`signature`, `machine`)."""

    signature: str
    machine: str
    name: str = ""
    backend: str = ""
    state: State = State.NEW
    exit_code: int | None = None
    reason: str = ""
    scheduler_id: str = ""
    attempt: int = 1
    """The newest attempt: the one that the fields about a run speak of."""
    token: str = ""
    """The submission that the attempt belongs to, and its place there."""
    task_index: int = 0
    submitted_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    job_dir: str = ""
    """Directory on the machine."""
    workflow: str = ""
    """The workflow that first asked for it; all of them are in the memberships."""
    step: str = ""
    workflow_version: str = ""
    user: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    """Set by the store at every write."""
    polled_at: float | None = None
    absent_since: float | None = None
    """When it was first not seen in the queue; None while it is seen."""
    absent_watched: float = 0.0
    """Seconds of absence in which the machine was watched."""
    absent_polls: int = 0
    cancel_requested: bool = False
    paused: bool = False
    refused: bool = False
    """The scheduler would not have it as it is, or answers with words that nobody understands:
    submitted again only when somebody asks for it."""
    blocked_by: str = ""
    """Signature of the parent that keeps it from running."""
    root_id: str = ""
    """The root's own id: tells a renamed machine from another one."""
    parents: tuple[str, ...] = ()
    resources: str = "{}"
    """As JSON, of the newest attempt."""
    usage: str = "{}"
    """As JSON, of the newest attempt."""
    consumed: str = "{}"
    """Digests of the inputs that it used, as JSON."""
    job: str = "{}"
    """What to submit again, as JSON."""
    components: str = "{}"
    """What the signature was made of, as JSON."""
    asked: str = ""
    """What the newest attempt was asked to be run with: the resources that job and machine
    ask for, before the words of a retry, and the machine's own lines; as JSON, "" if unknown."""
    given: str = "{}"
    """Resource words given to retries, which hold for later attempts too; as JSON."""
    stderr_tail: str = ""
    """The last lines of standard error of the newest attempt, once they have been read."""
    never_starts: bool = False
    """The scheduler says that it can never start as it is; `reason` has the scheduler's words."""
    imported: str = ""
    """How this store learned of the newest attempt, if it did not submit it: see `session.trust`."""
    unclear: int = 0
    """Submissions in a row that the scheduler has answered with words that are not understood."""
    not_before: float | None = None
    """When it may be submitted again by itself, because of those."""

    @property
    def needs_person(self) -> bool:
        """Whether it remains as it is until somebody changes something: the scheduler says that it
        can never start, or its submission was refused or not understood."""
        if self.refused and self.state is State.NEW:
            return True
        return self.never_starts and self.state in _IN_QUEUE

    def to_json(self) -> dict[str, Any]:
        """What `status --json` prints: all fields, times in RFC 3339, JSON text as values.

        `job`, `components` and `stderr_tail` are left out: they may be long, and `show` prints
        them.
        """
        return _shown(self, _SHOWN)


class JobLine(NamedTuple):
    """A job as a list shows it: the fields of `JobRecord` of the same names.

    A tuple, because ten thousand of them are made in a few milliseconds.
    """

    signature: str
    name: str
    machine: str
    backend: str
    state: State
    exit_code: int | None
    reason: str
    scheduler_id: str
    attempt: int
    submitted_at: float | None
    started_at: float | None
    finished_at: float | None
    job_dir: str
    workflow: str
    step: str
    created_at: float
    updated_at: float
    cancel_requested: bool
    paused: bool
    blocked_by: str
    never_starts: bool
    refused: bool

    @property
    def needs_person(self) -> bool:
        """As `JobRecord.needs_person`."""
        if self.refused and self.state is State.NEW:
            return True
        return self.never_starts and self.state in _IN_QUEUE

    def to_json(self) -> dict[str, Any]:
        """What `list --json` prints; times in RFC 3339."""
        return _shown(self, self._fields)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change of a job's state to be recorded, if the job still is what its author read.

    `expected` and `attempt` are what was read. `fields` are other fields of `JobRecord` that
    change with the state. `evidence` is kept verbatim, cut at 64 KiB. With `next_attempt` the
    job goes on to its next attempt: the fields about a run begin anew, the old one is history.
    """

    signature: str
    machine: str
    expected: State
    attempt: int
    new: State
    at: float
    reason: str = ""
    evidence: str = ""
    source: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    next_attempt: bool = False


NEW_ATTEMPT: Mapping[str, Any] = {
    "exit_code": None,
    "reason": "",
    "scheduler_id": "",
    "token": "",
    "task_index": 0,
    "submitted_at": None,
    "started_at": None,
    "finished_at": None,
    "absent_since": None,
    "absent_watched": 0.0,
    "absent_polls": 0,
    "cancel_requested": False,
    "refused": False,
    "blocked_by": "",
    "imported": "",
    "usage": "{}",
    "stderr_tail": "",
    "never_starts": False,
}
"""What a job's fields are at the beginning of an attempt."""

_JSON = frozenset({"resources", "usage", "consumed", "asked", "given"})
_TIMES = frozenset(
    {"submitted_at", "started_at", "finished_at", "created_at", "updated_at"}
    | {"polled_at", "absent_since", "not_before"}
)
_LONG = frozenset({"job", "components", "stderr_tail"})
_SHOWN = tuple(f.name for f in fields(JobRecord) if f.name not in _LONG)


def _shown(record: JobRecord | JobLine, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in names}
    for name in _TIMES & values.keys():
        if values[name] is not None:
            values[name] = rfc3339(values[name])
    for name in _JSON & values.keys():
        values[name] = json.loads(values[name] or "null")
    if "parents" in values:
        values["parents"] = list(values["parents"])
    values["state"] = record.state.value
    return values


def rfc3339(at: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
