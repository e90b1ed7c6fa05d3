"""task-spooler's one command `tsp`, rendered and read: a queue on one computer.

It has no walltimes, arrays or holding, reads no directives from scripts, and gives a job the
environment of whoever calls it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from shlex import quote

from pydantic import BaseModel, ConfigDict

from sojourn.batch import scheduler as batch
from sojourn.batch.backend import BatchBackend
from sojourn.batch.changing import Change, settled
from sojourn.batch.commands import read_reply, run_each, said, unavailable
from sojourn.contract import BackendInfo, Capability
from sojourn.states import State
from sojourn.values.messages import CheckLine, Phase, SchedulerWord, Usage
from sojourn.values.resources import Resources

PHASES = {"queued": Phase.WAITING, "allocating": Phase.WAITING, "running": Phase.RUNNING}
LINE = re.compile(
    r"(?P<id>\d+)\s+(?P<state>\w+)\s+\S+\s+"  # what it prints goes to the file in the third column
    r"(?:(?P<status>-?\d+)\s+(?P<elapsed>[\d.]+)/\S+\s+)?"
    r"\[(?P<name>\w+)\]"
)


class Config(BaseModel):
    """The keys that this backend adds to its machines in `machines.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    socket: str = ""
    """Where the queue's server listens, as TS_SOCKET says it; tsp's own default if empty."""


class TspScheduler(batch.BatchScheduler):
    """One question a method; a conversation yields commands and is sent what came of them."""

    tools = ("tsp",)

    @property
    def tsp(self) -> str:
        """The words that call it, and keep the caller's environment from the job."""
        socket = self.options.socket if isinstance(self.options, Config) else ""
        where = quote(socket) if socket else '"${TS_SOCKET:-${TMPDIR:-/tmp}/socket-ts.$(id -u)}"'
        return f'env -i HOME="$HOME" PATH="$PATH" TS_SOCKET={where} TMPDIR="$PWD" tsp'

    def directives(self, resources: Resources, header: batch.Header) -> list[str]:  # noqa: ARG002
        # Read again by submit_command: the script is all that it is told of.
        slots = resources.cpus_per_task
        return [f"#TSP -N {slots}"] if slots else []

    def submit_command(self, call: batch.SubmitCall) -> str:
        options = f"$(sed -n 's/^#TSP //p' {call.script})"
        job = f"env -u TMPDIR -u TS_SOCKET sh {call.script}"
        return f"{self.tsp} -B -L {call.name} {options} {job}"

    def read_submit(self, result: batch.CommandResult) -> batch.SubmitReply:
        return read_reply(result, r"(\d+)", said(result), _verdict)

    def look(self, ids: Sequence[str]) -> batch.Conversation[Mapping[str, SchedulerWord]]:
        found = yield from self._listed()
        shown = {line["id"]: read_line(line) for line in found}
        return {one: shown.get(one, SchedulerWord(Phase.ABSENT)) for one in ids}

    def search(self, names: Sequence[str]) -> batch.Conversation[Sequence[batch.QueueEntry]]:
        found = yield from self._listed()
        return [
            batch.QueueEntry(line["name"], line["id"]) for line in found if line["name"] in names
        ]

    def is_id(self, text: str) -> bool:
        return text.isascii() and text.isdecimal()

    def cancel(self, jobs: Mapping[str, str]) -> batch.Conversation[Mapping[str, batch.Response]]:
        words = yield from self.look(list(jobs))
        answers, left = settled(Change.CANCEL, words, jobs, self.is_id)
        results = yield from run_each(
            [f"{self.tsp} -r {one} || {self.tsp} -k {one}" for one in left]
        )
        for one, result in zip(left, results, strict=True):
            took = batch.Took.REFUSED if result.status else batch.Took.DONE
            answers[one] = batch.Response(took, said(result) if result.status else "")
        return answers

    def check(self, defaults: Resources) -> batch.Conversation[Sequence[CheckLine]]:  # noqa: ARG002
        result = yield f"{self.tsp} -S"
        return [CheckLine("slots of the queue", result.status == 0, said(result))]

    def _listed(self) -> batch.Conversation[list[re.Match[str]]]:
        """The lines of the whole list that are of jobs with a name."""
        result = yield f"{self.tsp} -l"
        if result.status != 0 or not result.stdout.startswith("ID "):
            raise unavailable(result, "tsp")
        return [found for line in result.stdout.splitlines() if (found := LINE.match(line))]


def read_line(line: re.Match[str]) -> SchedulerWord:
    """One line of the list."""
    state, raw = line["state"], line.string
    if state != "finished" or line["status"] is None:
        return SchedulerWord(PHASES.get(state, Phase.UNKNOWN), state, name=line["name"], raw=raw)
    code = int(line["status"])
    outcome = State.FAILED if code else State.COMPLETED
    usage = Usage(elapsed=float(line["elapsed"]))
    word = SchedulerWord(Phase.ENDED, state, "", outcome, code, name=line["name"], raw=raw)
    return replace(word, usage=usage)


def _verdict(result: batch.CommandResult) -> batch.Verdict:
    full = 2  # as -B asks for
    return batch.Verdict.FULL if result.status == full else batch.Verdict.UNCLEAR


INFO = BackendInfo(
    name="tsp",
    summary="task-spooler: a queue on one computer",
    resources=frozenset({"cpus_per_task"}),
    contract=1,
    capabilities=frozenset({Capability.USAGE, Capability.SCRIPTS}),
    config_model=Config,
)
plugin = BatchBackend(INFO, TspScheduler)
