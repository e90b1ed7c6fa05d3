"""The tables, and stores that are older, newer or not ours."""

import sqlite3
import stat
from pathlib import Path

import pytest

from sojourn.errors import StoreError
from sojourn.states import State
from sojourn.store import schema
from sojourn.store.events import _ATTEMPTS, _EVENTS
from sojourn.store.jobs import _LINES, JOBS
from sojourn.store.machines import _MACHINES
from sojourn.store.rows import Table
from sojourn.store.steps import _STEPS
from sojourn.store.store import Store
from sojourn.store.workflows import _MEMBERS, _NODES, _WORKFLOWS
from tests.core.store.samples import job, signature

WHOLE = [JOBS, _ATTEMPTS, _MACHINES, _STEPS, _MEMBERS, _NODES, _WORKFLOWS]


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("table", WHOLE, ids=lambda table: table.name)
def test_columns_are_the_record_s_fields(store: Store, table: Table[object]) -> None:
    connection = sqlite3.connect(store.path)
    assert tuple(columns(connection, table.name)) == table.columns
    connection.close()


def test_parts_of_rows_are_columns_too(store: Store) -> None:
    connection = sqlite3.connect(store.path)
    assert set(_LINES.columns) <= set(columns(connection, "jobs"))
    assert set(_EVENTS.columns) <= set(columns(connection, "events") + columns(connection, "jobs"))
    connection.close()


def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    from tests.support.programs import run

    run(
        """
        import os, sys
        from pathlib import Path
        from sojourn.store.store import Store
        os.umask(0o777 if sys.argv[2] == "tight" else 0)
        with Store(Path(sys.argv[1]) / "home" / "store.sqlite3") as store:
            store.set_setting("a", "b")
            for path in (Path(sys.argv[1]) / "home").iterdir():
                assert path.stat().st_mode & 0o777 == 0o600, (path, oct(path.stat().st_mode))
            assert len(list((Path(sys.argv[1]) / "home").iterdir())) == 3
        """,
        tmp_path,
        "wide",
    )
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a b", "50%41", "what?mode=ro", "#1", "ü\n", "-rf", "x" * 200])
def test_any_directory_can_hold_a_store(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "store.sqlite3"
    for fresh in (True, False):
        with Store(path) as store:
            assert store.put_jobs([job(1)]) == [fresh]
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_local_store_has_a_write_ahead_log(store: Store) -> None:
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_an_older_store_is_brought_forward_with_its_records(store: Store) -> None:
    store.put_jobs([job(1)])
    store.close()
    later = (
        *schema.MIGRATIONS,
        "ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';\n"
        "CREATE TABLE extra (a);\n",
        "CREATE INDEX jobs_colour ON jobs (colour);\n",
    )
    connection = sqlite3.connect(store.path, isolation_level=None)
    schema.migrate(connection, later)
    assert connection.execute("SELECT colour FROM jobs").fetchall() == [("red",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION + 2,)
    schema.migrate(connection, later)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_migration_that_fails_changes_nothing(store: Store) -> None:
    store.put_jobs([job(1)])
    store.close()
    connection = sqlite3.connect(store.path, isolation_level=None)
    before = list(connection.iterdump())
    broken = (*schema.MIGRATIONS, "CREATE TABLE extra (a);\nDROP TABLE no_such_table;\n")
    with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
        schema.migrate(connection, broken)
    assert list(connection.iterdump()) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    connection.close()
    with Store(store.path) as again:
        assert len(again.select()) == 1


def test_a_newer_store_is_refused_and_left_alone(store: Store) -> None:
    store.close()
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = store.path.read_bytes()
    with pytest.raises(StoreError, match="made by a newer Sojourn") as caught:
        Store(store.path)
    assert "upgrade" in caught.value.hint
    assert store.path.read_bytes() == before


def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE jobs (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no store of Sojourn's") as caught:
        Store(path)
    assert "SOJOURN_HOME" in caught.value.hint
    assert path.read_bytes() == before


def test_what_was_kept_of_attempts_among_the_settings_moves_to_them(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, schema.MIGRATIONS[:3])
    plain, retried = signature(1), signature(2)
    for one, attempt in ((plain, 1), (retried, 11)):
        known = {"signature": one, "machine": "hpc", "state": "FAILED", "attempt": attempt}
        known["resources"] = '{"memory":7}'
        texts = [row[1] for row in connection.execute("PRAGMA table_info(jobs)") if row[3]]
        filled = dict.fromkeys(texts, "") | {"created_at": 1.0, "updated_at": 1.0} | known
        numbers = ("task_index", "absent_watched", "absent_polls", "cancel_requested", "paused")
        filled |= dict.fromkeys((*numbers, "refused"), 0)
        marks = ", ".join("?" * len(filled))
        connection.execute(
            f"INSERT INTO jobs ({', '.join(filled)}) VALUES ({marks})", tuple(filled.values())
        )
    kept = {
        f"resources:hpc:{retried}:2": '{"memory":5}',
        f"resources:hpc:{retried}:10": '{"memory":6}',
        f"resources:hpc:{retried}:12": '{"memory":9}',  # of a life before this one
        f"stderr:hpc:{plain}:1": "of the first",
        f"stderr:hpc:{retried}:2": "long ago",
        "monitor:told": "3",
    }
    connection.executemany("INSERT INTO settings VALUES (?, ?)", kept.items())
    connection.close()
    with Store(path) as store:
        first, second = (store.get(one, "hpc") for one in (plain, retried))
        assert first is not None
        assert (first.given, first.stderr_tail) == ("{}", "of the first")
        assert first.asked == '{"resources": {"memory":7}}'
        assert second is not None
        assert (second.given, second.stderr_tail, second.asked) == ('{"memory":6}', "", "")
        assert store.setting("monitor:told") == "3"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT key FROM settings").fetchall() == [("monitor:told",)]
    connection.close()


def test_an_attempt_s_own_data_goes_into_its_history_and_ends_with_its_job(store: Store) -> None:
    one = job(1, state=State.FAILED, given='{"memory":5}', asked='{"resources": {}}')
    store.put_jobs([one])
    store.update_fields(one.signature, one.machine, stderr_tail="broken", never_starts=True)
    store.new_attempt(one.signature, one.machine, expected=State.FAILED, expected_attempt=1)
    before, present = store.attempts(one.signature, one.machine)
    assert (before.stderr_tail, before.given, before.asked) == ("broken", one.given, one.asked)
    assert (present.stderr_tail, present.given) == ("", one.given)
    record = store.get(one.signature, one.machine)
    assert record is not None
    assert not record.never_starts
    store.delete_job(one.signature, one.machine)
    assert store.put_jobs([job(1)]) == [True]
    (anew,) = store.attempts(one.signature, one.machine)
    assert (anew.stderr_tail, anew.given, anew.asked) == ("", "{}", "")
