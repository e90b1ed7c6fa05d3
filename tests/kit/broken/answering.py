"""Wrong answers: to batches, to polls, to find."""

from collections.abc import Sequence
from dataclasses import replace

from sojourn.contract import hookimpl
from sojourn.errors import ConnectionLost, MachineError, SiteError
from sojourn.site.context import MachineContext
from sojourn.states import State
from sojourn.values.messages import (
    ExitReport,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
)
from sojourn_local import backend
from tests.kit.broken import breaks
from tests.kit.broken.whole import Local, attempt_dir

ABSENT = SchedulerWord(Phase.ABSENT)


@breaks("R01")
class ForgetsAJob(Local):
    """Answers all jobs of a batch but the last."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        return list(super().sojourn_find(context, jobs))[: max(1, len(jobs) - 1)]


@breaks("R01")
class AnswersTwice(Local):
    """Answers the first job of a batch twice."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[PollAnswer]:
        answers = list(super().sojourn_poll(context, jobs))
        return [*answers[:1], *answers]


@breaks("R01")
class MixesJobsUp(Local):
    """Brings each job's files to the job that was asked about before it."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        targets = [request.target for request in requests]
        pairs = zip(requests, [*targets[1:], *targets[:1]], strict=True)
        return super().sojourn_fetch(context, [replace(r, target=t) for r, t in pairs])


@breaks("R02")
class OneTripAJob(Local):
    """Polls its jobs one by one."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[PollAnswer]:
        return [
            answer
            for job in jobs
            for answer in super(OneTripAJob, self).sojourn_poll(context, [job])
        ]


@breaks("R03")
class WorksForNothing(Local):
    """Goes to the machine although there is nothing to ask."""

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]):  # type: ignore[no-untyped-def]
        with context.trip() as dialogue:
            dialogue.run("true")
        return super().sojourn_cancel(context, jobs)


@breaks("R04")
class RaisesForOneBadJob(Local):
    """Brings nothing at all if one job's files cannot be had."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        answers = super().sojourn_fetch(context, requests)
        for answer in answers:
            if answer.error:
                raise SiteError(answer.error)
        return answers


@breaks("R05")
class SwallowsErrors(Local):
    """Says absent of every job on a machine that was not reached."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        try:
            return super().sojourn_poll(context, jobs)
        except MachineError:
            return [PollAnswer(job.signature, job.attempt, ABSENT) for job in jobs]


@breaks("R07")
class ReportsAbsentAsDone(Local):
    """Takes a job that has vanished for one that has ended well."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.word.phase is not Phase.ABSENT:
            return answer
        return replace(answer, word=SchedulerWord(Phase.ENDED, outcome=State.COMPLETED))


@breaks("R09")
class CallsWaitingRunning(Local):
    """Knows two states: running and not running any more."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.word.phase is not Phase.WAITING:
            return answer
        return replace(answer, word=SchedulerWord(Phase.RUNNING))


@breaks("R09")
class JudgesWhileItRuns(Local):
    """Gives an outcome to a job that has not ended."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.word.phase is not Phase.RUNNING:
            return answer
        return replace(answer, word=replace(answer.word, outcome=State.COMPLETED))


@breaks("R09")
class GivesUpWhatWaits(Local):
    """Takes a reason that passes for one that no waiting cures."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.word.phase is not Phase.WAITING:
            return answer
        return replace(answer, word=replace(answer.word, never="no slot is free"))


@breaks("R10")
class CompletesWithoutExit(Local):
    """Makes up an exit status where the scheduler says that a job has completed."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.site is None or answer.word.outcome is not State.COMPLETED:
            return answer
        made_up = ExitReport(0, "command", "", 0.0, 0.0, ok=True)
        return replace(answer, site=replace(answer.site, exit=made_up))


@breaks("R10")
class AcceptsEveryStatus(Local):
    """Takes the scheduler's zero for the command's."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.site is None or answer.site.exit is None:
            return answer
        return replace(answer, site=replace(answer.site, exit=replace(answer.site.exit, ok=True)))


