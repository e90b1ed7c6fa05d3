"""The tree as a widget: draws only the lines that are on the screen, however many there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sojourn.top.cells import line
from sojourn.top.model import Node
from sojourn.top.rows import Order, Row, next_match, rows, way_to
from sojourn.top.snapshot import Key


class TreeTable(ScrollView, can_focus=True):
    """Workflows, groups and jobs with a cursor, marks, and what is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("right", "open", "Open", show=False),
        Binding("left", "close", "Close", show=False),
        Binding("enter", "fold", "Open or close", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("asterisk", "open_all", "Open all", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The cursor is on another line, or its line has changed."""

        node: Node | None

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(id="tree")
        self._clock = clock
        self.roots: Sequence[Node] = ()
        self.opened: set[str] = set()
        self.marked: set[Key] = set()
        self.sought = ""
        self.order = Order.TREE
        self.rows: list[Row] = []
        self.cursor = 0

    # --- what is shown ------------------------------------------------------------------------

    @property
    def node(self) -> Node | None:
        """What the cursor is on; None where nothing is shown."""
        return self.rows[self.cursor].node if self.rows else None

    def show(self, roots: Sequence[Node]) -> None:
        """Show another tree; the cursor stays on what it was on."""
        self.roots = roots
        known = {key for root in roots for key in root.jobs}
        self.marked &= known
        self.rearrange()

    def rearrange(self) -> None:
        """Find out anew which lines there are, after a change of what is open or sought."""
        before = self.node
        self.rows = rows(self.roots, self.opened, self.sought, self.order)
        at = self.cursor
        if before is not None and not (
            at < len(self.rows) and self.rows[at].node.key == before.key
        ):
            at = next((n for n, row in enumerate(self.rows) if row.node.key == before.key), at)
        self.cursor = max(0, min(at, len(self.rows) - 1))
        self.virtual_size = Size(self.size.width, len(self.rows))
        self._follow()
        self.refresh()
        self.post_message(self.Moved(self.node))

    def render_line(self, y: int) -> Strip:
        """Draw the line `y` of the screen."""
        at = y + self.scroll_offset.y
        width = self.size.width
        base = self.rich_style
        if at >= len(self.rows):
            return Strip.blank(width, base)
        row = self.rows[at]
        here = at == self.cursor
        if here:
            base += Style(reverse=True) if self.has_focus else Style(underline=True)
        marked = bool(self.marked) and row.node.jobs.keys() <= self.marked
        cells = line(row, self._clock(), width, marked=marked)
        segments = [
            Segment(
                cell.text,
                base
                + Style(
                    color=cell.color or None,
                    dim=cell.dim and not here,
                    bold=row.node.job is None or None,
                ),
            )
            for cell in cells
        ]
        return Strip(segments).adjust_cell_length(width, base).crop(0, width)

    def tick(self) -> None:
        """Draw again: ages have grown."""
        self.refresh()

    # --- moving -------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._to(self.cursor + by)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screens."""
        self._to(self.cursor + pages * max(1, self.size.height - 1))

    def _to(self, at: int) -> None:
        at = max(0, min(at, len(self.rows) - 1))
        if at != self.cursor:
            self.cursor = at
            self._follow()
            self.refresh()
            self.post_message(self.Moved(self.node))

    def _follow(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + height:
            below = self.cursor - height + 1 if self.cursor >= top + height else self.cursor
            self.scroll_to(y=below, animate=False, force=True)

    def go_to(self, node: Node) -> None:
        """Put the cursor on a node, opening whatever it lies in."""
        self.opened.update(way_to(self.roots, node.key))
        self.rearrange()
        at = next((n for n, row in enumerate(self.rows) if row.node.key == node.key), -1)
        if at >= 0:
            self._to(at)

    def find(self, text: str, *, back: bool = False) -> bool:
        """Go to the next job that matches; False if there is none."""
        after = self.node.key if self.node is not None else ""
        found = next_match(self.roots, text, after, order=self.order, back=back)
        if found is not None:
            self.go_to(found)
        return found is not None

    # --- opening and marking ------------------------------------------------------------------

    def action_open(self) -> None:
        """Open what the cursor is on."""
        if self.rows and self.rows[self.cursor].open is False:
            self.opened.add(self.rows[self.cursor].node.key)
            self.rearrange()

    def action_close(self) -> None:
        """Close what the cursor is on, or go to what it lies in."""
        if not self.rows:
            return
        row = self.rows[self.cursor]
        if row.open and not self.sought:
            self.opened.discard(row.node.key)
            self.rearrange()
        elif row.depth:
            above = range(self.cursor - 1, -1, -1)
            self._to(next(at for at in above if self.rows[at].depth < row.depth))

    def action_fold(self) -> None:
        """Open what is closed, close what is open."""
        if self.rows and self.rows[self.cursor].open:
            self.action_close()
        else:
            self.action_open()

    def action_open_all(self) -> None:
        """Open everything."""
        self.opened = {node.key for root in self.roots for node in root.walk() if node.children}
        self.rearrange()

    def action_mark(self) -> None:
        """Mark all jobs of the line, or unmark them."""
        if self.node is not None:
            keys = self.node.jobs.keys()
            self.marked = self.marked - keys if keys <= self.marked else self.marked | keys
            self.refresh()
            self.post_message(self.Moved(self.node))
            self._to(self.cursor + 1)

    # --- mouse --------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a click on the cursor's line opens and closes it."""
        at = event.y + self.scroll_offset.y
        if 0 <= at < len(self.rows):
            again = at == self.cursor
            self._to(at)
            if again or self.rows[at].open is not None:
                self.action_fold()
