"""R07 to R11 and R58: poll reports what is there, and judges nothing."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from sojourn.errors import SchedulerUnavailable
from sojourn.states import State
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.marks import rule
from sojourn.testing.situations import LONG, judged, tell, waiting
from sojourn.testing.suites.base import Suite
from sojourn.testing.suites.batches import ended_batch, stranger
from sojourn.values.messages import JobRef, Phase, PollAnswer

ENDS: dict[str, tuple[dict[str, Any], State, int | None, str]] = {
    "good": ({"command": "true"}, State.COMPLETED, 0, ""),
    "status": ({"command": "exit 7"}, State.FAILED, 7, "7"),
    "accepted": ({"command": "exit 3", "accept_exit": (0, 3)}, State.COMPLETED, 3, ""),
    "not-accepted": ({"command": "true", "accept_exit": (3,)}, State.FAILED, 0, "0"),
    "killed": ({"command": "kill -9 $$"}, State.FAILED, 137, "137"),
    "unknown-command": ({"command": "no-such-command-at-all"}, State.FAILED, 127, "127"),
    "no-output": ({"command": "true", "outputs": ("nothing",)}, State.FAILED, 0, "nothing"),
    "no-match": ({"command": "true", "outputs": ("*.none",)}, State.FAILED, 0, "*.none"),
    "output": ({"command": "echo > o", "outputs": ("o",)}, State.COMPLETED, 0, ""),
    "setup": ({"command": "true", "setup": ("true", "false # this line")}, State.FAILED, 1, "this"),
    "check": ({"command": "true", "check": "false"}, State.FAILED, 0, "check"),
    "check-holds": ({"command": "echo > o", "check": "test -e o"}, State.COMPLETED, 0, ""),
}
"""What is handed in, the state and exit code that it must end with, and a word of the reason."""


def ends(bench: Bench) -> dict[str, PollAnswer]:
    """The answers about one job of each kind of end; made once a bench."""

    def make() -> dict[str, PollAnswer]:
        client = bench.client()
        jobs = client.take(*(client.order(**case[0]) for case in ENDS.values()))
        return dict(zip(ENDS, client.over(jobs), strict=True))

    return bench.once("ends", make)


class Evidence(Suite):
    """What a poll says of jobs in every situation."""

    @rule("R07")
    def test_a_job_that_the_scheduler_never_had_is_absent(
        self, bench: Bench, client: Client, unknown_id: Callable[[str], str]
    ) -> None:
        odd = stranger(ended_batch(bench)[0], unknown_id)
        answer = client.poll([odd])[0]
        assert answer.word.phase is Phase.ABSENT
        assert answer.word.outcome is None
        assert answer.site is not None
        assert not answer.site.present

    @rule("R07")
    def test_a_job_that_has_vanished_is_not_done(
        self, bench: Bench, client: Client, unknown_id: Callable[[str], str]
    ) -> None:
        job = client.take(client.order(LONG))[0]
        client.started([job])
        lost = replace(job, scheduler_id=unknown_id(job.scheduler_id))
        # Its start and its id file name the id that the scheduler knows: only the other is left.
        folder = client.job_dir(job)
        bench.said(f"cd {folder} && mkdir away && mv id started away")
        answer = client.poll([lost])[0]
        bench.said(f"set +f; cd {folder} && mv away/* .")
        assert answer.word.phase is Phase.ABSENT
        assert answer.word.outcome is None
        assert judged(answer, time.time()).state is State.RUNNING

    @rule("R08")
    @pytest.mark.parametrize("failure", ["echo connection refused >&2; exit 1", "kill -9 $$"])
    @pytest.mark.parametrize("hook", ["poll", "find"])
    def test_a_scheduler_without_an_answer_is_no_empty_queue(
        self, bench: Bench, scheduler_commands: tuple[str, ...], failure: str, hook: str
    ) -> None:
        if not scheduler_commands:
            pytest.skip("no commands to fail: fixture scheduler_commands is empty")
        sound = bench.client()
        job = sound.take(sound.order(LONG))[0]
        sound.started([job])  # so that nothing of it changes by itself any more
        sound.poll([job])
        names = " ".join(scheduler_commands)
        stub = f"#!/bin/sh\\n{failure}\\n"
        bench.said(
            f"mkdir -p stubs && cd stubs && for n in {names}; do"
            f" printf '{stub}' >$n && chmod +x $n; done"
        )
        stubs = f"{bench.said('pwd').strip()}/stubs"
        client = bench.client(path=(stubs, *bench.machine.path))
        client.context.facts.update(sound.context.facts)
        lost = JobRef(job.signature, job.attempt, job.token, job.index)
        if hook == "find":
            bench.said(f"rm {client.job_dir(job)}/id; rm -f {client.job_dir(job)}/started")
            bench.said(f"cd {client.job_dir(job)} && read -r t i a k <claim && "
                       'echo "$t $i $((a - 120)) $k" >claim')  # fmt: skip
        with pytest.raises(SchedulerUnavailable):
            getattr(client, hook)([lost if hook == "find" else job])

    @rule("R09")
    def test_a_running_job_runs(self, client: Client) -> None:
        job = client.take(client.order(LONG))[0]
        client.started([job])
        answer = client.until(
            [job], lambda answers: answers[0].word.phase is Phase.RUNNING, saying="it has started"
        )[0]
        assert answer.word.outcome is None
        assert answer.word.never == ""
        assert answer.site is not None
        assert answer.site.exit is None
        assert judged(answer, time.time(), state=State.QUEUED).state is State.RUNNING

    @rule("R09")
    def test_a_waiting_job_waits(self, bench: Bench, client: Client) -> None:
        job, blockers = waiting(client)
        answer = client.poll([job])[0]
        tell(bench, blockers)
        assert answer.word.outcome is None
        assert answer.word.never == "", "it waits for a place, and starts when there is one"
        assert answer.site is None or not answer.site.started
        assert judged(answer, time.time(), state=State.QUEUED).state in (State.QUEUED, State.HELD)
        client.ended([job])

    @rule("R09")
    def test_an_ended_job_has_ended(self, bench: Bench, client: Client) -> None:
        jobs = ended_batch(bench)
        answers = client.gone(jobs)
        assert {a.word.outcome for a in answers} <= {None, State.COMPLETED}

    @rule("R10")
    @pytest.mark.parametrize("end", list(ENDS))
    def test_the_final_state_comes_from_the_exit_file(self, bench: Bench, end: str) -> None:
        _, state, code, word = ENDS[end]
        judgement = judged(ends(bench)[end], time.time())
        assert (judgement.state, judgement.exit_code) == (state, code), judgement
        assert word in judgement.reason

    @rule("R10")
    def test_without_an_exit_file_nothing_is_completed(self, bench: Bench, client: Client) -> None:
        job = client.take(client.order("true"))[0]
        client.ended([job])
        client.gone([job])
        bench.said(f"rm {client.job_dir(job)}/exit")
        answer = client.poll([job])[0]
        assert answer.site is not None
        assert answer.site.exit is None, "an exit report without an exit file"
        assert judged(answer, time.time()).state is not State.COMPLETED
        later = judged(answer, time.time() + 600, absent_since=time.time(), absent_polls=3)
        assert later.state is not State.COMPLETED

    @rule("R10")
    def test_a_damaged_exit_file_is_no_success(self, bench: Bench, client: Client) -> None:
        job = client.take(client.order("true"))[0]
        client.ended([job])
        bench.said(f"cd {client.job_dir(job)} && printf 'sojourn-exit 1\\nverdict ok\\n' >exit")
        answer = client.poll([job])[0]
        assert answer.site is not None
        assert answer.site.exit is None
        assert answer.site.exit_error, "it says why the file could not be read"

    @rule("R11")
    def test_what_lies_there_is_reported(self, bench: Bench, client: Client) -> None:
        order = client.order("printf 12345 > five; exit 4", outputs=("five",))
        job = client.take(order)[0]
        before = float(bench.said("date +%s")) - 300
        site = client.ended([job])[0].site
        assert site is not None
        assert site.exit is not None
        assert (site.present, site.started, site.closed) == (True, True, False)
        assert site.claim == job.token
        assert site.exit.status == 4
        assert [(file.name, file.size) for file in site.exit.files] == [("five", 5)]
        assert before < site.exit.started_at <= site.exit.finished_at

    @rule("R11")
    def test_the_exit_file_is_read_when_the_scheduler_has_forgotten(
        self, bench: Bench, client: Client, unknown_id: Callable[[str], str]
    ) -> None:
        job = ended_batch(bench)[0]
        forgotten = replace(job, scheduler_id=unknown_id(job.scheduler_id))
        answer = client.poll([forgotten])[0]
        assert judged(answer, time.time()).state is State.COMPLETED

    @rule("R58")
    def test_a_job_that_was_ended_is_not_done_whatever_its_exit_file_says(
        self, bench: Bench, client: Client
    ) -> None:
        job = client.take(client.order(LONG))[0]
        client.started([job])
        client.cancel(job)
        client.gone([job])
        with suppress(AssertionError):  # one that was killed leaves none
            client.ended([job], seconds=10)
        folder, good = client.job_dir(job), client.job_dir(ended_batch(bench)[0])
        bench.said(f"rm -f {folder}/exit")
        before = client.poll([job])[0].word.outcome
        bench.said(f"cp {good}/exit {folder}/exit")
        assert judged(client.poll([job])[0], time.time()).state is not State.COMPLETED
        bench.said(f"rm -f {folder}/cancelled")  # as if somebody else had ended it
        answer = client.poll([job])[0]
        assert answer.site is not None
        assert answer.site.exit is not None
        assert answer.site.exit.ok
        assert answer.word.outcome is before, "the scheduler's word was dropped"
        if before is not None:
            assert judged(answer, time.time()).state is before
