"""The panes below the tree: details, events, output, errors and script of what it stands on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Log, Static, TabbedContent, TabPane

from sojourn.errors import SojournError
from sojourn.printable import plain
from sojourn.top import details
from sojourn.top.model import Node
from sojourn.top.tailing import tail

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.records import JobLine

_TEXTS = ("about", "events", "script")
_LOGS = {"stdout": "Output", "stderr": "Errors"}
_PATIENCE = 0.12
"""Seconds that the cursor must rest on a line before its texts are fetched."""


class Panes(Vertical):
    """Tells of one line of the tree; whatever takes time is done in threads."""

    @dataclass
    class Fetched(Message):
        """A text for a pane; `asked` tells whether it is still wanted."""

        pane: str
        text: str
        asked: int
        more: bool = False

    def __init__(self, session: "Session", clock: Callable[[], float]) -> None:
        super().__init__(id="panes")
        self._session, self._clock = session, clock
        self._node: Node | None = None
        self._asked = 0
        self._log_of: tuple[str, JobLine | None] = ("", None)
        self._log_asked = 0
        self._enough = threading.Event()

    def compose(self) -> ComposeResult:
        """One tab for each."""
        with TabbedContent(initial="tab-about"):
            with TabPane("Details", id="tab-about"), VerticalScroll():
                yield Static(id="about")
            with TabPane("Events", id="tab-events"), VerticalScroll():
                yield Static(id="events")
            for name, title in _LOGS.items():
                with TabPane(title, id=f"tab-{name}"):
                    yield Log(id=name, max_lines=20_000)
            with TabPane("Script", id="tab-script"), VerticalScroll():
                yield Static(id="script")

    @property
    def tabs(self) -> TabbedContent:
        """What chooses between them."""
        return self.query_one(TabbedContent)

    def choose(self, name: str) -> None:
        """Show the pane `name`."""
        self.tabs.active = f"tab-{name}"

    def tell(self, node: Node | None) -> None:
        """Tell of this line from now on."""
        self._node = node
        self._asked += 1
        self.set_timer(_PATIENCE, lambda asked=self._asked: self._fetch(asked))

    def on_tabbed_content_tab_activated(self) -> None:
        """What this pane shows may not have been fetched yet."""
        self._fetch(self._asked)

    def _fetch(self, asked: int) -> None:
        if asked != self._asked:
            return
        pane = self.tabs.active.removeprefix("tab-")
        node = self._node
        if pane in _LOGS:
            self._follow(pane, node)
            return
        self._unfollow()
        if node is None:
            self._set(pane, "")
            return
        self.run_worker(lambda: self._work(node, pane, asked), thread=True, group="tell")

    def _work(self, node: Node, pane: str, asked: int) -> None:
        try:
            if pane == "script":
                text = details.script(self._session, node)
                self.post_message(self.Fetched(pane, text or "only a job has a script", asked))
                return
            told = details.tell(self._session, node, self._clock())
            self.post_message(self.Fetched("about", told.about, asked))
            self.post_message(self.Fetched("events", told.events, asked))
        except SojournError as error:
            self.post_message(self.Fetched(pane, str(error), asked))

    # --- logs ---------------------------------------------------------------------------------

    def _follow(self, name: str, node: Node | None) -> None:
        """Follow a log; one that is followed already goes on, unless the job was started again."""
        job = None if node is None else node.job
        before, old = self._log_of
        same = old is not None and job is not None and _attempt(old) == _attempt(job)
        if before == name and same and not (old and job and old.submitted_at is None):
            self._log_of = (name, job)
            return
        self._unfollow()
        log = self.query_one(f"#{name}", Log)
        log.clear()
        self._log_of = (name, job)
        if job is None:
            log.write("only a job prints something")
            return
        self._log_asked += 1
        enough, asked = threading.Event(), self._log_asked
        self._enough = enough

        def show(text: str) -> None:
            self.post_message(self.Fetched(name, text, asked, more=True))

        def work() -> None:
            try:
                record = self._session.record(job.signature, job.machine)
                tail(self._session, record, name, show, enough.wait)
            except SojournError as error:
                show(str(error))

        # Not one of textual's workers: leaving must not wait for a machine that does not answer.
        threading.Thread(target=work, name=f"sojourn-top-{name}", daemon=True).start()

    def _unfollow(self) -> None:
        self._enough.set()
        self._log_of = ("", None)

    def on_unmount(self) -> None:
        """Nothing is followed any more."""
        self._unfollow()

    def on_panes_fetched(self, event: Fetched) -> None:
        """Show a text that has come, unless the cursor has gone on."""
        if event.more:
            if event.asked == self._log_asked:
                self.query_one(f"#{event.pane}", Log).write(event.text)
        elif event.asked == self._asked:
            self._set(event.pane, event.text)

    def _set(self, pane: str, text: str) -> None:
        if pane in _TEXTS:
            self.query_one(f"#{pane}", Static).update(Text(plain(text)))


def _attempt(job: "JobLine") -> tuple[str, str, int]:
    return job.signature, job.machine, job.attempt
