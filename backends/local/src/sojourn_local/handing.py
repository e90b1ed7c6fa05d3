"""How jobs get into the queue: the shell command that core runs as the call of a scheduler."""

import time
from collections.abc import Callable, Sequence
from shlex import quote

from sojourn.batch.scheduler import CommandResult, SubmitReply, Verdict
from sojourn.machines.model import Machine
from sojourn.script.jobscript import job_script
from sojourn.site.submission import Slice, Submission, shown
from sojourn.values.messages import JobOrder
from sojourn_local.child import INDEX, JOB
from sojourn_local.layout import FOLDERS, call_id, folder_name, is_call_or_id, job_id
from sojourn_local.limits import limits_of
from sojourn_local.records import Entry, Parent

_LARGEST = 1000
"""Most jobs of one call."""


class LocalIds:
    """How the local queue writes ids."""

    def is_id(self, text: str) -> bool:
        return is_call_or_id(text)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return scheduler_id if index is None else job_id(scheduler_id, index)


class LocalCaller(LocalIds):
    """How job.sh is made for the local queue, and how it is handed in; pure but for the clock."""

    def __init__(self, machine: Machine, clock: Callable[[], int] = time.time_ns) -> None:
        self._machine = machine
        self._clock = clock

    def script(self, submission: Submission, root: str) -> str:
        return job_script(
            [],
            root=root,
            token=submission.token,
            index=f'"${INDEX}"',
            scheduler_id=f'"${JOB}"',
            shell=self._machine.shell,
            group=bool(self._machine.group),
        )

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:
        del after  # Each entry names its own parents.
        folder = folder_name(self._clock(), submission.token)
        entries = [
            _entry(submission.orders[index], index, submission.token, folder)
            for index in range(part.first, part.last + 1)
        ]
        return queue_command(entries)

    def read(self, result: CommandResult) -> SubmitReply:
        if result.status == 0:
            return SubmitReply(Verdict.TAKEN, id=result.stdout.strip())
        # The last step puts all jobs into the queue at once: none of them is there.
        reason = f"the queue cannot be written (disk full or over quota?): {result.words}"
        return SubmitReply(Verdict.REFUSED, reason=reason)

    def limit(self) -> int:
        return _LARGEST


def as_text(machine: Machine, orders: Sequence[JobOrder]) -> str:
    """What would be handed in, for a person: job.sh, what it is told, and the limits.

    Raises:
        UnsupportedResource: an order asks for what this computer cannot give.
    """
    submission = Submission(tuple(orders), array=True, token="TOKEN")  # noqa: S106
    limits = [limits_of(order.resources)._asdict() for order in orders]
    enforced = [" ".join(f"{name}={v}" for name, v in one.items() if v) for one in limits]
    return shown(submission, LocalCaller(machine), machine.root, machine.setup, enforced)


def queue_command(entries: Sequence[Entry]) -> str:
    """Put jobs of one call into the queue, all or none; run in the submission's directory.

    No process is started for each job, so that thousands are quick.
    """
    first = entries[0]
    draft = f"queue.{first.task}"
    lines = [
        f"mkdir -p {' '.join(f'../../{folder}' for folder in FOLDERS)} &&",
        f"rm -rf {draft} && mkdir {draft} &&",
        f"entry() {{ printf '%s' \"$2\" >{draft}/$1; }} &&",
        *(f"entry {entry.task} {quote(entry.encode())} &&" for entry in entries),
        f"mv {draft} ../../queue/{first.folder} &&",
        f"echo {call_id(first.token)}",
    ]
    return "\n".join(lines)


def _entry(order: JobOrder, index: int, token: str, folder: str) -> Entry:
    limits = limits_of(order.resources)
    return Entry(
        token=token,
        task=index,
        signature=order.signature,
        attempt=order.attempt,
        folder=folder,
        walltime=limits.walltime,
        memory=limits.memory,
        cpus=limits.cpus,
        threads=limits.threads,
        parents=tuple(Parent(parent.signature, parent.attempt) for parent in order.parents),
    )
