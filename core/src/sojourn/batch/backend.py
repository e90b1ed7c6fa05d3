"""The backend hooks for every batch scheduler: one trip each, around its pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from shlex import quote

from sojourn.batch.changing import Change as Wanted
from sojourn.batch.changing import foreign, is_foreign
from sojourn.batch.control import Ask, control
from sojourn.batch.grouping import submissions_of
from sojourn.batch.scheduler import (
    BatchScheduler,
    CommandResult,
    Header,
    SubmitCall,
    SubmitReply,
    Verdict,
)
from sojourn.contract import BackendInfo, hookimpl
from sojourn.errors import SiteError
from sojourn.script.jobscript import job_script
from sojourn.script.leftout import told
from sojourn.site import layout
from sojourn.site.context import MachineContext
from sojourn.site.evidence import read_evidence
from sojourn.site.fetching import fetch
from sojourn.site.finding import find
from sojourn.site.handin import hand_in
from sojourn.site.submission import Slice, Submission, shown
from sojourn.site.trip import Dialogue
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
    Settled,
    Settlement,
    SiteEvidence,
)

_UNTOUCHED = frozenset({Phase.WAITING, Phase.HELD})
"""Jobs shown so have not started: their files are not read."""

_RUNS = frozenset({Phase.RUNNING, Phase.FINISHING})


class BatchCaller:
    """How job.sh is made for a scheduler, and how it is handed in; pure."""

    def __init__(self, scheduler: BatchScheduler, context: MachineContext) -> None:
        self._scheduler = scheduler
        self._machine = context.machine

    def script(self, submission: Submission, root: str) -> str:
        scheduler = self._scheduler
        folder = layout.submission(root, submission.token)
        header = Header(layout.queue_name(submission.token), folder, submission.array)
        resources = submission.orders[0].resources
        directives = [*scheduler.directives(resources, header), *submission.directives]
        return job_script(
            directives,
            root=root,
            token=submission.token,
            index=scheduler.index_variable if submission.array else "0",
            scheduler_id=scheduler.id_variable,
            shell=self._machine.shell,
            group=bool(self._machine.group),
            warning=scheduler.warning(directives),
        )

    def command(self, submission: Submission, part: Slice, after: Sequence[str]) -> str:
        first, last = (part.first, part.last) if submission.array else (None, None)
        name = layout.queue_name(submission.token)
        return self._scheduler.submit_command(SubmitCall("job.sh", name, first, last, tuple(after)))

    def read(self, result: CommandResult) -> SubmitReply:
        reply = self._scheduler.read_submit(result)
        if reply.verdict is Verdict.TAKEN and not self.is_id(reply.id):
            return SubmitReply(Verdict.UNCLEAR, reason=f"{reply.id!r} is no id: {reply.reason}")
        return reply

    def is_id(self, text: str) -> bool:
        return self._scheduler.is_id(text)

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        return self._scheduler.task_id(scheduler_id, index)

    def limit(self) -> int:
        return self._scheduler.array_limit()


class BatchBackend:
    """A plugin object: what a backend says of itself, and its scheduler's class."""

    def __init__(self, info: BackendInfo, scheduler: type[BatchScheduler]) -> None:
        self.info = info
        self._kind = scheduler

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        return self.info

    @property
    def tools(self) -> tuple[str, ...]:
        """Commands that must be on a machine's PATH."""
        return self._kind.tools

    @property
    def optional_tools(self) -> tuple[str, ...]:
        """Commands that are used where the machine has them."""
        return self._kind.optional_tools

    # --- the scheduler of one machine -------------------------------------------------------------

    def _scheduler(self, context: MachineContext) -> BatchScheduler:
        return self._kind(context.machine.options, context.facts)

    def _probed(self, context: MachineContext, dialogue: Dialogue) -> BatchScheduler:
        """The scheduler with what is known of this machine, found out once a session."""
        if not context.facts:
            _need_path(dialogue, context)
            context.facts.update(dialogue.converse(self._scheduler(context).probe()))
        return self._scheduler(context)

    # --- handing in -------------------------------------------------------------------------------

    @hookimpl
    def sojourn_submit(
        self, context: MachineContext, orders: Sequence[JobOrder]
    ) -> list[Settlement]:
        if not orders:
            return []
        # What a backend cannot honour is found out before anything is contacted.
        submissions_of(self._scheduler(context), orders)
        self._tell_left_out(context, orders)
        with context.trip(create=True) as dialogue:
            scheduler = self._probed(context, dialogue)
            submissions = submissions_of(scheduler, orders)
            caller = BatchCaller(scheduler, context)
            answers = hand_in(dialogue, context, submissions, caller, scheduler.search)
        return [answers[order.signature, order.attempt] for order in orders]

    def _tell_left_out(self, context: MachineContext, orders: Sequence[JobOrder]) -> None:
        """Name the directives of existing scripts that do not count."""
        for order in {order.script: order for order in orders if order.script}.values():
            explicit = frozenset(order.resources.given())
            parts = self._scheduler(context).split_script(order.script, explicit)
            for line in told(order, parts.dropped, parts.foreign, parts.remarks):
                context.say(line)

    @hookimpl
    def sojourn_find(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Settlement]:
        if not jobs:
            return []
        with context.trip() as dialogue:
            scheduler = self._probed(context, dialogue)
            answers = find(dialogue, jobs, scheduler.search, scheduler)
            answers |= _vanished(dialogue, scheduler, jobs, answers)
        return [answers[job.signature, job.attempt] for job in jobs]

    @hookimpl
    def sojourn_script(self, context: MachineContext, orders: Sequence[JobOrder]) -> str:
        scheduler = self._scheduler(context)
        self._tell_left_out(context, orders)
        caller = BatchCaller(scheduler, context)
        root, setup = context.machine.root, context.machine.setup
        submissions = submissions_of(scheduler, orders)
        return "\n".join(shown(submission, caller, root, setup) for submission in submissions)

    # --- asking -----------------------------------------------------------------------------------

    @hookimpl
    def sojourn_poll(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[PollAnswer]:
        if not jobs:
            return []
        with context.trip() as dialogue:
            scheduler = self._probed(context, dialogue)
            named = dict.fromkeys(job.scheduler_id for job in jobs)
            ids = [one for one in named if scheduler.is_id(one) and not layout.is_queue_name(one)]
            words = dict(dialogue.converse(scheduler.look(ids))) if ids else {}
            told = {job: _told(job, words) for job in jobs}
            known = {
                (job.signature, job.attempt): job.scheduler_id
                for job in jobs
                if told[job].phase not in _UNTOUCHED
            }
            evidence = read_evidence(dialogue, list(known), scheduler.is_id)
            # The id under which it started outranks the one that we were told.
            others = {
                seen.started_id
                for seen in evidence.values()
                if seen.started_id and seen.started_id not in words and seen.exit is None
            }
            # One whose exit file is there may have ended meanwhile: its end is asked for once more.
            others |= {
                one
                for (signature, attempt), seen in evidence.items()
                if seen.exit is not None
                for one in (seen.started_id or known.get((signature, attempt), ""),)
                if one in words and words[one].phase in _RUNS
            }
            if others:
                words |= dialogue.converse(scheduler.look(sorted(others)))
        return [_answer(job, _told(job, words), words, evidence) for job in jobs]

    @hookimpl
    def sojourn_fetch(
        self, context: MachineContext, requests: Sequence[FetchRequest]
    ) -> list[FetchAnswer]:
        if not requests:
            return []
        with context.trip() as dialogue:
            return fetch(dialogue, context, requests)

    # --- changing ---------------------------------------------------------------------------------

    @hookimpl
    def sojourn_cancel(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return self._controlled(context, jobs, Wanted.CANCEL)

    @hookimpl
    def sojourn_hold(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return self._controlled(context, jobs, Wanted.HOLD)

    @hookimpl
    def sojourn_release(self, context: MachineContext, jobs: Sequence[JobRef]) -> list[Change]:
        return self._controlled(context, jobs, Wanted.RELEASE)

    def _controlled(
        self, context: MachineContext, jobs: Sequence[JobRef], wanted: Wanted
    ) -> list[Change]:
        if not jobs:
            return []
        with context.trip() as dialogue:
            scheduler = self._probed(context, dialogue)
            asks: dict[Wanted, Ask] = {
                Wanted.CANCEL: scheduler.cancel,
                Wanted.HOLD: scheduler.hold,
                Wanted.RELEASE: scheduler.release,
            }
            return control(dialogue, jobs, wanted, asks[wanted], scheduler.search, scheduler)

    # --- checking ---------------------------------------------------------------------------------

    @hookimpl
    def sojourn_check(self, context: MachineContext) -> list[CheckLine]:
        with context.trip() as dialogue:
            _need_path(dialogue, context)
            lines = [_tool(dialogue, tool) for tool in self._kind.tools]
            if all(line.ok for line in lines):
                scheduler = self._probed(context, dialogue)
                lines += dialogue.converse(scheduler.check(context.machine.defaults))
            return lines


def _told(job: JobRef, words: Mapping[str, SchedulerWord]) -> SchedulerWord:
    """What the scheduler says of the id that is recorded for a job."""
    one = job.scheduler_id
    if not one:
        return SchedulerWord(Phase.UNKNOWN, reason="its id in the queue is not known")
    if layout.is_queue_name(one):
        return SchedulerWord(Phase.ABSENT)
    if one not in words:
        return SchedulerWord(Phase.UNKNOWN, reason=f"{one!r} is no id of this scheduler")
    return _own(job, one, words[one])


def _own(job: JobRef, one: str, word: SchedulerWord) -> SchedulerWord:
    """The word on an id, if the job is ours; what is said of another one says nothing of ours."""
    if job.token and is_foreign(word, layout.queue_name(job.token)):
        return SchedulerWord(Phase.ABSENT, reason=foreign(one, word), raw=word.raw)
    return word


def _answer(
    job: JobRef,
    told: SchedulerWord,
    words: Mapping[str, SchedulerWord],
    evidence: Mapping[tuple[str, int], SiteEvidence],
) -> PollAnswer:
    seen = evidence.get((job.signature, job.attempt))
    if seen is not None and seen.started_id in words:
        word = _own(job, seen.started_id, words[seen.started_id])
        if word is words[seen.started_id]:
            return PollAnswer(job.signature, job.attempt, word, seen)
        seen = replace(seen, started_id="", id_error=word.reason)
    return PollAnswer(job.signature, job.attempt, told, seen)


def _vanished(
    dialogue: Dialogue,
    scheduler: BatchScheduler,
    jobs: Sequence[JobRef],
    answers: Mapping[tuple[str, int], Settlement],
) -> dict[tuple[str, int], Settlement]:
    """The answers about jobs that a scheduler has forgotten, with what may have become of them."""
    explained: dict[tuple[str, int], Settlement] = {}
    scripts: dict[str, str] = {}
    for job in jobs:
        attempt = (job.signature, job.attempt)
        if answers[attempt].outcome is not Settled.CLOSED or not (job.scheduler_id and job.token):
            continue
        if job.token not in scripts:
            where = quote(layout.submission(dialogue.hello.root, job.token) + "/job.sh")
            scripts[job.token] = dialogue.run(f"sed -n '/^#/p' {where}").stdout
        if why := dialogue.converse(scheduler.vanished(scripts[job.token])):
            reason = f"{answers[attempt].reason}; {why}"
            explained[attempt] = replace(answers[attempt], reason=reason)
    return explained


def _need_path(dialogue: Dialogue, context: MachineContext) -> None:
    """Raise where a directory of `path:` is not there: another scheduler's commands of the same
    names may be on PATH, and would be called instead."""
    places = context.machine.path
    looks = (f"[ -d {quote(place)} ] || echo {quote(place)}" for place in places)
    missing = dialogue.run("\n".join(looks)).stdout.splitlines() if places else []
    if missing:
        raise SiteError(
            f"{', '.join(missing)}, named by `path`, is not a directory there",
            machine=context.machine.name,
            hint="correct `path` in machines.yaml, or leave it out",
        )


def _tool(dialogue: Dialogue, tool: str) -> CheckLine:
    found = dialogue.run(f"command -v {tool}")
    if found.status == 0:
        return CheckLine(tool, True, found.stdout.strip())
    return CheckLine(
        tool, False, "not found on PATH", "name its directory under `path:` in machines.yaml"
    )
