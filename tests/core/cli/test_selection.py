"""Which jobs a SIG and the options beside it mean."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn.cli.selection import STATE_WORDS, Choice, one, several
from sojourn.errors import AmbiguousSignature, NoSuchJob, UsageError
from sojourn.states import ACTIVE, FINAL, State
from sojourn.store.store import Store
from tests.core.cli.samples import record

FIRST = "abcd1" + "0" * 59
SECOND = "abcd2" + "0" * 59
THIRD = "ffff" + "0" * 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite3") as store:
        store.put_jobs(
            [
                record("one", signature=FIRST, scheduler_id="11", workflow="co2", step="fit"),
                record("two", State.RUNNING, signature=SECOND, scheduler_id="12.server.org"),
                record("three", State.FAILED, signature=THIRD, workflow="co2", step="plot"),
                record("three", State.QUEUED, signature=THIRD, machine="there", scheduler_id="11"),
            ]
        )
        yield store


def _names(store: Store, *signatures: str, **more: object) -> list[str]:
    choice = Choice(signatures, **more)  # type: ignore[arg-type]
    return [f"{job.name}@{job.machine}" for job in several(store, choice)]


@pytest.mark.parametrize("text", ["abcd1", FIRST, "ABCD1", "here:11"])
def test_a_job_by_prefix_or_scheduler_id(store: Store, text: str) -> None:
    assert one(store, text).signature == FIRST


def test_the_id_of_a_server_may_be_left_out(store: Store) -> None:
    assert one(store, "here:12").signature == SECOND
    assert one(store, "here:12.server.org").signature == SECOND


def test_an_ambiguous_prefix_lists_its_candidates(store: Store) -> None:
    with pytest.raises(AmbiguousSignature) as caught:
        one(store, "abcd")
    assert "2 jobs" in str(caught.value)
    for part in (FIRST[:12], SECOND[:12], "one", "two", "RUNNING"):
        assert part in caught.value.hint


@pytest.mark.parametrize("text", ["abc", "a", ""])
def test_a_prefix_needs_four_characters(store: Store, text: str) -> None:
    with pytest.raises(NoSuchJob) as caught:
        one(store, text)
    assert "at least 4 characters" in caught.value.hint


@pytest.mark.parametrize("text", ["0123", "here:99", "nowhere:11", "here:", ":11", "zzzz", "abcd%"])
def test_what_is_not_there_is_no_job(store: Store, text: str) -> None:
    with pytest.raises(NoSuchJob, match="there is no job"):
        one(store, text)


def test_a_name_in_place_of_a_signature_is_answered_with_the_signature(store: Store) -> None:
    with pytest.raises(NoSuchJob) as caught:
        one(store, "three")
    assert THIRD[:8] in caught.value.hint


def test_a_job_on_two_machines_needs_the_machine(store: Store) -> None:
    with pytest.raises(AmbiguousSignature, match="several machines") as caught:
        one(store, "ffff")
    assert "--machine" in caught.value.hint
    assert one(store, "ffff", "there").machine == "there"
    assert _names(store, "ffff") == ["three@here", "three@there"]


def test_a_job_that_is_elsewhere_is_told(store: Store) -> None:
    with pytest.raises(NoSuchJob, match="is not on there") as caught:
        one(store, "abcd1", "there")
    assert "here" in caught.value.hint


def test_each_job_is_given_once(store: Store) -> None:
    assert _names(store, "abcd1", "here:11", FIRST) == ["one@here"]


def test_options_choose(store: Store) -> None:
    assert _names(store, workflow="co2") == ["one@here", "three@here"]
    assert _names(store, workflow="co2", step="plot") == ["three@here"]
    assert _names(store, machine="there") == ["three@there"]
    assert _names(store, states=frozenset({State.RUNNING})) == ["two@here"]


def test_options_narrow_what_is_named(store: Store) -> None:
    assert _names(store, "abcd1", "ffff", states=FINAL) == ["one@here", "three@here"]
    assert _names(store, "ffff", machine="there") == ["three@there"]
    assert _names(store, "abcd1", "ffff", step="plot") == ["three@here"]


def test_states_that_count_where_none_is_given(store: Store) -> None:
    chosen = several(store, Choice(workflow="co2"), otherwise=[State.FAILED])
    assert [job.name for job in chosen] == ["three"]
    named = several(store, Choice((FIRST,)), otherwise=[State.FAILED])
    assert [job.name for job in named] == ["one"]


def test_nothing_said_is_bad_usage(store: Store) -> None:
    with pytest.raises(UsageError, match="no job is named"):
        several(store, Choice())


def test_a_workflow_that_is_not_there_is_answered_with_the_nearest(store: Store) -> None:
    with pytest.raises(UsageError, match="there is no workflow 'co3'") as caught:
        several(store, Choice(workflow="co3"))
    assert "co2" in caught.value.hint
    assert several(store, Choice(workflow="co2"), otherwise=[State.HELD]) == []


def test_every_state_has_its_word() -> None:
    assert STATE_WORDS["ACTIVE"] == ACTIVE
    assert STATE_WORDS["FINAL"] == FINAL
    assert frozenset.union(*STATE_WORDS.values()) == frozenset(State)
