"""Questions that are asked over the screen, and the page of help."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from sojourn.printable import flat, plain

Answer = TypeVar("Answer")

_CSS = """
{0} {{ align: center middle; }}
{0} > #box {{ width: 72; max-width: 90%; height: auto; max-height: 90%; padding: 1 2;
    border: round $accent; background: $surface; }}
{0} #answers {{ height: auto; margin-top: 1; align-horizontal: right; }}
{0} Label {{ width: 100%; }}
{0} Button {{ margin-left: 2; }}
"""


class Ask(ModalScreen[str], Generic[Answer]):
    """A question with a few answers; the first is the safe one, which Escape gives, too."""

    DEFAULT_CSS = _CSS.format("Ask")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('')", "Back", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, answers: Sequence[tuple[str, str]], more: str = "") -> None:
        super().__init__()
        self._question, self._answers, self._more = question, answers, more

    def compose(self) -> ComposeResult:
        """The question above its buttons."""
        with Vertical(id="box"):
            yield Label(Text(plain(self._question), style="bold"))
            if self._more:
                yield Label(Text(plain(self._more)))
            with Horizontal(id="answers"):
                for at, (word, text) in enumerate(self._answers):
                    yield Button(
                        Text(flat(text)),
                        id=f"answer-{word or 'no'}",
                        variant="error" if at else "default",
                    )

    def on_mount(self) -> None:
        """The safe answer is what Enter gives."""
        self.query(Button).first().focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """That is the answer."""
        word = (event.button.id or "").removeprefix("answer-")
        self.dismiss("" if word == "no" else word)

    def action_answer(self, word: str) -> None:
        """Answer without a button."""
        self.dismiss(word)


class Settings(ModalScreen["float | str"]):
    """The seconds between two polls: a number, "" for each machine's own, None for no change."""

    DEFAULT_CSS = _CSS.format("Settings")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, interval: float | None) -> None:
        super().__init__()
        self._interval = interval

    def compose(self) -> ComposeResult:
        """A line to write in."""
        with Vertical(id="box"):
            yield Label(Text("Interval between two polls of a machine", style="bold"))
            yield Label(
                "Such as 30s or 5m; empty: each machine's own. Never under the machine's own. "
                "It is remembered.",
            )
            yield Input("" if self._interval is None else f"{self._interval:g}s", id="interval")
            yield Label("", id="wrong")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it if it is a time."""
        from sojourn.machines.model import parse_seconds

        text = event.value.strip()
        if not text:
            self.dismiss("")
            return
        try:
            seconds = parse_seconds(text)
        except ValueError as error:
            self.query_one("#wrong", Label).update(Text(plain(str(error)), style="red"))
        else:
            self.dismiss(seconds)


HELP = (
    ("Moving", ""),
    ("↑ ↓ PgUp PgDn Home End", "move; the mouse does, too"),
    ("→ ← Enter", "open and close what lies below; * opens all"),
    ("Space", "mark jobs: what is done is done to all that are marked"),
    ("Tab", "to the pane below and back; 1 to 5 choose the pane"),
    ("Seeing", ""),
    ("/", "filter: words, or state:failed machine:hpc step:fit active ended"),
    ("Ctrl-F  n  N", "find a job, the next, the one before"),
    ("s  v", "sort by something else; by workflow or by machine"),
    ("l  e  x", "output, errors, script of the job"),
    ("Doing", ""),
    ("r  R", "ask the machines now: about the chosen jobs, about all"),
    ("c", "cancel (asks first)"),
    ("t", "retry: run again what ended badly"),
    ("h  u", "hold, release"),
    ("p", "pause or unpause: a job, a workflow, a machine"),
    ("d", "delete a job or a workflow, here or also on the machine (asks first)"),
    ("g", "go on with a workflow whose jobs have ended"),
    ("o", "open the folder with the results"),
    ("i", "settings: the interval between polls"),
    ("q", "leave; jobs go on"),
)
"""Keys and what they do; a line without a key's meaning is a heading."""


class Help(ModalScreen[None]):
    """The page of help."""

    DEFAULT_CSS = _CSS.format("Help") + "Help > #box { width: 106; max-width: 98%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss(None)", "Close", show=False)
    ]

    def compose(self) -> ComposeResult:
        """All keys."""
        text = Text()
        for keys, what in HELP:
            if what:
                text.append(f"  {keys:<24}", style="bold")
                text.append(f"{what}\n")
            else:
                text.append(f"\n{keys}\n" if text else f"{keys}\n", style="bold underline")
        with VerticalScroll(id="box"):
            yield Static(text)
