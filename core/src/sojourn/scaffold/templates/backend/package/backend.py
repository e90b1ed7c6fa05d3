"""The hooks of a backend for newplugin, each by itself. Claims, inputs, outputs and exit files are
core's (`sojourn.site`); what is done with the scheduler is here. It speaks to Sojourn's toy
scheduler; FILL marks where yours differs."""

import re
import shlex
from collections.abc import Mapping, Sequence

from sojourn.batch.changing import Change as Wanted
from sojourn.batch.changing import settled
from sojourn.batch.commands import meaning, read_reply
from sojourn.batch.control import control
from sojourn.batch.scheduler import (
    CommandResult,
    Conversation,
    QueueEntry,
    Response,
    SubmitReply,
    Took,
    Verdict,
)
from sojourn.contract import BackendInfo, hookimpl
from sojourn.errors import SchedulerUnavailable
from sojourn.machines.model import Machine
from sojourn.script.jobscript import job_script
from sojourn.site.context import MachineContext
from sojourn.site.evidence import read_evidence
from sojourn.site.fetching import fetch
from sojourn.site.finding import find
from sojourn.site.handin import hand_in
from sojourn.site.layout import queue_name
from sojourn.site.submission import Slice, Submission, shown
from sojourn.states import State
from sojourn.values.messages import (
    Change,
    CheckLine,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settlement,
)

OPTIONS = {"walltime": "-t", "memory": "-m", "queue": "-q", "account": "-A"}  # FILL
PHASES = {"W": Phase.WAITING, "H": Phase.HELD, "R": Phase.RUNNING}  # FILL: all others have ended
TOOK = {"unknown": Took.UNKNOWN, "finished": Took.FINISHED}
ID = r"(\d+)"  # FILL: a line that is an id
VERDICTS = (  # FILL: what toysub says, from its documentation or source; the first that fits
    (Verdict.UNAVAILABLE, "unable to open database|database is locked"),
    (Verdict.REFUSED, "no queue called|unrecognized argument|invalid literal"),
)
tools = ("toysub", "toystat", "toydel")  # FILL: what must be on the machine


