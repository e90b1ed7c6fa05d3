"""Files brought wrongly, jobs changed wrongly, and untrue words about all of it."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sojourn.contract import BackendInfo, hookimpl
from sojourn.site.context import MachineContext
from sojourn.values.messages import (
    Change,
    Changed,
    CheckLine,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    PollAnswer,
)
from tests.kit.broken import breaks
from tests.kit.broken.whole import Local, attempt_dir


@breaks("R30")
class CutsFilesShort(Local):
    """Leaves out the last byte of big files."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        answers = super().sojourn_fetch(context, requests)
        for request, answer in zip(requests, answers, strict=True):
            for one in answer.files:
                if one.kind == "f" and one.size > 60_000:
                    with (request.target / one.name).open("rb+") as file:
                        file.truncate(one.size - 1)
        return answers


@breaks("R31")
class FollowsHostileNames(Local):
    """Writes a file wherever its name leads."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        answers = []
        for request, answer in zip(requests, super().sojourn_fetch(context, requests), strict=True):
            for one in answer.files if answer.error else ():
                target = Path(f"{request.target}/{one.name}")
                target.parent.mkdir(parents=True, exist_ok=True)
                if not target.is_dir():
                    target.write_text("evil\n")
            answers.append(replace(answer, error=""))
        return answers


@breaks("R32")
class BeginsAgain(Local):
    """Clears away what is there of a file before it fetches it."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        for request in requests:
            shutil.rmtree(request.target)
            request.target.mkdir()
        return super().sojourn_fetch(context, requests)


@breaks("R33")
class OneTripAFile(Local):
    """Looks at every file in a trip of its own."""

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> Sequence[FetchAnswer]:
        answers = super().sojourn_fetch(context, requests)
        for answer in answers:
            for one in [file for file in answer.files if file.kind == "f"][:20]:
                with context.trip() as dialogue:
                    dialogue.run(f"test -e {one.name}")
        return answers


# --- changes ------------------------------------------------------------------------------------------


def said(jobs: Sequence[JobRef], outcome: Changed = Changed.DONE) -> list[Change]:
    """The same answer about all."""
    return [Change(job.signature, job.attempt, outcome) for job in jobs]


@breaks("R34")
class CancelsInWordsOnly(Local):
    """Says that a job was cancelled, and leaves it alone."""

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return said(jobs)


@breaks("R35")
class ForgetsWhatWaits(Local):
    """Says of a waiting job that it will never run, and lets it."""

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return said(jobs, Changed.NEVER_RUNS)


@breaks("R36")
class CancelsTheFinished(Local):
    """Clears away what a finished job has left when it is cancelled."""

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> Sequence[Change]:
        changes = super().sojourn_cancel(context, jobs)
        over = [change for change in changes if change.outcome is Changed.FINISHED]
        with context.trip() as dialogue:
            dialogue.run("rm -f " + " ".join(f"{attempt_dir(one)}/exit" for one in over))
        return changes


@breaks("R38")
class HoldsNothing(Local):
    """Says that a job is held."""

    @hookimpl
    def sojourn_hold(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return said(jobs)


@breaks("R38")
class HoldsForEver(Local):
    """Does not let go of what it holds."""

    @hookimpl
    def sojourn_release(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return said(jobs)


# --- words --------------------------------------------------------------------------------------------


@breaks("R42")
class AccountsForNothing(Local):
    """Claims usage and reports none."""

    def answer(self, answer: PollAnswer) -> PollAnswer:
        return replace(answer, word=replace(answer.word, usage=None))


@breaks("R46")
class ClaimsAWordThatIsNone(Local):
    """Claims to honour a resource word that does not exist."""

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        info = super().sojourn_backend_info()
        return replace(info, resources=info.resources | {"cores"})


@breaks("R47")
class AsksForItsScript(Local):
    """Goes to the machine to show a script."""

    @hookimpl
    def sojourn_script(self, context: MachineContext, orders: Sequence[JobOrder]) -> str:
        with context.trip(create=True) as dialogue:
            dialogue.run("true")
        return super().sojourn_script(context, orders)


@breaks("R49")
class ChecksNothing(Local):
    """Finds nothing to check."""

    @hookimpl
    def sojourn_check(self, context: MachineContext) -> list[CheckLine]:
        return []


@breaks("R49")
class FindsFaultWithoutAdvice(Local):
    """Says of a sound machine that something does not work."""

    @hookimpl
    def sojourn_check(self, context: MachineContext) -> list[CheckLine]:
        return [*super().sojourn_check(context), CheckLine("luck", ok=False)]
