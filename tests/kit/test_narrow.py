"""The kit on machines that have little: it asks for no more than a contract does."""

from pathlib import Path

import pytest

from sojourn.batch.backend import BatchBackend
from sojourn.scaffold.templates.batch.package.backend import INFO, NewpluginScheduler
from sojourn.testing.client import told
from sojourn.testing.toy import Toy
from sojourn.values.messages import Phase, PollAnswer, SchedulerWord
from tests.kit.runs import run_kit

DIRECT = {"newplugin": "sojourn.scaffold.templates.backend.package.backend"}


class Silent(NewpluginScheduler):
    """A scheduler that does not tell a job its id."""

    id_variable = ""


silent = BatchBackend(INFO, Silent)


@pytest.mark.parametrize("rules", ["R16", "R19,R37"])
def test_one_job_at_a_time_is_enough(tmp_path: Path, rules: str) -> None:
    toy = Toy.make(tmp_path / "toy", slots=1)
    entry = {"backend": "newplugin", "path": [str(toy.bin)]}
    said = run_kit(tmp_path, entry=entry, plugins=DIRECT, rules=rules)
    assert not said.failures + said.errors, said.failures[0].longreprtext
    assert said.passed >= 3


def test_a_job_need_not_be_told_its_id(tmp_path: Path) -> None:
    toy = Toy.make(tmp_path / "toy")
    entry = {"backend": "newplugin", "path": [str(toy.bin)]}
    plugins = {"newplugin": f"{__name__}:silent"}
    said = run_kit(tmp_path, entry=entry, plugins=plugins, rules="R12,R16")
    assert not said.failures + said.errors, said.failures[0].longreprtext
    assert said.passed >= 3


def test_an_answer_is_told_in_a_line() -> None:
    word = SchedulerWord(Phase.WAITING, "W", "Priority", raw="7 W Priority")
    line = told(PollAnswer("a" * 64, 1, word, None))
    assert "\n" not in line
    for said in ("aaaaaaaa", "waiting", "'Priority'", "'7 W Priority'", "not looked at"):
        assert said in line
