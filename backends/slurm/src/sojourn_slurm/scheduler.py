"""Slurm as core's batch backend asks for it: every question led to the file that answers it."""

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
from sojourn_slurm import change, check, directives, look, probe, submit
from sojourn_slurm.commands import Commands
from sojourn_slurm.options import SlurmOptions


class Slurm(BatchScheduler):
    """Slurm 20.11 and later, with and without accounting."""

    index_variable: ClassVar[str] = "${SLURM_ARRAY_TASK_ID-}"
    id_variable: ClassVar[str] = (
        "${SLURM_ARRAY_JOB_ID:-${SLURM_JOB_ID-}}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
    )
    tools: ClassVar[tuple[str, ...]] = ("sbatch", "squeue", "scancel", "scontrol")

    def __init__(self, options: object = None, facts: Mapping[str, str] | None = None) -> None:
        super().__init__(options, facts)
        given = options if isinstance(options, SlurmOptions) else SlurmOptions()
        self.commands = Commands(given.cluster, "federation" in self.facts)
        self.accounting = (
            probe.has_accounting(self.facts)
            if given.accounting == "auto"
            else given.accounting == "on"
        )

    def probe(self) -> Conversation[Mapping[str, str]]:
        return probe.probe(self.commands)

    def directives(self, resources: Resources, header: Header) -> list[str]:
        return directives.directives(resources, header, self.facts.get("SelectType", ""))

    def split_script(self, text: str, explicit: frozenset[str]) -> ScriptParts:
        return directives.split(text, explicit)

    def submit_command(self, call: SubmitCall) -> str:
        return submit.command(self.commands, call)

    def read_submit(self, result: CommandResult) -> SubmitReply:
        return submit.read(result)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return scheduler_id if index is None else f"{scheduler_id}_{index}"

    def array_limit(self) -> int:
        return probe.array_limit(self.facts)

    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        return look.look(self.commands, self.accounting, ids)

    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        return look.search(self.commands, self.accounting, names)

    def cancel(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return self._change(ids, change.CANCEL)

    def hold(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return self._change(ids, change.HOLD)

    def release(self, ids: Sequence[str]) -> Conversation[Mapping[str, Response]]:
        return self._change(ids, change.RELEASE)

    def _change(
        self, ids: Sequence[str], what: change.Change
    ) -> Conversation[Mapping[str, Response]]:
        return change.change(self.commands, self.accounting, ids, what)

    def check(self, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
        lines = self.directives(defaults, Header(name="sojourn-check", directory="/"))
        return check.check(self.commands, self.accounting, defaults, lines)
