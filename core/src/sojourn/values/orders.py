"""What is handed in to a backend, and what is certain of it afterwards. See `messages`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sojourn.values.resources import Resources


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that must lie on the machine under their SHA-256, wherever they come from.

    `source` is a file here, the bytes themselves, or a directory (`tree`), which travels as
    one deterministic tar archive whose digest this is.
    """

    digest: str
    size: int
    source: Path | bytes
    tree: bool = False


@dataclass(frozen=True, slots=True)
class TaskInput:
    """One entry that job.sh puts into `work/` before the command runs.

    `kind` says where it comes from: "blob" (a file, by `digest`), "tree" (a tar archive, by
    `digest`), "output" (`output` of the job `signature`, attempt `attempt`, on this machine)
    or "remote" (`path` on the machine, always a link).
    """

    name: str
    kind: str
    digest: str = ""
    executable: bool = False
    signature: str = ""
    attempt: int = 0
    output: str = ""
    path: str = ""
    readonly: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """A job whose end and outputs job.sh checks before it runs the command.

    `scheduler_id` is "" if the parent is in the same batch or has ended already.
    """

    signature: str
    attempt: int
    scheduler_id: str = ""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """One attempt of one job, with all that job.sh needs to know. Values are not quoted yet."""

    signature: str
    attempt: int
    name: str
    resources: Resources
    command: str = ""
    """A shell line, or a list of arguments already quoted to one."""
    script: str = ""
    """Text of an existing batch script, run instead of `command`."""
    setup: tuple[str, ...] = ()
    """Shell lines before the command."""
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    inputs: tuple[TaskInput, ...] = ()
    outputs: tuple[str, ...] = ()
    """Names or globs that must match something when the command has succeeded."""
    remote_outputs: tuple[str, ...] = ()
    """The same, left on the machine until asked for."""
    check: str = ""
    workdir: str = ""
    """A directory inside `work/` in which command and check run; made if it is not there."""
    stdin: str = ""
    """Names in `work/`, wherever the command runs: what it reads, and where its output goes
    instead of into the logs."""
    stdout: str = ""
    stderr: str = ""
    accept_exit: tuple[int, ...] = (0,)
    parents: tuple[Parent, ...] = ()
    blobs: tuple[Blob, ...] = ()
    record: str = "{}"
    """One line of JSON for `job.json`: enough to rebuild the store."""


@dataclass(frozen=True, slots=True)
class JobRef:
    """An attempt that was handed in. `token` and `scheduler_id` are "" where not known here."""

    signature: str
    attempt: int
    token: str = ""
    index: int = 0
    scheduler_id: str = ""


class Settled(StrEnum):
    """What is known of an attempt after submit or find."""

    HANDED_IN = "handed-in"
    """In the scheduler's hands, under `scheduler_id`, by this or another client."""
    PENDING = "pending"
    """Claimed by a submission that may still be going on: ask again later."""
    ABSENT = "absent"
    """Nothing is claimed: the attempt may be handed in."""
    CLOSED = "closed"
    """The attempt can never run: the next attempt may be made."""
    REFUSED = "refused"
    """The scheduler refused the job, and the claim was given back; `reason` says why."""
    FULL = "full"
    """The scheduler takes no more jobs of this user now; the claim was given back."""
    UNCLEAR = "unclear"
    """The scheduler's answer is not understood and the job is in no queue: the attempt is closed.
    The next one may be made after a while; a person has to look if that happens again and again."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The answer to submit and find, one for each job asked about."""

    signature: str
    attempt: int
    outcome: Settled
    token: str = ""
    index: int = 0
    scheduler_id: str = ""
    reason: str = ""
    evidence: str = ""
    """The scheduler's own words, verbatim."""
    gone: tuple[str, ...] = ()
    """With ABSENT: jobs whose outputs it takes, and which are not on the machine any more."""
    found: bool = False
    """Of submit: the attempt was there before, submitted by another client."""
