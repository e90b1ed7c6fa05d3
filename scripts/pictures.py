"""The pictures of the terminal UI and of the report in docs/images: `python -m scripts.pictures`.

Made from the same fixed records as the tests of the screens, so that they change only when the
screens do. The report's picture needs chromium; it is left as it is where there is none.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.workspace import ROOT
from sojourn.report.gathering import gather
from sojourn.report.page import page
from sojourn.session.session import Session
from sojourn.top.app import TopApp
from tests.core.top import world
from tests.core.top.screens import seen, until

IMAGES = ROOT / "docs" / "images"
SCREENS = {
    "top": (("down", "down", "down", "down"), "name        fit 2"),
    "top-filter": (("slash", *"state:queued"), "filter: state:queued"),
    "top-cancel": (("down", "c"), "Cancel 3 jobs?"),
    "top-help": (("question_mark",), "ask the machines now"),
}
"""Name of each picture, the keys that lead there, and words that are to be seen then."""


async def draw(name: str) -> None:
    """Draw one screen."""
    keys, words = SCREENS[name]
    with tempfile.TemporaryDirectory() as home, Session(home=Path(home)) as session:
        world.fill(session.store)
        app = TopApp(session, clock=lambda: world.NOW, poll=False)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: app.snapshot and "ended" in seen(app))
            await pilot.press(*keys)
            await until(pilot, lambda: words in seen(app))
            write(IMAGES / f"{name}.svg", self_contained(app.export_screenshot()))


def self_contained(picture: str) -> str:
    """Without the web fonts, and with names that do not depend on the run."""
    picture = re.sub(r"\s*@font-face \{[^}]*\}", "", picture)
    found = re.search(r"terminal-(\d+)-", picture)
    return picture.replace(f"terminal-{found[1]}-", "terminal-") if found else picture


def write(file: Path, text: str) -> None:
    """Write a picture, its lines without blanks at their ends."""
    file.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")
    print(file.relative_to(ROOT))


def photograph() -> None:
    """The report, as a browser shows it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("report.png is left as it is: there is no chromium", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "report.html"
        with Session(home=Path(folder) / "home") as session:
            world.fill(session.store)
            html.write_text(page(gather(session.store, now=world.NOW)))
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--screenshot={IMAGES / 'report.png'}", "--window-size=1200,1060", html.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    print("docs/images/report.png")


def main() -> None:
    """Draw all."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in SCREENS:
        asyncio.run(draw(name))
    photograph()


if __name__ == "__main__":
    main()
