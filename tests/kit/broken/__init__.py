"""Backends that each break one rule, as real authors might: what the kit must catch and name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Plugin = TypeVar("Plugin", bound=type)


@dataclass(frozen=True)
class Broken:
    """A broken backend: what it does wrong, the rule that it breaks, and where it is."""

    name: str
    rule: str
    wrong: str
    path: str
    machine: str


BROKEN: dict[str, Broken] = {}


def breaks(rule: str, *, machine: str = "local") -> Callable[[Plugin], Plugin]:
    """This plugin breaks the rule; it runs on a machine of that kind."""

    def note(plugin: Plugin) -> Plugin:
        assert plugin.__doc__
        BROKEN[plugin.__name__] = Broken(
            plugin.__name__,
            rule,
            plugin.__doc__.strip(),
            f"{plugin.__module__}:{plugin.__name__}",
            machine,
        )
        return plugin

    return note
