"""The typed façade: one plugin is asked, and its answers keep the contract's rules."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.contract import Capability, hookimpl
from sojourn.errors import ContractError, NotPossible, PluginError, Unreachable
from sojourn.machines.model import Machine
from sojourn.plugins.facade import Backend
from sojourn.plugins.registry import Registry
from sojourn.site.context import MachineContext
from sojourn.states import State
from sojourn.values.messages import (
    Change,
    Changed,
    FetchAnswer,
    FetchRequest,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
)
from tests.core.plugins.toys import Silent, Toy, orders, refs

BATCHED = ("submit", "find", "poll", "fetch", "cancel", "hold", "release")


def context(registry: Registry) -> MachineContext:
    machine = Machine(name="here", backend="toy")
    return MachineContext(machine, registry.open_transport(machine))


def facade(toy: Silent) -> tuple[Backend, MachineContext]:
    registry = Registry(discover=False)
    registry.register(toy, name=toy.info.name)
    return registry.backend(toy.info.name), context(registry)


def requests(count: int) -> list[FetchRequest]:
    return [FetchRequest(each.signature, each.attempt, Path()) for each in refs(count)]


def batch(operation: str, count: int) -> Any:
    make: Any = {"submit": orders, "fetch": requests}.get(operation, refs)
    return make(count)


def call(backend: Backend, at: MachineContext, operation: str, count: int = 3) -> Any:
    return getattr(backend, operation)(at, batch(operation, count))


@pytest.mark.parametrize("operation", BATCHED)
def test_an_empty_batch_is_answered_without_asking(operation: str) -> None:
    toy = Toy()
    backend, at = facade(toy)
    assert call(backend, at, operation, 0) == []
    assert toy.asked == []


@pytest.mark.parametrize("operation", BATCHED)
def test_a_batch_is_one_call(operation: str) -> None:
    toy = Toy()
    backend, at = facade(toy)
    answers = call(backend, at, operation, 50)
    assert toy.asked == [operation]
    assert [each.signature for each in answers] == [each.signature for each in refs(50)]


def test_script_and_check() -> None:
    backend, at = facade(toy := Toy())
    assert backend.script(at, orders(2)) == "true\ntrue"
    assert [line.what for line in backend.check(at)] == ["tools"]
    assert backend.script(at, []) == ""
    assert toy.asked == ["script", "check"]


@given(order=st.permutations(range(6)), operation=st.sampled_from(BATCHED))
def test_answers_come_in_the_order_of_the_batch(order: list[int], operation: str) -> None:
    toy = Toy()
    toy.spoil = lambda answer: [answer[index] for index in order]
    backend, at = facade(toy)
    answers = call(backend, at, operation, 6)
    assert [each.signature for each in answers] == [each.signature for each in refs(6)]


@pytest.mark.parametrize("operation", BATCHED)
@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda answer: answer[1:], "was not answered"),
        (lambda answer: [], "and 2 more was not answered"),
        (lambda answer: [*answer, answer[0]], "was answered twice"),
        (lambda answer: [*answer, *_strangers(answer)], "was answered, but not asked about"),
        (lambda answer: None, "must answer a sequence of"),
        (lambda answer: iter(answer), "must answer a sequence of"),
        (lambda answer: "done", "must answer a sequence of"),
        (lambda answer: [*answer[:-1], "done"], "every answer must be a"),
    ],
)
def test_every_job_is_answered_once(operation: str, spoil: Callable[[Any], Any], rule: str) -> None:
    toy = Toy()
    toy.spoil = spoil
    backend, at = facade(toy)
    with pytest.raises(ContractError) as caught:
        call(backend, at, operation)
    assert f"plugin 'toy' breaks the contract in sojourn_{operation}: " in str(caught.value)
    assert rule in str(caught.value)


def _strangers(answer: Any) -> list[Any]:
    import dataclasses

    return [dataclasses.replace(answer[0], signature="f" * 64)]


def settlement(**fields: Any) -> Settlement:
    return Settlement(**{"signature": SIGNATURE, "attempt": 1, "outcome": Settled.ABSENT, **fields})


def word(**fields: Any) -> PollAnswer:
    return PollAnswer(SIGNATURE, 1, SchedulerWord(**{"phase": Phase.ENDED, **fields}))


SIGNATURE = refs(1)[0].signature
WRONG: list[tuple[str, Any, str]] = [
    ("submit", settlement(attempt=2), "attempt 2"),
    ("submit", settlement(outcome="absent"), "outcome must be a Settled, not 'absent'"),
    ("find", settlement(outcome=Settled.HANDED_IN), "handed in without a scheduler_id"),
    ("poll", PollAnswer(SIGNATURE, 1, "ended"), "word must be a SchedulerWord, not a str"),  # type: ignore[arg-type]
    ("poll", word(phase="ended"), "phase must be a Phase"),
    ("poll", word(phase=Phase.ABSENT, outcome=State.COMPLETED), "it does not judge"),
    ("poll", word(outcome=State.RUNNING), "outcome must be a final state, not RUNNING"),
    (
        "poll",
        PollAnswer(SIGNATURE, 1, SchedulerWord(Phase.ENDED), site={}),  # type: ignore[arg-type]
        "site must be a SiteEvidence or None, not a dict",
    ),
    ("fetch", FetchAnswer(SIGNATURE, exit=0), "exit must be an ExitReport or None, not a int"),  # type: ignore[arg-type]
    ("hold", Change(SIGNATURE, 1, Changed.NEVER_RUNS), "only cancel may answer never-runs"),
    ("cancel", Change(SIGNATURE, 1, "done"), "outcome must be a Changed"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("operation", "answer", "rule"), WRONG)
def test_answers_are_of_the_right_kind(operation: str, answer: Any, rule: str) -> None:
    toy = Toy()
    toy.spoil = lambda _: [answer]
    backend, at = facade(toy)
    with pytest.raises(ContractError) as caught:
        call(backend, at, operation, 1)
    assert rule in str(caught.value)
    assert "sojourn_" + operation in str(caught.value)


@pytest.mark.parametrize("answer", [None, b"#!/bin/sh", ["#!/bin/sh"]])
def test_a_script_is_text(answer: Any) -> None:
    toy = Toy()
    toy.spoil = lambda _: answer
    backend, at = facade(toy)
    with pytest.raises(ContractError, match="sojourn_script: it must answer a text"):
        backend.script(at, orders(1))


def test_cancel_may_say_that_a_job_never_runs() -> None:
    toy = Toy()
    toy.spoil = lambda answer: [Change(each.signature, 1, Changed.NEVER_RUNS) for each in answer]
    backend, at = facade(toy)
    assert {each.outcome for each in backend.cancel(at, refs(2))} == {Changed.NEVER_RUNS}


@pytest.mark.parametrize("raised", [ValueError("no such\nqueue"), SystemExit(3), KeyError("a")])
def test_what_a_plugin_raises_becomes_an_error_that_names_it(raised: BaseException) -> None:
    toy = Toy()

    def fail(answer: Any) -> Any:
        raise raised

    toy.spoil = fail
    backend, at = facade(toy)
    with pytest.raises(PluginError) as caught:
        backend.poll(at, refs(1))
    assert str(caught.value).startswith(
        f"plugin 'toy' failed in sojourn_poll: {type(raised).__name__}"
    )
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize("raised", [Unreachable("gone", machine="here"), KeyboardInterrupt()])
def test_our_errors_and_interruptions_pass_as_they_are(raised: BaseException) -> None:
    toy = Toy()

    def fail(answer: Any) -> Any:
        raise raised

    toy.spoil = fail
    backend, at = facade(toy)
    with pytest.raises(type(raised)) as caught:
        backend.poll(at, refs(1))
    assert caught.value is raised


def test_a_capability_that_is_not_claimed_is_not_used() -> None:
    toy = Toy(capabilities=frozenset({Capability.USAGE}))
    backend, at = facade(toy)
    with pytest.raises(NotPossible, match="backend toy cannot hold jobs"):
        backend.hold(at, refs(1))
    with pytest.raises(NotPossible, match="backend toy cannot release jobs"):
        backend.release(at, refs(1))
    assert toy.asked == []
    assert backend.can(Capability.USAGE)
    assert not backend.can(Capability.HOLD)


@pytest.mark.parametrize("operation", BATCHED)
def test_a_hook_that_is_not_there_is_not_possible(operation: str) -> None:
    backend, at = facade(Silent())
    with pytest.raises(NotPossible, match="backend silent cannot"):
        call(backend, at, operation)
    with pytest.raises(NotPossible, match="backend silent cannot check a machine"):
        backend.check(at)


def test_only_the_one_backend_is_asked_whoever_came_last() -> None:
    registry = Registry(discover=False)
    first, second = Toy("first"), Toy("second")
    registry.register(first, name="first")
    registry.register(second, name="second")
    registry.register(Silent("third"), name="third")
    at = context(registry)
    for name in ("first", "second"):
        assert [each.scheduler_id for each in registry.backend(name).submit(at, orders(1))] == [
            f"{name}.1"
        ]
    assert (first.asked, second.asked) == (["submit"], ["submit"])
    with pytest.raises(NotPossible, match="third"):
        registry.backend("third").submit(at, orders(1))


def test_a_hook_sees_the_context_it_was_asked_with() -> None:
    class Looking(Silent):
        seen: Any = None

        @hookimpl
        def sojourn_check(self, context: Any) -> Any:
            self.seen = context
            return ()

    looking = Looking()
    backend, at = facade(looking)
    assert backend.check(at) == []
    assert looking.seen is at
