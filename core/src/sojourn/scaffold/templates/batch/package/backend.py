"""newplugin's commands, rendered and read. Nothing here runs anything, so all of it can be tested
with recorded outputs. It speaks to Sojourn's toy scheduler; FILL marks where yours differs."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sojourn.batch import scheduler as batch
from sojourn.batch.backend import BatchBackend
from sojourn.batch.changing import Change, settled
from sojourn.batch.commands import lines_of, meaning, read_reply
from sojourn.batch.directives import Language
from sojourn.batch.ids import IdForm
from sojourn.contract import BackendInfo, Capability
from sojourn.states import State
from sojourn.values.messages import CheckLine, Phase, SchedulerWord, Usage
from sojourn.values.resources import Resources

LANGUAGE = Language(  # FILL: how directives are written in a script
    command="toysub",
    marks=("#TOY",),
    example="-q slow",
    options={"walltime": "-t {}", "memory": "-m {}", "queue": "-q {}", "account": "-A {}"},
    ours=frozenset({"-N", "-a", "-w"}),  # the name, arrays and dependencies
)
IDS = IdForm(r"\d+", task="{job}.{index}")  # FILL: how a task of an array is called
PHASES = {"W": Phase.WAITING, "H": Phase.HELD, "R": Phase.RUNNING}  # FILL: all others have ended
TOOK = ((batch.Took.UNKNOWN, "unknown"), (batch.Took.FINISHED, "finished"))  # FILL
VERDICTS = (  # FILL: what toysub says, from its documentation or source; the first that fits
    (batch.Verdict.FULL, "too many jobs"),
    (batch.Verdict.UNAVAILABLE, "unable to open database|database is locked"),
    (batch.Verdict.REFUSED, "no queue called|unrecognized argument|invalid literal"),
)

Changes = batch.Conversation[Mapping[str, batch.Response]]


class NewpluginScheduler(batch.BatchScheduler):
    """One question a method; a conversation yields commands and is sent what came of them."""

    index_variable, id_variable = "$TOY_INDEX", "$TOY_ID"  # FILL: shell expressions
    tools = ("toysub", "toystat", "toydel")  # FILL: what must be on the machine

    def probe(self) -> batch.Conversation[Mapping[str, str]]:
        result = yield "command -v toysub"  # FILL: find out the version, the limits
        return {"toysub": result.stdout.strip()}

    def directives(self, resources: Resources, header: batch.Header) -> list[str]:
        return LANGUAGE.written(resources, f"-N {header.name}")

    def split_script(self, text: str, explicit: frozenset[str]) -> batch.ScriptParts:
        return LANGUAGE.split(text, explicit)

    def submit_command(self, call: batch.SubmitCall) -> str:
        array = [] if call.first is None else ["-a", f"{call.first}-{call.last}"]
        after = ["-w", ":".join(call.after)] if call.after else []
        return shlex.join(["toysub", *array, *after, call.script])

    def read_submit(self, result: batch.CommandResult) -> batch.SubmitReply:
        return read_reply(result, r"(\d+)", result.words, _verdict)

    def is_id(self, text: str) -> bool:
        return IDS.valid(text)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return IDS.task_id(scheduler_id, index)

    def array_limit(self) -> int:
        return 1000  # FILL: 1 if there are no arrays

    def look(self, ids: Sequence[str]) -> batch.Conversation[Mapping[str, SchedulerWord]]:
        asked = [one for one in ids if IDS.valid(one)]
        lines = yield from lines_of(shlex.join(["toystat", *asked]) if asked else "true")
        shown = {line.partition("\t")[0]: read_line(line) for line in lines}
        return {one: shown.get(one, SchedulerWord(Phase.ABSENT)) for one in ids}

    def search(self, names: Sequence[str]) -> batch.Conversation[Sequence[batch.QueueEntry]]:
        found: list[batch.QueueEntry] = []
        for name in names:
            for line in (yield from lines_of(f"toystat -n {name}")):
                job = line.partition("\t")[0]
                found.append(batch.QueueEntry(name, IDS.array_of(job), IDS.index(job)))
        return found

    def cancel(self, jobs: Mapping[str, str]) -> Changes:
        return self._change("toydel", Change.CANCEL, jobs)

    def hold(self, jobs: Mapping[str, str]) -> Changes:
        return self._change("toyhold", Change.HOLD, jobs)

    def release(self, jobs: Mapping[str, str]) -> Changes:
        return self._change("toyrel", Change.RELEASE, jobs)

    def _change(self, command: str, what: Change, jobs: Mapping[str, str]) -> Changes:
        words = yield from self.look(list(jobs))
        answers, left = settled(what, words, jobs, self.is_id)  # only what is there, and ours
        lines = yield from lines_of(shlex.join([command, *left]) if left else "true")
        said = {one: why for one, _, why in (line.partition(": ") for line in lines)}
        took = {one: meaning(why, TOOK, batch.Took.REFUSED) for one, why in said.items()}
        done = batch.Took.DONE
        return answers | {o: batch.Response(took.get(o, done), said.get(o, "")) for o in left}

    def check(self, defaults: Resources) -> batch.Conversation[Sequence[CheckLine]]:  # noqa: ARG002
        result = yield "toystat"  # FILL: try the queue and the account of `defaults`, too
        return [CheckLine("the queue answers", result.status == 0, result.words[:200])]


def read_line(line: str) -> SchedulerWord:
    """One line of toystat: id, state, name, exit status, three times, reason."""  # FILL
    _, state, name, status, *stamps, reason = line.split("\t")
    times = [float(stamp) or None for stamp in stamps]
    word = SchedulerWord(PHASES.get(state, Phase.ENDED), state, reason, name=name, raw=line)
    if state in PHASES:
        return replace(word, submitted_at=times[0])
    outcome = State.COMPLETED if status == "0" else State.FAILED
    outcome = {"walltime": State.TIMEOUT, "deleted": State.CANCELLED}.get(reason[:8], outcome)
    elapsed = times[2] - times[1] if times[1] and times[2] else None
    code = None if status == "-" else int(status)
    word = replace(word, outcome=outcome, exit_code=code, finished_at=times[2])
    return replace(word, usage=Usage(elapsed=elapsed))


def _verdict(result: batch.CommandResult) -> batch.Verdict:
    # Words that are in no table are no refusal: the job is looked for, and tried again later.
    otherwise = batch.Verdict.UNCLEAR if result.status == 1 else batch.Verdict.UNAVAILABLE
    return meaning(result.words, VERDICTS, otherwise)


INFO = BackendInfo(
    name="newplugin",  # the word in `backend:`, and the entry point's name
    summary="newplugin, over its commands",
    resources=frozenset({*LANGUAGE.options, "native"}),  # FILL: what you honour, and no more
    contract=1,
    capabilities=frozenset(Capability),  # FILL: leave out what your scheduler cannot do
)
plugin = BatchBackend(INFO, NewpluginScheduler)
