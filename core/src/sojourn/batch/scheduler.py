"""What a batch scheduler must supply: directives, commands and parsers, all pure.

Whatever needs an answer from the machine is a *conversation*: a generator that yields one
shell command at a time, is sent what came of it, and returns what it has read. It does no
input or output itself, so a recorded output is all that a test needs, and one trip carries a
whole conversation.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeVar

from sojourn.values.messages import CheckLine, SchedulerWord
from sojourn.values.resources import Resources

T = TypeVar("T")

_ONE_WORD = re.compile(r"[A-Za-z0-9][\w.:@\[\]-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command on the machine printed, decoded with replacement, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """Both streams, for evidence and for people."""
        return "\n".join(part for part in (self.stdout.strip(), self.stderr.strip()) if part)


Conversation = Generator[str, CommandResult, T]
"""Yields shell commands, is sent their `CommandResult`, returns what it has read."""


@dataclass(frozen=True, slots=True)
class Header:
    """What every job script of ours says about itself, whatever it asks for.

    `name` is the name in the queue; `directory` the absolute directory for the scheduler's
    own output; `array` whether the script will be handed in as an array.
    """

    name: str
    directory: str
    array: bool = False


@dataclass(frozen=True, slots=True)
class SubmitCall:
    """One call of the scheduler's submit command, run in the submission's directory.

    `first` and `last` are the array's bounds, or None for a single job. `after` are scheduler
    ids that must have ended, however they ended.
    """

    script: str
    name: str
    first: int | None = None
    last: int | None = None
    after: tuple[str, ...] = ()


class Verdict(StrEnum):
    """How the scheduler took a submission."""

    TAKEN = "taken"
    REFUSED = "refused"
    """For what it asks: the same again will be refused again."""
    FULL = "full"
    """Too many jobs now, or too large an array: fewer, or later, may be taken."""
    UNAVAILABLE = "unavailable"
    """The scheduler, or the way to it, is out of order; the job may or may not be in the queue."""
    UNCLEAR = "unclear"
    """Words that no table knows, or no id: the job is looked for by its name at once. If it is not
    there it is tried again later, a few times, and then left to a person, with these words."""


@dataclass(frozen=True, slots=True)
class SubmitReply:
    """What the submit command's output says; `id` only with TAKEN."""

    verdict: Verdict
    id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A job found in the queue by its name; `index` is None for a single job or a whole array."""

    name: str
    id: str
    index: int | None = None


class Took(StrEnum):
    """How the scheduler took a request to cancel, hold or release one job."""

    DONE = "done"
    FINISHED = "finished"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FOREIGN = "foreign"
    """The id is that of another job: nothing was asked."""


@dataclass(frozen=True, slots=True)
class Response:
    """The scheduler's answer about one id."""

    took: Took
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScriptParts:
    """An existing batch script, taken apart.

    `directives` are those kept, as whole lines and in order; `dropped` those that are ours to
    set (name, output files, directory, array); `foreign` those of another kind of scheduler;
    `remarks` say what follows from the loss of dropped ones, where that is more than a name.
    Directives that say the same as an `explicit` word are left out. Where such a directive says
    more than that word, `resources` holds all of it as words, over which the explicit one wins.
    """

    directives: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    resources: Resources | None = None
    remarks: tuple[str, ...] = ()