class Caller:
    """How a job gets into the queue: the script, the command, and what its answer means."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def script(self, submission: Submission, root: str) -> str:
        asked = submission.orders[0].resources.given()
        lines = [
            f"#TOY {option} {asked[word]}" for word, option in OPTIONS.items() if word in asked
        ]
        return job_script(
            lines,
            root=root,
            token=submission.token,
            index="0",
            scheduler_id="$TOY_ID",  # FILL: a shell expression
            shell=self._machine.shell,
            group=bool(self._machine.group),
        )

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:  # noqa: ARG002
        return f"toysub -N {queue_name(submission.token)} job.sh"

    def read(self, result: CommandResult) -> SubmitReply:
        return read_reply(result, ID, result.words, read_refusal)

    def is_id(self, text: str) -> bool:
        return re.fullmatch(ID, text, re.ASCII) is not None

    def task_id(self, scheduler_id: str, index: int | None) -> str:  # noqa: ARG002  no arrays
        return scheduler_id

    def limit(self) -> int:
        return 1


@hookimpl
def sojourn_backend_info() -> BackendInfo:
    return BackendInfo(
        name="newplugin",  # the word in `backend:`, and the entry point's name
        summary="newplugin",
        resources=frozenset(OPTIONS),  # FILL: the words that you honour, and no others
        contract=1,
        capabilities=frozenset(),  # FILL: Capability.HOLD with sojourn_hold and _release, ...
    )


@hookimpl
def sojourn_submit(context: MachineContext, orders: Sequence[JobOrder]) -> list[Settlement]:
    if not orders:
        return []
    with context.trip(create=True) as dialogue:
        submissions = [Submission((order,)) for order in orders]
        answers = hand_in(dialogue, context, submissions, Caller(context.machine), search)
    return [answers[order.signature, order.attempt] for order in orders]


@hookimpl
def sojourn_find(context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
    if not jobs:
        return []
    with context.trip() as dialogue:
        answers = find(dialogue, jobs, search, Caller(context.machine))
    return [answers[job.signature, job.attempt] for job in jobs]


@hookimpl
def sojourn_poll(context: MachineContext, jobs: Sequence[JobRef]) -> list[PollAnswer]:
    if not jobs:
        return []
    with context.trip() as dialogue:
        words = dialogue.converse(look([job.scheduler_id for job in jobs]))
        waiting = {one for one, word in words.items() if word.phase in (Phase.WAITING, Phase.HELD)}
        read = [(j.signature, j.attempt) for j in jobs if j.scheduler_id not in waiting]
        seen = read_evidence(dialogue, read)
        # The id under which it started outranks the one that we were told.
        started = {key: site.started_id for key, site in seen.items() if site.started_id}
        words |= dialogue.converse(look([one for one in started.values() if one not in words]))
    answers = []
    for job in jobs:
        key = (job.signature, job.attempt)
        answers.append(PollAnswer(*key, words[started.get(key, job.scheduler_id)], seen.get(key)))
    return answers


@hookimpl
def sojourn_fetch(context: MachineContext, requests: Sequence[FetchRequest]) -> list[FetchAnswer]:
    if not requests:
        return []
    with context.trip() as dialogue:
        return fetch(dialogue, context, requests)


@hookimpl
def sojourn_cancel(context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
    if not jobs:
        return []
    with context.trip() as dialogue:
        return control(dialogue, jobs, Wanted.CANCEL, delete, search, Caller(context.machine))


@hookimpl
def sojourn_script(context: MachineContext, orders: Sequence[JobOrder]) -> str:
    machine, caller = context.machine, Caller(context.machine)
    shown_each = (shown(Submission((one,)), caller, machine.root, machine.setup) for one in orders)
    return "\n".join(shown_each)


@hookimpl
def sojourn_check(context: MachineContext) -> list[CheckLine]:
    with context.trip() as dialogue:
        result = dialogue.run("toystat")  # FILL: try all that jobs need
    return [CheckLine("the queue answers", result.status == 0, result.words[:200], "FILL: advice")]


# --- the scheduler's commands: conversations yield them and are sent what came of them --------------


def look(ids: Sequence[str]) -> Conversation[dict[str, SchedulerWord]]:
    """The scheduler's word on each id; ABSENT where a complete answer does not hold it."""
    asked = [one for one in ids if re.fullmatch(r"\d+", one)]
    lines = yield from printed(shlex.join(["toystat", *asked]) if asked else "true")
    shown = {line.partition("\t")[0]: read_line(line) for line in lines}
    return {one: shown.get(one, SchedulerWord(Phase.ABSENT)) for one in ids}


def search(names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
    """All jobs in the queue under these names."""
    found: list[QueueEntry] = []
    for name in names:
        lines = yield from printed(f"toystat -n {name}")
        found += [QueueEntry(name, line.partition("\t")[0]) for line in lines]
    return found


def delete(jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
    """End jobs, ids with the names that they must have in the queue; every id is answered."""
    words = yield from look(list(jobs))
    answers, left = settled(Wanted.CANCEL, words, jobs, str.isdecimal)
    lines = yield from printed(shlex.join(["toydel", *left]) if left else "true")
    said = {one: why for one, _, why in (line.partition(": ") for line in lines)}
    took = {one: TOOK.get(why, Took.REFUSED) for one, why in said.items()}
    return answers | {o: Response(took.get(o, Took.DONE), said.get(o, "")) for o in left}


def read_line(line: str) -> SchedulerWord:
    """One line of toystat: id, state, name, exit status, three times, reason."""  # FILL
    _, state, name, status, *_, reason = line.split("\t")
    if state in PHASES:
        return SchedulerWord(PHASES[state], state, reason, name=name, raw=line)
    outcome = State.COMPLETED if status == "0" else State.FAILED
    outcome = {"walltime": State.TIMEOUT, "deleted": State.CANCELLED}.get(reason[:8], outcome)
    code = None if status == "-" else int(status)
    return SchedulerWord(Phase.ENDED, state, reason, outcome, code, name=name, raw=line)


def read_refusal(result: CommandResult) -> Verdict:
    """What a toysub that failed means; words in no table are no refusal."""
    otherwise = Verdict.UNCLEAR if result.status == 1 else Verdict.UNAVAILABLE
    return meaning(result.words, VERDICTS, otherwise)


def printed(command: str) -> Conversation[list[str]]:
    """The lines that a command prints, which must succeed: silence is no answer."""
    result = yield command
    if result.status != 0:
        raise SchedulerUnavailable(result.words or f"it ended with status {result.status}")
    return result.stdout.splitlines()
