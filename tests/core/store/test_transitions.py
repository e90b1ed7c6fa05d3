"""Whatever happens to jobs in whatever order, the record stays true to itself."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from sojourn.errors import StoreError
from sojourn.states import FINAL, State, may_become
from sojourn.store.records import StateChange
from sojourn.store.store import Store
from tests.core.store.samples import job, signature

STATES = st.sampled_from(State)


class Lives(RuleBasedStateMachine):
    """Jobs changed by two clients of one store, beside a model of what they should be."""

    jobs = Bundle("jobs")

    @initialize()
    def open(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        path = Path(self.directory.name) / "store.sqlite3"
        self.clients = (Store(path), Store(path))
        self.states: dict[str, State] = {}
        self.attempts: dict[str, int] = {}
        self.told: dict[str, list[tuple[State, State]]] = {}

    @rule(target=jobs, first=st.integers(0, 1000), count=st.integers(1, 3))
    def put(self, first: int, count: int) -> object:
        records = [job(number) for number in range(first, first + count)]
        added = self.clients[0].put_jobs(records)
        assert added == [record.signature not in self.states for record in records]
        for record in records:
            self.states.setdefault(record.signature, State.NEW)
            self.attempts.setdefault(record.signature, 1)
            self.told.setdefault(record.signature, [])
        return multiple(*(record.signature for record in records))

    @rule(key=jobs, new=STATES, client=st.integers(0, 1))
    def change(self, key: str, new: State, client: int) -> None:
        old = self.states.get(key)
        if old is None:
            return

        def record() -> object:
            return self.clients[client].change(
                key, "hpc", expected=old, expected_attempt=self.attempts[key], new_state=new
            )

        if old != new and may_become(old, new):
            assert record() is not None
            self.states[key] = new
            self.told[key].append((old, new))
        else:
            with pytest.raises(StoreError):
                record()

    @rule(key=jobs, expected=STATES, attempt=st.integers(1, 3), new=STATES)
    def change_on_old_knowledge(self, key: str, expected: State, attempt: int, new: State) -> None:
        if self.states.get(key) == expected and self.attempts[key] == attempt:
            return
        change = StateChange(key, "hpc", expected, attempt, new, 1.0)
        assert self.clients[1].change_many([change]) == [None]

    @rule(key=jobs, client=st.integers(0, 1))
    def retry(self, key: str, client: int) -> None:
        old = self.states.get(key)
        if old not in FINAL:
            return
        attempt = self.attempts[key]
        assert self.clients[client].new_attempt(key, "hpc", expected=old, expected_attempt=attempt)
        self.states[key] = State.NEW
        self.attempts[key] += 1
        self.told[key].append((old, State.NEW))

    @rule(key=consumes(jobs))
    def delete(self, key: str) -> None:
        assert self.clients[1].delete_job(key, "hpc") == (key in self.states)
        for known in (self.states, self.attempts, self.told):
            known.pop(key, None)

    @invariant()
    def the_record_is_what_was_told(self) -> None:
        for client in self.clients:
            found = {record.signature: record for record in client.select()}
            assert {key: record.state for key, record in found.items()} == self.states
            assert {key: record.attempt for key, record in found.items()} == self.attempts
        self.histories(self.clients[0], self.told)

    def histories(self, client: Store, told: Mapping[str, list[tuple[State, State]]]) -> None:
        for key, changes in told.items():
            events = client.events(key, "hpc")
            assert [(event.old, event.new) for event in events] == changes
            numbers = [attempt.attempt for attempt in client.attempts(key, "hpc")]
            assert numbers == list(range(1, self.attempts[key] + 1))

    def teardown(self) -> None:
        if hasattr(self, "clients"):
            self.clients[0].check()
            for client in self.clients:
                client.close()
            self.directory.cleanup()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_the_order_of_samples_does_not_matter() -> None:
    assert len({signature(number) for number in range(1100)}) == 1100
