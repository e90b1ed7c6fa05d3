"""The screen over the real local backend: polls behind, follows logs, acts on jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn import Job
from sojourn.session.session import Session
from sojourn.states import FINAL, State
from sojourn.top.app import TopApp
from sojourn.top.dialogs import Ask
from tests.core.top.screens import seen, until
from tests.core.workflow.place import Place

pytestmark = pytest.mark.asyncio

WAITS = "while [ ! -e '{gate}' ]; do sleep 0.1; done"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.fixture
def session(place: Place) -> Iterator[Session]:
    """A session with the machine `here`; whatever is left running is ended."""
    with place.session() as session:
        yield session
        active = [job for job in session.store.select() if job.state not in FINAL]
        if active:
            session.cancel(active)
            session.poll_until_final(active, timeout=30)


def told(app: TopApp) -> str:
    return "\n".join(one.message for one in app._notifications)


def state(session: Session) -> State:
    return session.store.select()[0].state


async def test_polls_behind_shows_changes_and_follows_the_log(
    session: Session, place: Place
) -> None:
    gate = place.folder / "gate"
    command = f"echo first; {WAITS.format(gate=gate)}; echo second; printf '\\033[31mred\\n' >&2"
    session.submit([Job(command=command, name="talks")], on="here")
    app = TopApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.snapshot and "RUNNING" in seen(app))
        await pilot.press("down", "l")
        await until(pilot, lambda: "first" in seen(app))
        assert "second" not in seen(app)
        gate.touch()
        await until(pilot, lambda: "second" in seen(app))
        await until(pilot, lambda: "talks on here is COMPLETED" in told(app))
        await pilot.press("e")
        await until(pilot, lambda: "\\x1b[31mred" in seen(app))
    assert state(session) is State.COMPLETED


async def test_a_poll_that_hangs_blocks_no_key(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    session.submit([Job(command="sleep 60", name="long")], on="here")
    hangs, go_on = threading.Event(), threading.Event()
    link = session.link("here")

    def contact(operation: object, *, repeat: bool = True) -> object:
        hangs.set()
        go_on.wait(60)
        return []

    monkeypatch.setattr(link, "contact", contact)
    app = TopApp(session)
    async with app.run_test() as pilot:
        await until(pilot, hangs.is_set)
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down")
        assert app.table.cursor == 1
        await pilot.press("question_mark")
        assert "PgUp" in seen(app)
        go_on.set()
    monkeypatch.undo()


async def test_cancel_asks_first_then_retry(session: Session, place: Place) -> None:
    gate = place.folder / "gate"
    session.submit([Job(command=WAITS.format(gate=gate), name="long")], on="here")
    app = TopApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.snapshot and "RUNNING" in seen(app))
        await pilot.press("down", "c")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")  # the safe answer keeps it
        await until(pilot, lambda: not isinstance(app.screen, Ask))
        assert "cancel" not in told(app)
        await pilot.press("c", "right", "enter")
        await until(pilot, lambda: state(session) is State.CANCELLED)
        await until(pilot, lambda: "cancel: 1 done" in told(app))
        gate.touch()
        await until(pilot, lambda: "CANCELLED" in seen(app))
        await pilot.press("t")
        await until(pilot, lambda: state(session) is State.COMPLETED)
    assert session.store.select()[0].attempt == 2


async def test_pause_outlives_the_screen_and_keeps_a_job_from_being_polled(
    session: Session, place: Place
) -> None:
    gate = place.folder / "gate"
    session.submit([Job(command=WAITS.format(gate=gate), name="long")], on="here")
    session.poll_until_final(session.store.select(), timeout=0.2)
    app = TopApp(session, poll=False)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("p")  # the machine
        await until(pilot, lambda: "here: paused" in told(app))
        gate.touch()
    app = TopApp(session)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        assert "paused" in seen(app)
        await pilot.press("r")
        await until(pilot, lambda: "check:" in told(app))
        assert state(session) is not State.COMPLETED
        await pilot.press("p")
        await until(pilot, lambda: state(session) is State.COMPLETED)


async def test_pausing_one_job(session: Session, place: Place) -> None:
    gate = place.folder / "gate"
    session.submit([Job(command=WAITS.format(gate=gate), name="long")], on="here")
    app = TopApp(session, poll=False)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down", "p")
        await until(pilot, lambda: session.store.select()[0].paused)
        await pilot.press("p")
        await until(pilot, lambda: not session.store.select()[0].paused)
    gate.touch()


async def test_checking_all_now(session: Session) -> None:
    session.submit([Job(command="true", name="short")], on="here")
    app = TopApp(session, poll=False)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        for _ in range(50):
            await pilot.press("R")
            await pilot.pause(0.1)
            if state(session) in FINAL:
                break
        assert state(session) is State.COMPLETED


async def test_holding_and_releasing(session: Session, place: Place) -> None:
    gate = place.folder / "gate"
    jobs = [Job(command=f"{WAITS.format(gate=gate)}; echo {n}", name=f"job {n}") for n in range(5)]
    session.submit(jobs, on="here")  # four slots: the last one waits
    session.poll_until_final(session.store.select(), timeout=0.3)
    app = TopApp(session, poll=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("slash", *"state:queued", "enter", "end")
        assert app.table.node is not None
        assert app.table.node.label.startswith("job ")
        await pilot.press("h")
        await until(pilot, lambda: "hold: 1 done" in told(app))
        await pilot.press("escape", "slash", *"state:held", "enter")
        await until(pilot, lambda: "HELD" in seen(app))
        await pilot.press("end", "u")
        await until(pilot, lambda: "release: 1 done" in told(app))
        gate.touch()
    session.poll_until_final(session.store.select(), timeout=30)


async def test_the_folder_of_a_result_is_named_where_there_is_no_desktop(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    session.submit([Job(command="echo 1 >out", outputs=["out"], name="writes")], on="here")
    app = TopApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.snapshot and state(session) is State.COMPLETED)
        await pilot.press("down", "o")
        await until(pilot, lambda: "sojourn fetch" in told(app))
        records = session.store.select()
        result = session.fetch_results(records)[records[0].signature]
        await pilot.press("o")
        await until(pilot, lambda: str(getattr(result, "path", None)) in told(app))


async def test_deleting_on_the_machine_too(session: Session, place: Place) -> None:
    session.submit([Job(command="echo 1 >out", outputs=["out"], name="writes")], on="here")
    record = session.poll_until_final(session.store.select(), timeout=30)[0]
    session.fetch_results([record])
    there = place.folder / "root-here" / "jobs" / record.signature[:2] / record.signature
    assert there.is_dir()
    app = TopApp(session, poll=False)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down", "d", "right", "right", "enter")
        await until(pilot, lambda: "1 deleted" in told(app))
        await until(pilot, lambda: app.table.rows == [])
    assert not there.exists()
    assert session.store.select() == ()
    assert session.results.get(record.signature) is None
