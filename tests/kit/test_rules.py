"""The table of rules, and that every test of the kit proves one of them."""

import inspect
import re
import subprocess
import sys

import pytest

from sojourn.testing import suites
from sojourn.testing.marks import rule, rules_of
from sojourn.testing.rules import RULES


def kit_tests() -> dict[str, object]:
    """Every test of every suite, by name."""
    classes = [one for _, one in inspect.getmembers(suites, inspect.isclass)]
    return {
        f"{one.__name__}.{name}": test
        for one in classes
        for name, test in inspect.getmembers(one, inspect.isfunction)
        if name.startswith("test_")
    }


def test_rules_are_numbered_one_after_the_other() -> None:
    assert list(RULES) == [f"R{number:02}" for number in range(1, len(RULES) + 1)]


@pytest.mark.parametrize("identity", RULES)
def test_a_rule_says_what_and_why(identity: str) -> None:
    one = RULES[identity]
    assert re.fullmatch(r"[A-Za-z].*\.", one.statement)
    assert one.reason.endswith(".")
    assert one.anchor == f"docs/plugins/contract.md#{identity.lower()}"
    assert str(one) == f"{identity} {one.statement}"


def test_every_test_proves_a_rule_and_every_rule_has_a_test() -> None:
    tests = kit_tests()
    assert len(tests) > 100
    assert [name for name, test in tests.items() if not rules_of(test)] == []
    assert {one for test in tests.values() for one in rules_of(test)} == set(RULES)


def test_a_test_cannot_prove_a_rule_that_is_none() -> None:
    with pytest.raises(KeyError):
        rule("R99")


def test_rules_are_read_without_pytest() -> None:
    line = (
        "import sys, sojourn.testing.rules; assert not {'pytest', 'pydantic'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", line], check=True)
