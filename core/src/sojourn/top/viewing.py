"""What keys do to the view: sort, filter, find, panes. Nothing here takes time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.widgets import Input

from sojourn.top.model import View
from sojourn.top.rows import Order

if TYPE_CHECKING:
    from textual.app import App

    from sojourn.top.panes import Panes
    from sojourn.top.treetable import TreeTable
    from sojourn.top.watching import Watching

    Base = App[None]
else:
    Base = object


class Viewing(Base):
    """The part of the application that looks."""

    watching: "Watching"
    table: "TreeTable"
    panes: "Panes"
    say: Callable[..., None]
    _seeking = "filter"
    _found = ""

    def action_pane(self, name: str) -> None:
        """Show one of the panes."""
        self.panes.choose(name)

    def action_sort(self) -> None:
        """Sort by the next thing."""
        orders = list(Order)
        self.table.order = orders[(orders.index(self.table.order) + 1) % len(orders)]
        self.table.rearrange()

    def action_view(self) -> None:
        """By workflow, or by machine."""
        by_workflow = self.watching.view is View.WORKFLOWS
        self.watching.view = View.MACHINES if by_workflow else View.WORKFLOWS
        self.watching.hurry()

    def action_filter(self) -> None:
        """Ask for words to filter by."""
        self._seek("filter", self.table.sought)

    def action_find(self) -> None:
        """Ask for a job to go to."""
        self._seek("find", "")

    def action_next(self, back: bool) -> None:
        """Go to the next job that was sought, or the one before."""
        if self._found and not self.table.find(self._found, back=back):
            self.say(f"no job matches {self._found!r}", bad=True)

    def _seek(self, what: str, value: str) -> None:
        self._seeking = what
        line = self.query_one("#seek", Input)
        line.placeholder = f"{what}: words, or state:failed machine:hpc step:fit active ended"
        line.add_class("shown")
        line.value = value
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The filter works while it is written."""
        if event.input.id == "seek" and self._seeking == "filter" and event.input.has_focus:
            self.table.sought = event.value
            self.table.rearrange()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Back to the tree with what was written."""
        if event.input.id != "seek":
            return
        event.input.remove_class("shown")
        self.table.focus()
        if self._seeking == "find":
            self._found = event.value
            self.action_next(back=False)

    def action_leave(self) -> None:
        """Back to the tree; there, the filter is taken away."""
        line = self.query_one("#seek", Input)
        if self.table.has_focus or (line.has_focus and self._seeking == "filter"):
            self.table.sought = ""
            self.table.rearrange()
        line.remove_class("shown")
        self.table.focus()