class BatchScheduler(ABC):
    """One kind of scheduler. Instances are cheap, hold no connection, and never change.

    `options` is the backend's own configuration model's instance (or None); `facts` is what
    `probe` has found out about this machine, text to text, empty before the probe.
    """

    index_variable: ClassVar[str] = ""
    """Shell expression for the task's array index; not used where there are no arrays."""
    id_variable: ClassVar[str] = ""
    """Shell expression for the scheduler id under which the task runs, as `task_id` forms it;
    empty where jobs are not told, which are then found by their name."""
    tools: ClassVar[tuple[str, ...]] = ()
    """Commands that must be on the machine's PATH."""
    optional_tools: ClassVar[tuple[str, ...]] = ()
    """Commands that are used where the machine has them."""

    def __init__(self, options: object = None, facts: Mapping[str, str] | None = None) -> None:
        self.options = options
        self.facts: Mapping[str, str] = facts or {}

    # --- finding out --------------------------------------------------------------------------

    def probe(self) -> Conversation[Mapping[str, str]]:
        """Find out the dialect, version and limits. Asked once a session, inside another trip."""
        yield from ()
        return {}

    # --- handing in ---------------------------------------------------------------------------

    @abstractmethod
    def directives(self, resources: Resources, header: Header) -> list[str]:
        """The directive lines of job.sh.

        Raises:
            UnsupportedResource: a word that cannot be honoured, with the nearest that can.
        """

    def split_script(self, text: str, explicit: frozenset[str]) -> ScriptParts:  # noqa: ARG002
        """Take an existing script's directives apart; `explicit` resource words win over them.

        The default is for a scheduler that reads none.
        """
        return ScriptParts(())

    def warning(self, directives: Sequence[str]) -> str:  # noqa: ARG002
        """The signal that these directives ask to be sent to the batch script alone, ahead of the
        job's end, by its name without SIG: job.sh passes it on. "" if there is none.

        The default is for a scheduler that sends none.
        """
        return ""

    @abstractmethod
    def submit_command(self, call: SubmitCall) -> str:
        """The shell command that submits `call`; one line of its output must be the id alone."""

    @abstractmethod
    def read_submit(self, result: CommandResult) -> SubmitReply:
        """Read what the submit command printed."""

    def is_id(self, text: str) -> bool:
        """Whether this can be the id of a job, an array or a task. Every id is checked so where it
        comes in, from wherever: what is none never gets into a command.

        The default is for a scheduler whose ids are one word of letters, digits and `. _ : @ [ ] -`.
        """
        return _ONE_WORD.fullmatch(text) is not None

    def task_id(self, scheduler_id: str, index: int | None) -> str:  # noqa: ARG002
        """The id of one task of the array `scheduler_id`, or of a single job if index is None.

        The default is for a scheduler without arrays.
        """
        return scheduler_id

    def array_limit(self) -> int:
        """Most tasks of one array; 1 where there are no arrays."""
        return 1

    # --- asking -------------------------------------------------------------------------------

    @abstractmethod
    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        """The scheduler's word on each id, as `task_id` forms them.

        Every id is answered; one that a complete answer does not hold is ABSENT.

        Raises:
            SchedulerUnavailable: no dependable answer.
        """

    @abstractmethod
    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        """All jobs of this user in the queue under these names, finished ones where still known.

        Raises:
            SchedulerUnavailable: no dependable answer.
        """

    def vanished(self, script: str) -> Conversation[str]:  # noqa: ARG002
        """What may have become of a job that was accepted, has never started and is not known any
        more; `script` are its directives. "" if nothing is to be said.

        The default is for a scheduler that forgets no such job.
        """
        yield from ()
        return ""

    # --- changing -----------------------------------------------------------------------------

    @abstractmethod
    def cancel(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        """End jobs, waiting or running; every id is answered.

        `jobs` are ids, each with the name that the job has in the queue. One that has another name
        is somebody else's: it is left alone and FOREIGN; `batch.changing.settled` sees to that.
        """

    def hold(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        """Keep waiting jobs from starting, as `cancel`. Needs capability `hold`."""
        return _refused(jobs)

    def release(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        """Let held jobs start, as `cancel`. Needs capability `hold`."""
        return _refused(jobs)

    # --- checking -----------------------------------------------------------------------------

    @abstractmethod
    def check(self, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
        """Try versions, accounting, queue, account and limits; one line each, with advice."""


def _refused(jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
    yield from ()
    return {one: Response(Took.REFUSED, "the scheduler cannot hold jobs") for one in jobs}
