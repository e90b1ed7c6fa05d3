"""What a test of the kit says of itself: plain attributes, which no configuration must know."""

from collections.abc import Callable
from typing import TypeVar

from sojourn.contract import Capability
from sojourn.testing.rules import RULES

Test = TypeVar("Test", bound=Callable[..., object])


def rule(identity: str, *more: str) -> Callable[[Test], Test]:
    """This test proves the rule, or the rules."""

    rules = tuple(RULES[one].id for one in (identity, *more))

    def mark(test: Test) -> Test:
        vars(test)["sojourn_rules"] = rules
        return test

    return mark


def rules_of(test: object) -> tuple[str, ...]:
    """The ids of the rules that a test proves."""
    found: tuple[str, ...] = getattr(test, "sojourn_rules", ())
    return found


def needs_of(test: object) -> list[Capability]:
    """The capabilities that a backend must claim for a test, because its rules are about them."""
    needs = (RULES[one].needs for one in rules_of(test))
    return [capability for capability in needs if capability is not None]
