"""PBS as core's batch backend asks for it: every question led to the file that answers it."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sojourn.batch.scheduler import (
    BatchScheduler,
    CommandResult,
    Conversation,
    Header,
    QueueEntry,
    Response,
    ScriptParts,
    SubmitCall,
    SubmitReply,
)
from sojourn.values.messages import CheckLine, SchedulerWord
from sojourn.values.resources import Resources
from sojourn_pbs import changes, check, directives, ids, look, probe, script, search, submit
from sojourn_pbs.dialects import site


class Pbs(BatchScheduler):
    """OpenPBS and PBS Professional 18 and later, Torque, and Slurm's commands for Torque users.

    Before the probe, and with `dialect: auto`, everything is as for OpenPBS.
    """

    index_variable: ClassVar[str] = "${PBS_ARRAY_INDEX:-${PBS_ARRAYID-}}"
    id_variable: ClassVar[str] = "${PBS_JOBID:-${SLURM_JOB_ID-}}"
    """In a subjob it is `9[3].server`, as `task_id` forms it; Slurm sets no PBS_JOBID."""
    tools: ClassVar[tuple[str, ...]] = ("qsub", "qstat", "qdel")

    def __init__(self, options: object = None, facts: Mapping[str, str] | None = None) -> None:
        super().__init__(options, facts)
        self.site = site(options, self.facts)

    def probe(self) -> Conversation[Mapping[str, str]]:
        return probe.probe()

    def directives(self, resources: Resources, header: Header) -> list[str]:
        return directives.directives(self.site.dialect, resources, header)

    def split_script(self, text: str, explicit: frozenset[str]) -> ScriptParts:
        return script.split(text, explicit)

    def submit_command(self, call: SubmitCall) -> str:
        return submit.submit_command(self.site.dialect, call)

    def read_submit(self, result: CommandResult) -> SubmitReply:
        return submit.read_submit(result)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return scheduler_id if index is None else ids.subjob(scheduler_id, index)

    def array_limit(self) -> int:
        return self.site.array_limit

    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        return look.look(self.site, ids)

    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        return search.search(self.site, names)

    def cancel(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return changes.cancel(self.site, ids)

    def hold(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return changes.hold(self.site, ids)

    def release(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return changes.release(self.site, ids)

    def check(self, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
        return check.check(self.site, defaults)
