"""What a scheduler has that supplies no more than it must."""

from collections.abc import Generator, Mapping, Sequence

import pytest

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
    Took,
    Verdict,
)
from sojourn.values.messages import CheckLine, SchedulerWord
from sojourn.values.resources import Resources


class Least(BatchScheduler):
    """No arrays, no holding, no directives."""

    id_variable = "$ID"

    def directives(self, resources: Resources, header: Header) -> list[str]:
        return []

    def submit_command(self, call: SubmitCall) -> str:
        return "put"

    def read_submit(self, result: CommandResult) -> SubmitReply:
        return SubmitReply(Verdict.TAKEN, "1")

    def look(self, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
        yield "look"
        return {}

    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        yield "look"
        return []

    def cancel(self, jobs: Mapping[str, str]) -> Conversation[Mapping[str, Response]]:
        yield "end"
        return {}

    def check(self, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
        yield "look"
        return []


def returned(talk: Generator[str, CommandResult, object]) -> object:
    """What a conversation returns that asks for nothing."""
    with pytest.raises(StopIteration) as end:
        next(talk)
    return end.value.value


def test_what_it_cannot_do_it_refuses_without_a_word_to_the_machine() -> None:
    least = Least()
    jobs = {"1": "sj1", "2": "sj1"}
    refused = dict.fromkeys(jobs, Took.REFUSED)
    for talk in (least.hold(jobs), least.release(jobs)):
        answers = returned(talk)
        assert isinstance(answers, dict)
        assert {one: answer.took for one, answer in answers.items()} == refused
    assert returned(least.probe()) == {}


def test_without_arrays_and_directives() -> None:
    least = Least()
    assert (least.task_id("7", None), least.array_limit()) == ("7", 1)
    assert least.split_script("#!/bin/sh\n#X -q main\n", frozenset()) == ScriptParts(())
