"""The application: a tree above, panes below; machines and store are worked in threads."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Footer, Input, Static

from sojourn.cli.amounts import count
from sojourn.printable import flat
from sojourn.top.acting import Acting
from sojourn.top.cells import heads
from sojourn.top.dialogs import Help
from sojourn.top.model import Kind, Node, View
from sojourn.top.news import News
from sojourn.top.panes import Panes
from sojourn.top.polling import Polling
from sojourn.top.rows import Order
from sojourn.top.snapshot import Snapshot
from sojourn.top.treetable import TreeTable
from sojourn.top.viewing import Viewing
from sojourn.top.watching import Watching

if TYPE_CHECKING:
    from sojourn.session.session import Session

_FEW = 60
"""A tree of so many lines is shown open at the beginning."""


class Heads(Static):
    """The names of the columns."""

    def render(self) -> Text:
        """As wide as the tree."""
        return Text(heads(self.size.width), style="bold", no_wrap=True)


class TopApp(Acting, Viewing, App[None]):
    """`sojourn top`. `clock` gives the time that ages are told from; with `poll` machines are
    asked behind the screen."""

    TITLE = "sojourn top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #status { height: 1; background: $primary-background; color: $text; }
    Heads { height: 1; padding-right: 1; color: $text-muted; }
    TreeTable { height: 1fr; scrollbar-gutter: stable; scrollbar-size-vertical: 1;
        overflow-x: hidden; }
    #panes { height: 45%; border-top: solid $primary; }
    #panes TabbedContent, #panes ContentSwitcher, #panes Log { height: 1fr; }
    #panes TabPane { height: 1fr; padding: 0 1; }
    #seek { display: none; border: none; height: 1; background: $boost; }
    #seek.shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "leave", show=False),
        Binding("ctrl+f", "find", "Find", show=False),
        Binding("n", "next(False)", show=False),
        Binding("N", "next(True)", show=False),
        Binding("s", "sort", "Sort"),
        Binding("v", "view", "View"),
        Binding("r", "check", "Check"),
        Binding("R", "check_all", show=False),
        Binding("c", "cancel", "Cancel"),
        Binding("t", "retry", "Retry"),
        Binding("h", "hold", "Hold", show=False),
        Binding("u", "release", show=False),
        Binding("p", "pause", "Pause"),
        Binding("d", "delete", "Delete"),
        Binding("g", "go_on", "Go on", show=False),
        Binding("o", "folder", "Folder", show=False),
        Binding("i", "settings", "Settings", show=False),
        Binding("l", "pane('stdout')", "Logs"),
        Binding("e", "pane('stderr')", show=False),
        Binding("x", "pane('script')", show=False),
        *(
            Binding(str(at), f"pane('{name}')", show=False)
            for at, name in enumerate(("about", "events", "stdout", "stderr", "script"), 1)
        ),
    ]

    @dataclass
    class Loaded(Message):
        """The store was read."""

        snapshot: Snapshot
        roots: Sequence[Node]
        news: Sequence[News]

    @dataclass
    class Said(Message):
        """A line for the person."""

        text: str
        bad: bool = False

    def __init__(
        self, session: "Session", *, clock: Callable[[], float] = time.time, poll: bool = True
    ) -> None:
        super().__init__()
        self.session, self.clock, self.poll = session, clock, poll
        self.snapshot: Snapshot | None = None
        self.table = TreeTable(clock)
        self.status = Static(Text("reading the store…"), id="status")
        self.panes = Panes(session, clock)
        self.polling = Polling(session, lambda line: self.say(line, bad=True))
        self.watching = Watching(
            session.store,
            self._loaded,
            lambda line: self.say(line, bad=True),
        )
        self.ready: frozenset[str] = frozenset()
        self.total = ""
        self.when_ready: Callable[[], None] = lambda: None
        """Called once when the screen is there."""

    def _loaded(self, snapshot: Snapshot, roots: Sequence[Node], told: Sequence[News]) -> None:
        self.post_message(self.Loaded(snapshot, roots, told))

    def compose(self) -> ComposeResult:
        """Status, tree, panes, and the line of keys."""
        yield self.status
        yield Heads()
        yield self.table
        yield Input(id="seek")
        yield self.panes
        yield Footer()

    def on_mount(self) -> None:
        """Begin to read, and to ask."""
        self.table.focus()
        self.watching.start()
        self.set_interval(1.0, self.table.tick)
        if self.poll:
            self.polling.start()
        self.when_ready()

    def on_unmount(self) -> None:
        """End what works behind; jobs go on."""
        self.polling.stop()
        self.watching.stop()

    def say(self, text: str, *, bad: bool = False) -> None:
        """Tell a line, from any thread."""
        self.post_message(self.Said(text, bad))

    def on_top_app_said(self, event: Said) -> None:
        """Tell it."""
        self.notify(
            flat(event.text), severity="error" if event.bad else "information", markup=False
        )

    def on_top_app_loaded(self, event: Loaded) -> None:
        """Show what the store holds now."""
        if not self.table.is_attached:
            return  # the screen is being left
        first, self.snapshot = self.snapshot is None, event.snapshot
        tree = self.table
        if first and sum(1 for root in event.roots for _ in root.walk()) <= _FEW:
            tree.opened = {n.key for root in event.roots for n in root.walk() if n.children}
        whole = Node("", Kind.GROUP, "", jobs=dict(event.snapshot.jobs))
        self.total = count(len(whole.jobs), "job") + (f": {whole.summary}" if whole.jobs else "")
        tree.show(event.roots)
        for one in event.news:
            self.say(one.text, bad=one.bad)
        for name in sorted(event.snapshot.ready - self.ready) if not first else ():
            self.say(f"{name} is ready: g goes on with it")
        self.ready = event.snapshot.ready

    def on_tree_table_moved(self, event: TreeTable.Moved) -> None:
        """The panes follow the cursor, and the line at the top tells of marks and filter."""
        if not self.panes.is_attached:
            return  # the screen is being left
        self.show_status()
        self.panes.tell(event.node)

    def show_status(self) -> None:
        """The line at the top."""
        tree, snapshot = self.table, self.snapshot
        parts = [self.total]
        if self.watching.view is View.MACHINES:
            parts.append("by machine")
        if tree.order is not Order.TREE:
            parts.append(f"sorted by {tree.order}")
        if tree.sought:
            parts.append(f"filter: {tree.sought}")
        if tree.marked:
            parts.append(f"{len(tree.marked)} marked")
        for machine in snapshot.machines.values() if snapshot is not None else ():
            if machine.state != "ok":
                parts.append(f"{machine.name}: {machine.state}")
        self.status.update(Text(flat(" · ".join(parts)), no_wrap=True))

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(Help())
