"""A machine's side without a scheduler: the real programs, and job.sh run on the spot."""

from collections.abc import Sequence
from pathlib import Path

from sojourn.batch.scheduler import CommandResult, SubmitReply, Verdict
from sojourn.machines.model import Machine
from sojourn.script.jobscript import job_script
from sojourn.site.context import MachineContext
from sojourn.site.evidence import Attempt, read_evidence
from sojourn.site.handin import hand_in
from sojourn.site.submission import Slice, Submission
from sojourn.transports.local import LocalTransport
from sojourn.values.messages import JobOrder, Settlement, SiteEvidence
from sojourn.values.resources import Resources

BATCH = 'read -r _ _ _ batch <"$SOJOURN_JOB_DIR/started"; batch=${batch%.*}; batch=${batch##*.}\n'
"""Lines for a command: `batch` is then the process of job.sh."""


class OnTheSpot:
    """Runs job.sh of each task at once, in order, with `sh`; the id is the submission's token."""

    def __init__(self, shell: str = "sh", limit: int = 100, warning: str = "") -> None:
        self._shell = shell
        self._warning = warning
        self._limit = limit
        self.calls: list[tuple[int, int]] = []

    def script(self, submission: Submission, root: str) -> str:
        return job_script(
            list(submission.directives),
            root=root,
            token=submission.token,
            index="${TASK:-0}",
            scheduler_id='"id-$TASK"',
            shell="sh",
            group=False,
            warning=self._warning,
        )

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:
        self.calls.append((part.first, part.last))
        tasks = " ".join(map(str, range(part.first, part.last + 1)))
        run = f"SOJOURN_PARENT_WAIT=0 TASK=$n {self._shell} job.sh"
        return f'for n in {tasks}; do {run} >"out.$n" 2>&1; done; echo {submission.token}'

    def read(self, result: CommandResult) -> SubmitReply:
        if result.status == 0:
            words = result.stdout.split()
            return SubmitReply(Verdict.TAKEN, words[-1]) if words else SubmitReply(Verdict.UNCLEAR)
        return SubmitReply(Verdict.REFUSED, reason=result.stderr)

    def is_id(self, text: str) -> bool:
        return bool(text)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return scheduler_id if index is None else f"{scheduler_id}_{index}"

    def limit(self) -> int:
        return self._limit


def context(root: Path, **words: object) -> MachineContext:
    """This computer as a machine, with that root."""
    machine = Machine.model_validate(
        {"name": "here", "backend": "none", "root": str(root), **words}
    )
    return MachineContext(machine=machine, transport=LocalTransport(), client="tests")


def order(number: int, command: str = "true", **words: object) -> JobOrder:
    """An order whose signature is made of its number."""
    given: dict[str, object] = {"attempt": 1, "name": "", "resources": Resources(), **words}
    return JobOrder(signature=f"{number:064x}", command=command, **given)  # type: ignore[arg-type]


def run_orders(
    where: MachineContext, orders: Sequence[JobOrder], caller: OnTheSpot | None = None
) -> tuple[dict[Attempt, Settlement], dict[Attempt, SiteEvidence]]:
    """Hand orders in as one submission that runs on the spot; the answers and what lies there."""
    submission = Submission(tuple(orders), array=len(orders) > 1)
    with where.trip(create=True) as dialogue:
        answers = hand_in(dialogue, where, [submission], caller or OnTheSpot())
    with where.trip() as dialogue:
        seen = read_evidence(dialogue, [(one.signature, one.attempt) for one in orders])
    return answers, seen


def run_one(where: MachineContext, one: JobOrder, shell: str = "sh") -> SiteEvidence:
    """Run one order; what lies in its attempt's directory afterwards."""
    _, seen = run_orders(where, [one], OnTheSpot(shell))
    return seen[one.signature, one.attempt]


def job_dir(where: MachineContext, one: JobOrder) -> Path:
    """An attempt's directory."""
    signature = one.signature
    return Path(where.machine.root) / "jobs" / signature[:2] / signature / str(one.attempt)
