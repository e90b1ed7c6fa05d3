"""Changes of state, their evidence, and the history of attempts."""

import pytest

from sojourn.errors import StoreError
from sojourn.states import State
from sojourn.store.changes import EVIDENCE_LIMIT
from sojourn.store.records import StateChange
from sojourn.store.store import Store
from sojourn.values.events import JobEvent
from tests.core.store.samples import job, signature

KEY = (signature(1), "hpc")


@pytest.fixture(autouse=True)
def one_job(store: Store) -> None:
    """A new job under KEY."""
    store.put_jobs([job(1, workflow="w", step="s")])


def test_a_change_is_recorded_with_its_evidence_and_told(store: Store) -> None:
    event = store.change(
        *KEY,
        expected=State.NEW,
        expected_attempt=1,
        new_state=State.FAILED,
        at=12.5,
        reason="exit 3",
        evidence="raw\0 words\nü",
        source="poll",
        exit_code=3,
        finished_at=12.0,
    )
    assert event == JobEvent(*KEY, "job 1", 1, State.NEW, State.FAILED, 12.5, "exit 3", 3, "w", "s")
    found = store.get(*KEY)
    assert found is not None
    assert (found.state, found.exit_code, found.reason) == (State.FAILED, 3, "exit 3")
    (recorded,) = store.events(*KEY)
    assert recorded.event() == event
    assert (recorded.evidence, recorded.source) == ("raw\0 words\nü", "poll")


def test_whoever_comes_second_is_told_to_read_again(store: Store) -> None:
    def try_it() -> JobEvent | None:
        return store.change(
            *KEY, expected=State.NEW, expected_attempt=1, new_state=State.SUBMITTING
        )

    assert try_it() is not None
    assert try_it() is None
    assert len(store.events(*KEY)) == 1


def test_a_change_of_another_attempt_or_job_is_none(store: Store) -> None:
    for signed, attempt in ((signature(1), 2), (signature(2), 1)):
        event = store.change(
            signed,
            "hpc",
            expected=State.NEW,
            expected_attempt=attempt,
            new_state=State.QUEUED,
        )
        assert event is None
    assert store.last_event_id() == 0


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (State.NEW, State.NEW),
        (State.COMPLETED, State.RUNNING),
        (State.FAILED, State.COMPLETED),
        (State.RUNNING, State.SUBMITTING),
    ],
)
def test_an_illegal_change_changes_nothing(store: Store, begin: State, end: State) -> None:
    store.put_jobs([job(2, state=begin), job(3)])
    legal = StateChange(signature(3), "hpc", State.NEW, 1, State.QUEUED, 1.0)
    illegal = StateChange(signature(2), "hpc", begin, 1, end, 1.0)
    with pytest.raises(StoreError, match=f"{begin} cannot become {end}"):
        store.change_many([legal, illegal])
    assert store.last_event_id() == 0
    for number, state in ((2, begin), (3, State.NEW)):
        found = store.get(signature(number), "hpc")
        assert found is not None
        assert found.state is state


def test_fields_that_the_store_writes_are_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="attempt"):
        store.change(
            *KEY, expected=State.NEW, expected_attempt=1, new_state=State.QUEUED, attempt=7
        )
    assert store.last_event_id() == 0


def test_a_new_attempt_begins_anew_and_keeps_the_old_one(store: Store) -> None:
    store.change(
        *KEY,
        expected=State.NEW,
        expected_attempt=1,
        new_state=State.OUT_OF_MEMORY,
        reason="killed",
        exit_code=137,
        token="t1",
        scheduler_id="11",
        submitted_at=1.0,
        started_at=2.0,
        finished_at=3.0,
        usage='{"elapsed": 1}',
        resources='{"memory": 1}',
        absent_polls=2,
        cancel_requested=True,
    )
    event = store.new_attempt(
        *KEY,
        expected=State.OUT_OF_MEMORY,
        expected_attempt=1,
        reason="retry",
        resources='{"memory": 2}',
    )
    assert event is not None
    assert (event.old, event.new, event.attempt) == (State.OUT_OF_MEMORY, State.NEW, 2)
    found = store.get(*KEY)
    assert found is not None
    assert (found.attempt, found.state, found.token, found.scheduler_id) == (2, State.NEW, "", "")
    assert (found.submitted_at, found.started_at, found.finished_at) == (None, None, None)
    assert (found.exit_code, found.absent_polls, found.cancel_requested) == (None, 0, False)
    first, second = store.attempts(*KEY)
    assert (first.attempt, first.state, first.exit_code) == (1, State.OUT_OF_MEMORY, 137)
    assert (first.token, first.finished_at, first.usage) == ("t1", 3.0, '{"elapsed": 1}')
    assert (first.resources, second.resources) == ('{"memory": 1}', '{"memory": 2}')
    assert (second.attempt, second.state) == (2, State.NEW)


def test_a_new_attempt_is_made_once(store: Store) -> None:
    store.change(*KEY, expected=State.NEW, expected_attempt=1, new_state=State.FAILED)
    assert store.new_attempt(*KEY, expected=State.FAILED, expected_attempt=1) is not None
    assert store.new_attempt(*KEY, expected=State.FAILED, expected_attempt=1) is None
    assert len(store.attempts(*KEY)) == 2


def test_evidence_is_cut_and_may_be_no_utf8(store: Store) -> None:
    words = b"caf\xe9 ".decode(errors="surrogateescape")
    store.change(
        *KEY,
        expected=State.NEW,
        expected_attempt=1,
        new_state=State.FAILED,
        reason=words,
        evidence=words + "x" * 200_000,
    )
    (recorded,) = store.events(*KEY)
    assert recorded.reason == "caf? "
    assert len(recorded.evidence) == EVIDENCE_LIMIT


def test_changes_since_gives_each_once_and_in_order(store: Store) -> None:
    store.put_jobs(job(number) for number in range(2, 40))
    seen: list[int] = []
    path = (State.SUBMITTING, State.QUEUED, State.RUNNING, State.COMPLETED)
    for old, new in zip((State.NEW, *path), path, strict=False):
        store.change_many(
            StateChange(signature(number), "hpc", old, 1, new, 1.0) for number in range(1, 40)
        )
        while news := store.changes_since(seen[-1] if seen else 0, limit=7):
            assert all(each.name.startswith("job ") for each in news)
            seen += [each.id for each in news]
    assert len(seen) == 39 * 4
    assert seen == sorted(set(seen))
    assert store.last_event_id() == seen[-1]


def test_the_version_tells_whether_anything_was_recorded(store: Store) -> None:
    with Store(store.path) as other:
        before, others = store.version(), other.version()
        assert (store.version(), other.version()) == (before, others)
        store.update_fields(*KEY, reason="mine")
        assert store.version() != before
        assert other.version() != others


def test_writes_in_a_transaction_are_all_or_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.transaction():
            store.put_jobs([job(5)])
            store.change(*KEY, expected=State.NEW, expected_attempt=1, new_state=State.QUEUED)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert store.get(signature(5), "hpc") is None
    assert store.last_event_id() == 0
    with store.transaction():
        store.put_jobs([job(5)])
        store.set_setting("a", "b")
    assert store.get(signature(5), "hpc") is not None
