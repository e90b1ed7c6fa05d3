"""What the user is told of, and by what channel."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


class Topic(StrEnum):
    """What something to tell is about; the words of `only:` in `notify.yaml`."""

    JOB_READY = "job-ready"
    """A job outside any workflow has completed."""
    JOB_FAILED = "job-failed"
    """A job has ended, but not well."""
    WORKFLOW_PROGRESS = "workflow-progress"
    """A job of a workflow has completed; the workflow may wait for others."""
    WORKFLOW_READY = "workflow-ready"
    """All jobs that a workflow waits for have ended: it can be resumed."""
    WORKFLOW_DONE = "workflow-done"
    """A workflow was resumed and is done."""
    WORKFLOW_FAILED = "workflow-failed"
    """A workflow was resumed and failed, or is not resumed any more."""
    MACHINE_UNREACHABLE = "machine-unreachable"
    """A machine has not answered for long."""
    MACHINE_LOGIN = "machine-login"
    """A machine wants a person; nothing is tried again before `sojourn login`."""
    MACHINE_BACK = "machine-back"
    """A machine that was told of answers again."""
    TROUBLE = "trouble"
    """Something else that a person should see to, such as a machine that is not configured."""


class Level(StrEnum):
    """How urgent it is."""

    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. `subject` is the workflow or the machine, or a job's name; `detail`
    one line about it. `at` is in seconds since the epoch. `event` numbers the change of a job's
    state that it tells of, in the store's order; 0 if it tells of none."""

    topic: Topic
    subject: str
    at: float
    detail: str = ""
    workflow: str = ""
    machine: str = ""
    signature: str = ""
    state: str = ""
    event: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        return {name: getattr(self, name) for name in self.__slots__} | {"topic": self.topic.value}


@dataclass(frozen=True, slots=True)
class Notification:
    """What one message says: everything that has come up within a window of time.

    `title` is one short line, `body` a few lines of plain text; `notices` is all that it was
    made of. Words of jobs and machines in it are printable text.
    """

    title: str
    body: str
    level: Level
    at: float
    notices: tuple[Notice, ...] = ()

    @property
    def topics(self) -> frozenset[Topic]:
        """What it is about."""
        return frozenset(notice.topic for notice in self.notices)

    def to_json(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        return {
            "title": self.title,
            "body": self.body,
            "level": self.level.value,
            "at": self.at,
            "notices": [notice.to_json() for notice in self.notices],
        }


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach the user, as configured: `kind` is the word in `channel:`, `options` an
    instance of that kind's configuration model, None if it has none."""

    name: str
    kind: str
    options: "BaseModel | None" = field(default=None, repr=False)
