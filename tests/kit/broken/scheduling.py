"""Batch schedulers that are called or read wrongly: mutations of the scaffold's."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import sojourn_slurm
from sojourn.batch.backend import BatchBackend
from sojourn.batch.scheduler import (
    CommandResult,
    Conversation,
    QueueEntry,
    Response,
    SubmitCall,
    SubmitReply,
    Took,
    Verdict,
)
from sojourn.contract import hookimpl
from sojourn.scaffold.templates.batch.package.backend import INFO, NewpluginScheduler
from sojourn.site.context import MachineContext
from sojourn.states import State
from sojourn.values.messages import JobOrder, JobRef, Phase, PollAnswer, SchedulerWord, Settlement
from tests.kit.broken import breaks
from tests.kit.broken.whole import NAME


class Toy(BatchBackend):
    """The scaffold's backend; subclasses name a scheduler that does something wrong."""

    scheduler: ClassVar[type[NewpluginScheduler]] = NewpluginScheduler

    def __init__(self) -> None:
        super().__init__(replace(INFO, name=NAME), self.scheduler)


class _OneByOne(NewpluginScheduler):
    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        words: dict[str, SchedulerWord] = {}
        for one in ids:
            words |= yield from super().look([one])
        return words


@breaks("R06", machine="toy")
class OneCallAJob(Toy):
    """Asks the scheduler about each job by itself."""

    scheduler = _OneByOne


class _Deaf(NewpluginScheduler):
    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        result = yield shlex.join(["toystat", *ids])
        if result.status != 0:
            return {one: SchedulerWord(Phase.ABSENT) for one in ids}
        return (yield from super().look(ids))


@breaks("R08", machine="toy")
class TakesSilenceForAnAnswer(Toy):
    """Takes a command that failed for an empty queue."""

    scheduler = _Deaf


class _DeafSearcher(NewpluginScheduler):
    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        result = yield "toystat"
        if result.status != 0:
            return []
        return (yield from super().search(names))


@breaks("R08", machine="toy")
class ClosesInAnOutage(Toy):
    """Closes jobs because a scheduler that is down does not show them."""

    scheduler = _DeafSearcher


class _WrongEntry(NewpluginScheduler):
    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        found = yield from super().search(names)
        return [QueueEntry(one.name, str(int(one.id) - 1), one.index) for one in found]


@breaks("R16", machine="toy")
class ReadsTheWrongColumn(Toy):
    """Takes another number in the queue's listing for the id."""

    scheduler = _WrongEntry


class _WholeArray(NewpluginScheduler):
    def cancel(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        yield shlex.join(["toydel", *(one.partition(".")[0] for one in jobs)])
        return {one: Response(Took.DONE) for one in jobs}


@breaks("R37", machine="toy")
class CancelsTheWholeArray(Toy):
    """Cancels an array where one of its tasks was meant."""

    scheduler = _WholeArray


class _Impatient(NewpluginScheduler):
    def submit_command(self, call: SubmitCall) -> str:
        return super().submit_command(replace(call, after=()))


@breaks("R39", machine="toy")
class ForgetsDependencies(Toy):
    """Does not tell the scheduler which jobs a job waits for."""

    scheduler = _Impatient


class _NoArrays(NewpluginScheduler):
    def array_limit(self) -> int:
        return 1


@breaks("R41", machine="toy")
class SubmitsOneByOne(Toy):
    """Claims arrays and hands in each job with a call of its own."""

    scheduler = _NoArrays


class _SuccessByDefault(NewpluginScheduler):
    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        words = yield from super().look(ids)
        done = SchedulerWord(Phase.ENDED, outcome=State.COMPLETED)
        return {one: done if word.phase is Phase.ABSENT else word for one, word in words.items()}


@breaks("R07", machine="toy")
class TakesTheForgottenForDone(Toy):
    """Says of a job that the queue does not show that it has ended well."""

    scheduler = _SuccessByDefault


class _DropsMemory(NewpluginScheduler):
    def directives(self, resources, header):  # type: ignore[no-untyped-def]
        return [line for line in super().directives(resources, header) if " -m " not in line]


@breaks("R48", machine="toy")
class ForgetsADirective(Toy):
    """Leaves out one of the directives that it promises."""

    scheduler = _DropsMemory


@breaks("R11", machine="toy")
class IgnoresTheExitFile(Toy):
    """Does not look at the files of a job that the scheduler has forgotten."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[PollAnswer]:
        return [
            replace(answer, site=None) if answer.word.phase is Phase.ABSENT else answer
            for answer in super().sojourn_poll(context, jobs)
        ]


@breaks("R45", machine="slurm")
class OpensItsRoot(BatchBackend):
    """Makes what lies there readable by everybody."""

    def __init__(self) -> None:
        super().__init__(replace(sojourn_slurm.info, name=NAME), sojourn_slurm.Slurm)

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> list[Settlement]:
        answers = super().sojourn_submit(context, orders)
        with context.trip() as dialogue:
            dialogue.run("chmod -R o+rX . .. ../..")
        return answers


class _Certain(NewpluginScheduler):
    def read_submit(self, result: CommandResult) -> SubmitReply:
        if result.status == 0:
            return super().read_submit(result)
        return SubmitReply(Verdict.REFUSED, reason=result.words)


@breaks("R55", machine="toy")
class TakesEveryFailureForARefusal(Toy):
    """Says of every submit command that fails that the job was refused."""

    scheduler = _Certain


class _LastLine(NewpluginScheduler):
    def read_submit(self, result: CommandResult) -> SubmitReply:
        words = result.stdout.split("\n")[-2].split() if result.status == 0 else []
        if words and words[0].isdigit():
            return SubmitReply(Verdict.TAKEN, words[0])
        return super().read_submit(result)


@breaks("R56", machine="toy")
class ReadsTheFirstWordOfTheLastLine(Toy):
    """Takes the first word of the last line for the id."""

    scheduler = _LastLine


class _Trusting(NewpluginScheduler):
    def cancel(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        return super().cancel(dict.fromkeys(jobs, ""))


@breaks("R57", machine="toy")
class CancelsWhateverTheIdNames(Toy):
    """Cancels the job that an id names, whosever it is."""

    scheduler = _Trusting
