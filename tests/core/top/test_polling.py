"""Polling behind the screen: at the monitor's pace, not beside a monitor, and never guessing."""

import json
import threading
from pathlib import Path

from sojourn import Job
from sojourn.machines.loading import load_machines
from sojourn.monitor.lock import MonitorLock
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.top.polling import Polling
from tests.core.workflow.place import Place
from tests.support.waiting import eventually


def test_a_job_is_seen_to_end(tmp_path: Path) -> None:
    with Place(tmp_path / "place").session() as session:
        session.submit([Job(command="true")], on="here")
        polling = Polling(session, lambda line: None)
        polling.start()
        eventually(lambda: session.store.select()[0].state is State.COMPLETED)
        polling.stop()
        eventually(lambda: not _threads())


def test_while_a_monitor_works_the_store_it_is_left_to_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    with place.session() as session:
        session.submit([Job(command="sleep 60")], on="here")
        polling = Polling(session, lambda line: None)
        with MonitorLock(session.store.path.parent):
            polling._look()
            assert not _threads()
            told: list[str] = []
            assert polling.ask("here", told.append)  # what a person asks for is done
            eventually(lambda: told)
            eventually(lambda: not _threads())
        session.store.update_machine("here", polled_at=0.0, poll_seconds=0.0)
        Polling(session, lambda line: None)._look()
        eventually(lambda: session.store.machine("here").polled_at)  # type: ignore[union-attr]
        eventually(lambda: not _threads())
        session.cancel(session.store.select())
        session.poll_until_final(session.store.select(), timeout=30)


def test_the_pace_is_the_users_but_never_faster_than_the_machines(tmp_path: Path) -> None:
    with Place(tmp_path / "place").session() as session:
        session.submit([Job(command="sleep 30")], on="here")
        polling = Polling(session, lambda line: None)
        polling.interval = 3600.0
        session.refresh_each()
        known = session.store.machine("here")
        assert known is not None
        assert known.polled_at is not None
        load = session.store.census()["here"]
        assert polling._due("here", load, known, polling.interval) >= known.polled_at + 3600
        assert polling._due("here", load, known, 0.001) >= known.polled_at + 0.1
        session.cancel(session.store.select())
        session.poll_until_final(session.store.select(), timeout=30)


def test_a_network_error_marks_nothing_finished_and_is_said_once(tmp_path: Path) -> None:
    """VisTrails took a job for finished when the check failed."""
    file = tmp_path / "machines.yaml"
    entry = {"backend": "slurm", "transport": "ssh", "host": "127.0.0.1", "port": 9,
             "connect_timeout": "1s"}  # fmt: skip
    file.write_text(json.dumps({"machines": {"far": entry}}))
    machines = load_machines(None, {"SOJOURN_MACHINES": str(file)})
    from tests.core.top import world

    record = world.job("out", State.RUNNING, "far", token="ab" * 8)
    said: list[str] = []
    with Session(machines=machines, home=tmp_path / "home", interactive=False) as session:
        session.store.put_jobs([record])
        polling = Polling(session, said.append)
        for _ in range(2):
            polling._turn("far", None)
        after = session.store.select()[0]
        machine = session.store.machine("far")
    assert after.state is State.RUNNING
    assert after.started_at == record.started_at
    assert after.user == "maria"
    assert machine is not None
    assert machine.state == "unreachable"
    assert len(said) == 1
    assert "far" in said[0]


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("sojourn-top")]
