"""The store for those who only look, and jobs as columns."""

from pathlib import Path

import pytest

from sojourn.states import State
from sojourn.store.reading import JobReader
from sojourn.store.records import JobLine, JobRecord
from sojourn.store.store import Store


def _record(word: str, at: float, **more: object) -> JobRecord:
    given = {"signature": word * 64, "machine": "hpc", "name": word, "created_at": at, **more}
    return JobRecord(**given)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "store.sqlite3"
    with Store(file) as store:
        store.put_jobs(
            [
                _record("a", 1.0, state=State.FAILED, workflow="w", paused=True),
                _record("b", 2.0, started_at=5.0),
                _record("c", 3.0, machine="here", state=State.RUNNING),
            ]
        )
    return file


def test_a_reader_sees_what_the_store_holds(file: Path) -> None:
    with JobReader(file) as reader, Store(file) as store:
        assert reader.listing() == store.listing()
        assert reader.machines() == {}
        before = reader.version()
        store.set_machine_state("hpc", "ok", at=1.0)
        assert reader.version() != before
        assert reader.machines().keys() == {"hpc"}


def test_columns_are_newest_first_and_plain(file: Path) -> None:
    with JobReader(file) as reader:
        names, states, started, paused = reader.columns(("name", "state", "started_at", "paused"))
    assert names == ("c", "b", "a")
    assert states == ("RUNNING", "NEW", "FAILED")
    assert started == (None, 5.0, None)
    assert paused == (0, 0, 1)


def test_columns_agree_with_the_listing(file: Path) -> None:
    with JobReader(file) as reader:
        columns = reader.columns(JobLine._fields)
        assert list(zip(*columns, strict=True)) == [tuple(line) for line in reader.listing()]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"machine": "here"}, ("c",)),
        ({"states": [State.FAILED]}, ("a",)),
        ({"workflow": "w"}, ("a",)),
        ({"limit": 1}, ("c",)),
        ({"machine": "nowhere"}, ()),
    ],
)
def test_columns_are_chosen_as_a_listing_is(
    file: Path, chosen: dict[str, object], names: tuple[str, ...]
) -> None:
    with JobReader(file) as reader:
        columns = reader.columns(("name", "machine"), **chosen)  # type: ignore[arg-type]
    assert columns[0] == names
    assert len(columns) == 2


def test_only_fields_of_a_listing_are_columns(file: Path) -> None:
    with JobReader(file) as reader, pytest.raises(TypeError, match="no job, x; drop"):
        reader.columns(("job", "x; drop"))
