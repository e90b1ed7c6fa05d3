"""What is on a screen, as text, and comparing it with what was there when it was last approved."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from textual.app import App
from textual.pilot import Pilot

APPROVED = Path(__file__).with_name("screens")
UPDATE = "SOJOURN_UPDATE_SCREENS"
"""Set to anything, it has the screens approved as they are: look at the difference in git."""

_TEXT = "{http://www.w3.org/2000/svg}text"
_CHARACTER = 12.2
"""Width of a character in the exported picture."""


def seen(app: App[Any]) -> str:
    """The screen's characters, line by line, without styles: themes may change."""
    root = ElementTree.fromstring(app.export_screenshot())
    lines: dict[float, dict[int, str]] = {}
    for text in root.iter(_TEXT):
        if "clip-path" not in text.attrib:
            continue  # the window's title
        line = lines.setdefault(float(text.attrib["y"]), {})
        line[round(float(text.attrib["x"]) / _CHARACTER)] = (text.text or "").replace("\xa0", " ")
    written = []
    for _, pieces in sorted(lines.items()):
        line_text = ""
        for column, piece in sorted(pieces.items()):
            line_text = line_text.ljust(column) + piece
        written.append(line_text.rstrip())
    return "\n".join(written) + "\n"


def colors(app: App[Any], word: str) -> set[str]:
    """The colours in which texts that begin with `word` are drawn."""
    picture = app.export_screenshot()
    root = ElementTree.fromstring(picture)
    fills = dict(re.findall(r"\.([\w-]+-r\d+) \{ fill: (#[0-9a-f]{6})", picture))
    return {
        fills[text.attrib["class"]]
        for text in root.iter(_TEXT)
        if (text.text or "").startswith(word) and text.attrib.get("class") in fills
    }


async def until(
    pilot: Pilot[Any], condition: Callable[[], object], *, rounds: int = 600, saying: str = ""
) -> None:
    """Let the application work until `condition` holds."""
    for _ in range(rounds):
        await pilot.pause(0.02)
        if condition():
            await pilot.pause()
            return
    raise AssertionError(f"not after {rounds} rounds: {saying}\n{seen(pilot.app)}")


async def approve(pilot: Pilot[Any], app: App[Any], name: str) -> None:
    """Compare the screen, once all of it is drawn, with the approved one of that name."""
    file = APPROVED / f"{name}.txt"
    if os.environ.get(UPDATE):
        APPROVED.mkdir(exist_ok=True)
        file.write_text(seen(app))
    with suppress(AssertionError):  # the difference says more than the time
        await until(pilot, lambda: seen(app) == file.read_text(), rounds=200)
    assert seen(app) == file.read_text(), f"{UPDATE}=1 approves it"