@breaks("R58")
class AsksOnlyWithoutExit(Local):
    """Does not ask the scheduler about a job whose exit file is there."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        if answer.site is None or answer.site.exit is None:
            return answer
        return replace(answer, word=ABSENT)


@breaks("R58")
class DoubtsTheScheduler(Local):
    """Takes every word of a job's end for a guess."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        return replace(answer, word=replace(answer.word, doubtful=True))


@breaks("R16")
class AdoptsTheWrongId(Local):
    """Finds a job in the queue and calls it by another one's id."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        return [
            replace(one, scheduler_id=f"{one.scheduler_id}0") if one.scheduler_id else one
            for one in super().sojourn_find(context, jobs)
        ]


@breaks("R17")
class NeverCloses(Local):
    """Waits for ever for a submission whose client has died."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        return [
            replace(one, outcome=Settled.PENDING) if one.outcome is Settled.CLOSED else one
            for one in super().sojourn_find(context, jobs)
        ]


@breaks("R17")
class ClosesInWordsOnly(Local):
    """Says that an attempt is closed, and leaves it open to a late start."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        answers = list(super().sojourn_find(context, jobs))
        shut = [one for one in answers if one.outcome is Settled.CLOSED]
        if shut:
            with context.trip() as dialogue:
                for one in shut:
                    dialogue.run(f"rm -f {attempt_dir(one)}/started")
        return answers


@breaks("R18")
class ClosesTooSoon(Local):
    """Closes what another process is just handing in."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        return [
            replace(one, outcome=Settled.CLOSED) if one.outcome is Settled.PENDING else one
            for one in super().sojourn_find(context, jobs)
        ]


@breaks("R14")
class CallsClaimsAbsent(Local):
    """Says that nobody has handed in what a dead client has claimed."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        return [
            Settlement(job.signature, job.attempt, Settled.ABSENT)
            for job, one in zip(jobs, super().sojourn_find(context, jobs), strict=True)
            if one
        ]


@breaks("R19")
class AnswersAfterACut(Local):
    """Makes an answer of what it knows when the connection is lost."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        try:
            return super().sojourn_poll(context, jobs)
        except ConnectionLost:
            unknown = SchedulerWord(Phase.UNKNOWN)
            return [PollAnswer(job.signature, job.attempt, unknown) for job in jobs]


@breaks("R21")
class TakesGarbage(Local):
    """Takes an answer that it cannot read for no job."""

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Settlement]:
        try:
            return super().sojourn_find(context, jobs)
        except ConnectionLost:
            return [Settlement(job.signature, job.attempt, Settled.ABSENT) for job in jobs]


@breaks("R20")
class TrustsTheFirstLine(Local):
    """Opens channels of its own, and takes what comes first for its answer."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        channel = context.transport.open("echo ready; cat >/dev/null")
        first = channel.receive(4096)
        channel.close()
        if first != b"ready\n":
            raise SiteError(f"the machine says {first[:40]!r}")
        return super().sojourn_fetch(context, requests)


@breaks("R22")
class ReadsOnce(Local):
    """Reads once and takes that for the whole."""

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        channel = context.transport.open(f"echo {'x' * 100}; cat >/dev/null")
        first = channel.receive(4096)
        channel.close()
        if len(first) != 101:
            raise SiteError("an answer is too short")
        return super().sojourn_poll(context, jobs)


_handed_in: set[str] = set()


@breaks("R23")
class RemembersInMemory(Local):
    """Knows only the jobs that this process has handed in."""

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> Sequence[Settlement]:
        _handed_in.update(order.signature for order in orders)
        return super().sojourn_submit(context, orders)

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[PollAnswer]:
        return [
            answer
            if answer.signature in _handed_in
            else PollAnswer(answer.signature, answer.attempt, ABSENT)
            for answer in backend.sojourn_poll(context, jobs)
        ]
