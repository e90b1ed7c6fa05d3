"""When a job that was cancelled because of a parent is submitted again."""

from pathlib import Path

import pytest

from sojourn.session.blocking import is_on_its_way
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.store.store import Store

PARENT = JobRecord("ab" * 32, "here")
CHILD = JobRecord("cd" * 32, "here", parents=(PARENT.signature,))


def become(store: Store, record: JobRecord, *states: State) -> JobRecord:
    for state in states:
        present = store.get(record.signature, record.machine)
        assert present is not None
        known = {"expected": present.state, "expected_attempt": present.attempt}
        if state is State.NEW:
            store.new_attempt(record.signature, record.machine, **known)  # type: ignore[arg-type]
        else:
            store.change(record.signature, record.machine, new_state=state, **known)  # type: ignore[arg-type]
    found = store.get(record.signature, record.machine)
    assert found is not None
    return found


@pytest.mark.parametrize("ending", [State.RUNNING, State.FINISHING])
def test_a_parent_that_is_ending_is_not_on_its_way_until_it_begins_anew(
    tmp_path: Path, ending: State
) -> None:
    with Store(tmp_path / "store.sqlite3") as store:
        store.put_jobs([PARENT, CHILD])
        parent = become(store, PARENT, State.QUEUED, ending)
        child = become(store, CHILD, State.QUEUED, State.CANCELLED)
        assert not is_on_its_way(store, parent, child)
        parent = become(store, PARENT, State.FAILED)
        assert not is_on_its_way(store, parent, child)
        parent = become(store, PARENT, State.NEW)
        assert is_on_its_way(store, parent, child)
        parent = become(store, PARENT, State.QUEUED, ending)
        assert is_on_its_way(store, parent, child)
        assert is_on_its_way(store, become(store, PARENT, State.COMPLETED), child)
