"""A plugin's name, all that is derived from it, and whether it is free."""

import re
from dataclasses import dataclass

from sojourn.errors import UsageError
from sojourn.plugins.builtin import TRANSPORTS
from sojourn.plugins.discovery import describe, scan
from sojourn.plugins.unknown import EXTRAS

_SOUND = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
LONGEST = 40
"""Characters; names stand in tables, and in names of files."""
RESERVED = frozenset({"sojourn", "core", "testing", "newplugin", "nothing", "broken", *TRANSPORTS})
"""Core's own words, and those of its templates and tests."""


@dataclass(frozen=True, slots=True)
class Name:
    """A plugin's name: the entry point's, and the word in `backend:` or `transport:`."""

    word: str

    @property
    def distribution(self) -> str:
        """What is installed."""
        return f"sojourn-{self.word.replace('_', '-')}"

    @property
    def package(self) -> str:
        """What is imported."""
        return f"sojourn_{self.word.replace('-', '_')}"

    @property
    def camel(self) -> str:
        """What classes begin with."""
        return "".join(part.capitalize() for part in re.split("[_-]", self.word))

    def put_into(self, text: str) -> str:
        """A template's text with this name in the place of its own."""
        for theirs, ours in (
            ("sojourn_newplugin", self.package),
            ("sojourn-newplugin", self.distribution),
            ("NEWPLUGIN", self.package.removeprefix("sojourn_").upper()),
            ("Newplugin", self.camel),
            ("newplugin", self.word),
        ):
            text = text.replace(theirs, ours)
        return text


def sound(word: str) -> Name:
    """A name that can be one.

    Raises:
        UsageError: it cannot.
    """
    refused = f"{word[:LONGEST]!r} cannot be a plugin's name"
    if not _SOUND.fullmatch(word):
        raise UsageError(
            refused, hint="small letters and digits, with - or _ in between, a letter first"
        )
    if len(word) > LONGEST:
        raise UsageError(refused, hint=f"{len(word)} characters are too many: {LONGEST} at most")
    prefix, _, rest = word.replace("_", "-").partition("-")
    if prefix == "sojourn" and rest:
        raise UsageError(
            refused, hint=f"say {rest!r}: the distribution is called sojourn-{rest} by itself"
        )
    return Name(word)


def clash(word: str, *, besides: str = "") -> str:
    """Why a name is taken, "" if it is free. `besides` is a distribution that may have it."""
    own = word in EXTRAS and besides == f"sojourn-{word}"
    if word in EXTRAS and not own:
        return f"it is that of Sojourn's own sojourn-{word}"
    if word in RESERVED and not own:
        return "it is a word of Sojourn's own"
    for point in scan().get(word, ()):
        if point.dist is None or _plain(str(point.dist.metadata["Name"])) != _plain(besides):
            return f"{describe(point)} has it"
    return ""


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
