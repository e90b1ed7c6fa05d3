"""A submission: jobs that go to the scheduler under one token, and what is sent for them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sojourn.batch.scheduler import CommandResult, SubmitReply
from sojourn.script.task import secret_text, task_text
from sojourn.site.ustar import END, folder, member
from sojourn.values.messages import JobOrder


@dataclass(frozen=True, slots=True)
class Submission:
    """Jobs handed in together; an order's index is its position.

    `after` are scheduler ids of parents handed in earlier; `parents` submissions of the same
    trip (by position in it) that hold parents of these.
    """

    orders: tuple[JobOrder, ...]
    directives: tuple[str, ...] = ()
    array: bool = False
    after: tuple[str, ...] = ()
    parents: frozenset[int] = frozenset()
    token: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Slice:
    """Tasks `first` to `last` of a submission, handed in by one call."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many tasks."""
        return self.last - self.first + 1

    def halves(self) -> list["Slice"]:
        """The two halves; itself alone if it is a single task."""
        if self.first == self.last:
            return [self]
        middle = (self.first + self.last) // 2
        return [Slice(self.first, middle), Slice(middle + 1, self.last)]


class Caller(Protocol):
    """How a backend's scheduler is called; all of it pure."""

    def script(self, submission: Submission, root: str) -> str:
        """The text of job.sh."""
        ...

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:
        """The shell command that hands in a part, run in the submission's directory."""
        ...

    def read(self, result: CommandResult) -> SubmitReply:
        """What came of it."""
        ...

    def is_id(self, text: str) -> bool:
        """Whether this can be an id."""
        ...

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        """The id of one task."""
        ...

    def limit(self) -> int:
        """Most tasks of one call."""
        ...


def shown(
    submission: Submission, caller: Caller, root: str, setup: str, remarks: Sequence[str] = ()
) -> str:
    """All that would run, for a person: job.sh, then behind a line each what it is told about
    each job, with a remark about it where there is one. Values of secrets are not in it."""
    parts = [caller.script(submission, root)]
    for index, order in enumerate(submission.orders):
        remark = f" {remarks[index]}" if remarks and remarks[index] else ""
        parts.append(f"# --- {index}.task{remark}\n")
        parts.append(task_text(order, index, submission.token, root, setup))
    return "".join(parts)


def payload(
    submissions: Sequence[Submission], caller: Caller, root: str, setup: str, *, group: bool
) -> bytes:
    """One tar archive with every submission's directory, without secrets; with `group`, readable
    for the group. The modes are exact, because a tar that root runs keeps them."""
    file_mode, script_mode, folder_mode = (0o640, 0o750, 0o750) if group else (0o600, 0o700, 0o700)
    pieces: list[bytes] = []
    for submission in submissions:
        token = submission.token
        pieces.append(folder(token, folder_mode))
        script = caller.script(submission, root)
        pieces.append(member(f"{token}/job.sh", _bytes(script), script_mode))
        tasks = []
        for index, order in enumerate(submission.orders):
            tasks.append(f"{index} {order.signature} {order.attempt}\n")
            text = task_text(order, index, token, root, setup)
            pieces.append(member(f"{token}/{index}.task", _bytes(text), file_mode))
        pieces.append(member(f"{token}/tasks", _bytes("".join(tasks)), file_mode))
    return b"".join([*pieces, END])


def secret_payload(submissions: Sequence[Submission]) -> bytes:
    """One tar archive with the files that carry secrets into the submissions' directories; empty
    if there are none. It never lies where anybody else can read it."""
    pieces = [
        member(f"{submission.token}/{index}.secret", _bytes(secret_text(order)), 0o600)
        for submission in submissions
        for index, order in enumerate(submission.orders)
        if order.secret_env
    ]
    return b"".join([*pieces, END]) if pieces else b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
