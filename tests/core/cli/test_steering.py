"""Words of others that would steer a terminal: written out wherever they are shown."""

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sojourn.cli.commands.logs import _Printer
from sojourn.cli.joblist import as_table
from sojourn.cli.live import LiveJobs, LiveLines
from sojourn.cli.tables import table
from sojourn.printable import flat, plain
from sojourn.states import State
from sojourn.store.records import JobLine, JobRecord
from sojourn.store.store import Store
from sojourn.top.cells import line
from sojourn.top.model import Kind, Node
from sojourn.top.rows import Row
from tests.core.cli.desk import Desk

STEERING = [
    "\x1b[2J\x1b]0;gone\x07",
    "\x9b2J",
    "\x85next",
    "\u202eesrever",
    "\u2066isolate\u2069",
    "\u200fmark",
    "\r over",
    "\b\b\b",
    "\x7f",
    "\ud800",
    "[bold red]",
]
_STEERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(text: str) -> bool:
    return _STEERS.search(text) is None


def job(word: str) -> JobRecord:
    """A job of which each text is that word."""
    return JobRecord(
        "a" * 64, "here", name=word, backend=word, state=State.RUNNING, reason=word,
        scheduler_id=word, workflow=word, step=word, job_dir=word, user=word,
    )  # fmt: skip


@pytest.mark.parametrize("word", STEERING)
def test_the_filter(word: str) -> None:
    assert harmless(plain(f"a{word}b"))
    assert harmless(flat(f"a{word}\nb"))
    assert "\n" not in flat(f"a{word}\nb")


@pytest.mark.parametrize("text", ["", "plain", "größer 日本", "tab\tand\nline", "[bold]"])
def test_what_is_printable_stays(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("word", STEERING)
def test_tables(word: str) -> None:
    assert harmless(table(("A", "B"), [(word, word)]))
    assert harmless(as_table([job(word)], width=120))
    painted = as_table([job("x")], colors=True)
    assert "\x1b[" in painted, "colours of our own stay"


@pytest.mark.parametrize("word", STEERING)
def test_live_views(word: str) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=300, color_system=None)
    jobs, lines = LiveJobs(), LiveLines()
    jobs.show([job(word)], [word])
    lines.show([(word, "red")])
    for display in (jobs, lines):
        display._console = console
        console.print(display._drawn())
    assert harmless(shown.getvalue())
    if word.startswith("["):
        assert shown.getvalue().count(word) >= 4, "rich took it for its own"


@pytest.mark.parametrize("word", STEERING)
def test_cells_of_top(word: str) -> None:
    record = job(word)
    shown = JobLine(*(getattr(record, name) for name in JobLine._fields))
    node = Node("key", Kind.JOB, word, job=shown)
    cells = line(Row(node, 0, None), 0.0, 200)
    assert harmless("".join(cell.text for cell in cells))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Jobs whose texts would steer."""
    desk = Desk(tmp_path / "desk", {"here": {"backend": "local", "root": str(tmp_path / "root")}})
    desk.home.mkdir()
    with Store(desk.home / "store.sqlite3") as store:
        for number, word in enumerate(STEERING):
            record = job(word)
            store.put_jobs([record.__class__(**{**_fields(record), "signature": f"{number:064x}"})])
    return desk


def _fields(record: JobRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


@pytest.mark.parametrize(
    "words", [["list"], ["show", "00000000"], ["explain", "00000000"], ["report", "-o", "-"]]
)
def test_commands(desk: Desk, words: list[str]) -> None:
    chosen = [f"{0:064x}" if word == "00000000" else word for word in words]
    done = desk(*chosen, status=None)
    assert harmless(done.out)
    assert harmless(done.err)


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("kind", [io.TextIOWrapper, _Terminal])
def test_logs(kind: type[io.TextIOWrapper], raw: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    stdout = kind(buffer)
    monkeypatch.setattr(sys, "stdout", stdout)
    put, data = _Printer(raw=raw), "größer\x1b[2J\r\n\u202e10%\r20%\n".encode() + b"\xff\x9b"
    for at in range(len(data)):
        put(data[at : at + 1])
    put(b"", last=True)
    seen = buffer.getvalue()
    stdout.detach()
    if raw or kind is io.TextIOWrapper:
        assert seen == data
    else:
        assert seen.decode() == "größer\\x1b[2J\n\\u202e10%\n20%\n\ufffd\ufffd"
