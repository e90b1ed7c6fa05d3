"""What keys and the mouse do to the view."""

import sqlite3
from contextlib import closing

import pytest

from sojourn.monitor.memory import remembered_interval
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.top.app import TopApp
from sojourn.top.dialogs import Ask, Help, Settings
from tests.core.top import world
from tests.core.top.screens import seen, until

pytestmark = pytest.mark.asyncio


def here(app: TopApp) -> str:
    return app.table.node.label if app.table.node is not None else ""


def told(app: TopApp) -> list[str]:
    """What the person was notified of."""
    return [one.message for one in app._notifications]


async def test_arrows_open_close_and_move(app: TopApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down", "left")
        assert here(app) == "fit"
        assert "[0]" not in [row.node.label for row in app.table.rows[:4]]
        await pilot.press("right", "down", "down")
        assert here(app) == "[1]"
        await pilot.press("left")
        assert here(app) == "fit"
        await pilot.press("end")
        assert here(app) == "backup"
        await pilot.press("home", "enter")
        assert here(app) == "co2"
        assert app.table.rows[1].node.label == "world"


async def test_the_mouse_moves_and_opens(app: TopApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.click("#tree", offset=(10, 2))
        assert here(app) == "[0]"
        await pilot.click("#tree", offset=(10, 1))
        assert here(app) == "fit"
        assert app.table.rows[2].node.label == "mesh"
        await pilot.click("#tree", offset=(10, 1))
        assert app.table.rows[2].node.label == "[0]"


async def test_finding_opens_the_way(app: TopApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        app.table.opened = set()
        app.table.rearrange()
        await pilot.press("ctrl+f", *"state:queued", "enter")
        assert here(app) == "[3]"
        await pilot.press("n")
        assert here(app) == "[10]"
        await pilot.press("N")
        assert here(app) == "[3]"
        await pilot.press("ctrl+f", *"nowhere", "enter")
        await until(pilot, lambda: "no job matches 'nowhere'" in told(app))
        assert here(app) == "[3]"


async def test_escape_takes_the_filter_away(app: TopApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("slash", *"backup")
        assert [row.node.label for row in app.table.rows] == ["here", "backup"]
        await pilot.press("escape")
        assert len(app.table.rows) == 17
        assert app.table.has_focus


async def test_marks_are_what_is_acted_on(app: TopApp) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down", "space")
        assert len(app.table.marked) == 5
        await pilot.press("space", "up", "space")  # one of the group is taken out again
        assert len(app.chosen()) == 5
        await pilot.press("home", "space")
        assert len(app.chosen()) == 6


async def test_the_interval_is_settable_and_remembered(app: TopApp, session: Session) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Settings))
        await pilot.press(*"often", "enter")
        assert isinstance(app.screen, Settings), "that is no time"
        await pilot.press(*["backspace"] * 5, *"2m", "enter")
        await until(pilot, lambda: app.polling.interval == 120.0)
    assert remembered_interval(session.store) == 120.0, "a monitor keeps to it, too"
    assert TopApp(session).polling.interval == 120.0


async def test_whatever_a_dialog_says_is_read_whole(app: TopApp) -> None:
    words = [f"word{n}" for n in range(30)]
    question: Ask[str] = Ask(" ".join(words), [("", "Keep")], more=" ".join(words).upper())
    async with app.run_test(size=(60, 40)) as pilot:
        await until(pilot, lambda: app.snapshot)
        await app.push_screen(question)
        await until(pilot, lambda: "Keep" in seen(app))
        said = seen(app)
        assert all(word in said and word.upper() in said for word in words)
        await pilot.press("escape", "i")
        await until(pilot, lambda: isinstance(app.screen, Settings) and "remembered." in seen(app))


async def test_help_names_every_key(app: TopApp) -> None:
    from sojourn.top.dialogs import HELP

    async with app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        text = seen(app)
        assert all(what in text for _, what in HELP if what)
        await pilot.press("escape")
        assert not isinstance(app.screen, Help)
    named = " ".join(keys for keys, _ in HELP)
    special = {"question_mark", "escape", "slash", "ctrl+f"}
    letters = {binding.key for binding in TopApp.BINDINGS if hasattr(binding, "key")} - special
    assert all(key in named or key in "12345" for key in letters)


async def test_changes_appear_and_are_notified_of(app: TopApp, session: Session) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        assert told(app) == []
        session.store.change(
            world.signature("fit 1"), "hpc", expected=State.RUNNING, expected_attempt=1,
            new_state=State.FAILED, reason="exit code 3",
        )  # fmt: skip
        await until(pilot, lambda: len(told(app)) == 3)
        assert told(app) == [
            "fit 1 of co2 on hpc is FAILED: exit code 3",
            "co2 is ready: g goes on with it",
            "world is ready: g goes on with it",
        ]
        assert "4 of 6" in seen(app)


async def test_the_cursor_stays_on_its_job_when_others_come(app: TopApp, session: Session) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("end")
        new = world.job("another", State.RUNNING, "a-machine")
        session.store.put_jobs([new])
        await until(pilot, lambda: len(app.table.rows) == 18)
        assert here(app) == "backup"


async def test_ready_continue(app: TopApp, session: Session) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("down", "g")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "Go on with co2?" in seen(app)
        await pilot.press("enter")  # the safe answer
        assert not isinstance(app.screen, Ask)


async def test_a_store_that_cannot_be_read_is_said_and_tried_again(
    app: TopApp, session: Session
) -> None:
    with closing(sqlite3.connect(session.store.path)) as other:
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.snapshot)
            app.snapshot = None
            other.execute("ALTER TABLE machines RENAME TO elsewhere")
            await until(pilot, lambda: "machines" in " ".join(told(app)))
            other.execute("ALTER TABLE elsewhere RENAME TO machines")
            await until(pilot, lambda: app.snapshot)


async def test_leaving_leaves_no_thread(app: TopApp) -> None:
    import threading

    async with app.run_test() as pilot:
        await until(pilot, lambda: app.snapshot)
        await pilot.press("q")
    names = [t.name for t in threading.enumerate() if t.name.startswith("sojourn-top")]
    assert names == []
