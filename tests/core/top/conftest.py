"""Applications over real stores."""

import time
from collections.abc import Iterator

import pytest

pytest.importorskip("textual", reason="the extra `top` is not installed")

from sojourn.session.session import Session
from sojourn.top.app import TopApp
from tests.core.top import world


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC, so that times on screens are the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def session() -> Iterator[Session]:
    """A session over an empty store, with the one machine that is there without configuration."""
    with Session(interactive=False) as session:
        yield session


@pytest.fixture
def app(session: Session) -> TopApp:
    """The application over the filled store, at a fixed time; it asks no machine."""
    world.fill(session.store)
    return TopApp(session, clock=lambda: world.NOW, poll=False)
