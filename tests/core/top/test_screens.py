"""Screens as they were approved: fixed records, a fixed time."""

import pytest

from sojourn.top.app import TopApp
from tests.core.top.screens import approve, colors, seen, until

SIZE = (120, 36)


async def shown(pilot: object, app: TopApp) -> None:
    """The store was read, and the details of the first line told."""
    await until(pilot, lambda: app.snapshot and "ended" in seen(app))  # type: ignore[arg-type]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "keys", "words"),
    [
        ("start", (), "status      suspended"),
        ("job", ("down", "down", "down", "down"), "name        fit 2"),
        ("script", ("down", "down", "down", "x"), "./fit fit 1"),
        ("machines", ("v",), "by machine"),
        ("sorted", ("s",), "sorted by urgency"),
        ("help", ("question_mark",), "ask the machines now"),
        ("cancel", ("c",), "Cancel 3 jobs?"),
        ("delete", ("d",), "Delete workflow co2?"),
        ("settings", ("i",), "Interval between two polls"),
        ("marked", ("down", "down", "space", "space"), "2 marked"),
    ],
)
async def test_screen(app: TopApp, name: str, keys: tuple[str, ...], words: str) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app)
        await pilot.press(*keys)
        await until(pilot, lambda: words in seen(app), saying=words)
        await approve(pilot, app, name)


@pytest.mark.asyncio
async def test_events_with_their_evidence(app: TopApp) -> None:
    from sojourn.states import State
    from tests.core.top import world

    app.session.store.change(
        world.signature("fit 3"), "hpc", expected=State.QUEUED, expected_attempt=1,
        new_state=State.FAILED, at=world.NOW - 60, reason="exit code 3", source="poll",
        evidence="scheduler: gone\nJobState=FAILED ExitCode=3:0", exit_code=3,
    )  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app)
        await pilot.press("slash", *"exit", "enter", "end", "2")
        await until(pilot, lambda: "JobState=FAILED ExitCode=3:0" in seen(app))
        await approve(pilot, app, "events")


@pytest.mark.asyncio
async def test_filtering_while_it_is_written(app: TopApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app)
        await pilot.press("slash", *"queued")
        await until(pilot, lambda: len(app.table.rows) == 4)
        await approve(pilot, app, "filter")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(app.table.rows) == 17)


@pytest.mark.asyncio
async def test_a_narrow_screen_leaves_columns_out(app: TopApp) -> None:
    async with app.run_test(size=(66, 24)) as pilot:
        await shown(pilot, app)
        assert "MACHINE" not in seen(app)
        await approve(pilot, app, "narrow")


@pytest.mark.asyncio
async def test_states_are_told_apart_by_color_too(app: TopApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, app)
        drawn = {word: colors(app, word) for word in ("COMPLETED", "RUNNING", "OUT_OF", "HELD")}
        assert all(len(one) == 1 for one in drawn.values())
        assert len(set.union(*drawn.values())) == 4
