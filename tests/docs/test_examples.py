"""Examples of the documentation, run as a reader would: page by page, in one directory each.

A fenced block after `<!-- run -->` is run; `<!-- run: FILE -->` saves it under that name;
`<!-- run: status N -->` says how it ends. YAML blocks are machines, and are checked as such;
other Python blocks are compiled.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sojourn.machines.loading import load_machines

ROOT = Path(__file__).resolve().parents[2]
READMES = [*ROOT.glob("*/README.md"), *ROOT.glob("backends/*/README.md")]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *READMES])
_BLOCK = re.compile(
    r"(?:<!-- (?P<order>run[^>]*?) -->\n)?```(?P<kind>\w+)[^\n]*\n(?P<text>.*?)\n```", re.S
)


@dataclass(frozen=True)
class Block:
    """One fenced block: what kind it is, what is to be done with it, and its text."""

    kind: str
    order: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(found["kind"], found["order"] or "", found["text"] + "\n")
        for found in _BLOCK.finditer(page.read_text())
    ]


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


RUNNING = [page for page in PAGES if any(block.order for block in blocks(page))]
WITH_YAML = [page for page in PAGES if any(block.kind == "yaml" for block in blocks(page))]


def test_some_pages_have_examples_that_run() -> None:
    assert len(RUNNING) >= 2


@pytest.mark.parametrize("page", RUNNING, ids=relative)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        **os.environ,
        "SOJOURN_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for block in blocks(page):
        order = block.order.removeprefix("run").removeprefix(":").strip()
        if not block.order:
            continue
        if order and not order.startswith("status"):
            (folder / order).write_text(block.text)
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", block.text]
            if block.kind != "python"
            else [sys.executable, "-c", block.text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        wanted = int(order.split()[1]) if order else 0
        assert done.returncode == wanted, f"{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_python_examples_compile(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "python":
            compile(block.text, str(page), "exec")


@pytest.mark.parametrize("page", WITH_YAML, ids=relative)
def test_machines_in_examples_are_machines(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, block in enumerate(blocks(page)):
        if block.kind == "yaml" and "machines:" in block.text:
            file = tmp_path / f"{number}.yaml"
            file.write_text(block.text)
            monkeypatch.setenv("SOJOURN_MACHINES", str(file))
            machines = load_machines(environ={**os.environ, "USER": "me", "PROJECT": "abc"})
            for name in machines.names():
                machines.get(name)
