"""Ten thousand jobs: everything is there, and every key is answered. How fast is no test's business."""

import pytest

from sojourn.session.session import Session
from sojourn.states import State
from sojourn.top.app import TopApp
from sojourn.top.model import forest
from sojourn.top.rows import Order, rows
from sojourn.top.snapshot import take
from tests.core.top import world
from tests.core.top.screens import seen, until


@pytest.fixture
def session(session: Session) -> Session:
    world.many(session.store)
    return session


def test_reading_and_arranging(session: Session) -> None:
    snapshot = take(session.store)
    tree = forest(snapshot)
    opened = {node.key for root in tree for node in root.walk()}
    assert len(rows(tree, opened)) == 10_030
    for order in Order:
        assert len(rows(tree, opened, "", order)) == 10_030
    assert 0 < len(rows(tree, opened, "state:failed prio")) < 10_030


@pytest.mark.asyncio
async def test_opening_refreshing_and_keys(session: Session) -> None:
    app = TopApp(session, clock=lambda: world.NOW, poll=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.snapshot and "10,000 jobs" in seen(app))
        await pilot.press("asterisk")
        assert len(app.table.rows) == 10_030
        for key in ("down", "pagedown", "end", "up", "home"):
            await app.table.run_action(
                {"down": "move(1)", "up": "move(-1)", "pagedown": "page(1)",
                 "home": "move(-100000)", "end": "move(100000)"}[key]
            )  # fmt: skip
            app.screen._compositor.render_update(full=True)  # draws the whole screen
        record = session.store.by_signature(world.signature("job 8"))[0]
        session.store.change(
            record.signature, record.machine, expected=record.state, expected_attempt=1,
            new_state=State.NEW if record.state is not State.NEW else State.QUEUED,
        )  # fmt: skip
        before = app.snapshot
        await until(pilot, lambda: app.snapshot is not before)
        assert len(app.table.rows) == 10_030
