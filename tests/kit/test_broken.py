"""Every broken backend is caught, and the rule that it breaks is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sojourn.testing.rules import RULES
from sojourn.testing.toy import Toy
from tests.kit.broken import (
    BROKEN,
    Broken,
    answering,
    carrying,
    handing_in,
    moving,
    scheduling,
    whole,
)
from tests.kit.runs import run_kit
from tests.support.machines import Kind, entry_of, for_second_user
from tests.support.testbed import Testbed

MODULES = (answering, carrying, handing_in, moving, scheduling)
MARKS: dict[str, tuple[pytest.MarkDecorator, ...]] = {
    "slurm": (pytest.mark.slurm, pytest.mark.sshd)
}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A scheduler for one test."""
    return Toy.make(tmp_path / "toy")


@pytest.fixture
def machine(
    request: pytest.FixtureRequest, broken: Broken, toy: Toy, tmp_path: Path
) -> dict[str, Any]:
    """What the kit is told about the machine that a broken backend runs on."""
    if broken.machine == "toy":
        return {"entry": {"backend": whole.NAME, "path": [str(toy.bin)]}}
    if broken.machine == "transport":
        return {"entry": {"transport": whole.NAME}, "suite": "TransportSuite"}
    if broken.machine == "local":
        return {"entry": {"backend": whole.NAME, "slots": 4}}
    testbed: Testbed = request.getfixturevalue("testbed")
    entry = entry_of(Kind("slurm", "ssh"), testbed, tmp_path) | {"backend": whole.NAME}
    return {"entry": entry, "second_user": for_second_user(entry, testbed)}


@pytest.mark.parametrize(
    "broken", [pytest.param(b, id=b.name, marks=MARKS.get(b.machine, ())) for b in BROKEN.values()]
)
def test_it_is_caught_and_its_rule_named(
    broken: Broken,
    machine: dict[str, Any],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    said = run_kit(tmp_path, plugins={whole.NAME: broken.path}, rules=broken.rule, **machine)
    assert said.failures, f"{broken.name} was not caught: it {broken.wrong.lower()}"
    assert said.errors == []
    report = said.failures[0]
    record_property("caught by", f"{report.head_line}: {_last_words(report)}")
    sections = dict(report.sections)
    words = sections[f"broken rule {broken.rule} of Sojourn's contract"]
    assert RULES[broken.rule].reason in words
    assert f"contract.md#{broken.rule.lower()}" in words


def _last_words(report: pytest.TestReport) -> str:
    lines = [line for line in report.longreprtext.splitlines() if line.startswith("E  ")]
    return lines[0].strip("E ") if lines else ""


def test_every_rule_has_a_backend_that_breaks_it() -> None:
    assert {broken.rule for broken in BROKEN.values()} == set(RULES)


def test_every_module_of_broken_backends_is_used() -> None:
    here = {broken.path.partition(":")[0] for broken in BROKEN.values()}
    assert here == {module.__name__ for module in MODULES}
