"""Which directives of batch scripts ask for resources, as signature format 2 has it: pure.

The tables are data, `directives.json`, and a part of the signature format: they are the same on
every computer, whether or not a backend that reads such directives is installed. What they do not
list counts, however it is spelt. A change to a table changes signatures.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

BLANKS = " \t\r\v\f"
"""What separates words on a line."""

_WORDS = re.compile(rf"[^{BLANKS}]+")
_BALANCED = re.compile(r"""(?:[^"'\\]|"[^"\\]*"|'[^'\\]*')*""")
_UNQUOTED = re.compile(r"""[^"'\\]*""")


@dataclass(frozen=True, slots=True)
class Table:
    """One family of schedulers: what its directives begin with, and its resource options.

    `options` are names -> how many words the value takes: "flag", "value", "two", "optional"
    (only behind a `=`) or "list" (as `-l NAME=VALUE,...`, of which the `things` are resources;
    a value of them which has parts by `+` and `:` may name only `chunks`). `indented` is whether
    blanks may come before a mark, `comments` whether a word with `#` in front ends the line,
    `words` whether an option is one whole word, as `-pe`, instead of a letter or a `--name`.
    """

    marks: tuple[str, ...]
    options: Mapping[str, str]
    things: frozenset[str] = frozenset()
    chunks: frozenset[str] = frozenset()
    indented: bool = False
    comments: bool = False
    words: bool = False

    def split(self, line: str) -> tuple[str, str] | None:
        """A line's mark, and what follows it; None if it is no directive of this family."""
        bare = line.lstrip(BLANKS) if self.indented else line
        for mark in self.marks:
            rest = bare[len(mark) :]
            if bare.startswith(mark) and (not rest or rest[0] in BLANKS or rest[0] == "-"):
                return mark, rest
        return None

    def counting(self, text: str) -> str | None:
        """What counts of the options in `text`, as they stand; "" for nothing.

        None if they cannot be told apart with certainty, so that all of it counts.
        """
        words = _WORDS.findall(text)
        if self.comments:
            words = words[: next((at for at, one in enumerate(words) if one[0] == "#"), None)]
        if not all(map(_BALANCED.fullmatch, words)):
            return None
        kept: list[str] = []
        while words:
            taken = self._resource(words)
            if taken is not None:
                kept += taken[1]
                del words[: taken[0]]
            elif re.fullmatch(r"--[\w-]+=.*", words[0]):  # whole, whatever it asks for
                kept.append(words.pop(0))
            else:  # whether the next word is its value is not known
                return " ".join([*kept, *words])
        return " ".join(kept)

    def _resource(self, words: Sequence[str]) -> tuple[int, list[str]] | None:
        """Of how many words the first option is made, and what counts of it."""
        name, value = self._named(words[0])
        kind = self.options.get(name)
        if kind is None or (kind == "flag" and value is not None):
            return None
        length = {"two": 3, "flag": 1, "optional": 1}.get(kind, 1 if value is not None else 2)
        if len(words) < length:
            return None
        if kind == "list":
            left = self._left(words[1] if value is None else value)
            return length, [f"{name} {left}"] if left else []
        return length, []

    def _named(self, word: str) -> tuple[str, str | None]:
        if self.words or not word.startswith("-"):
            return word, None
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            return name, value if equals else None
        return word[:2], word[2:] or None

    def _left(self, value: str) -> str:
        """The things of a list that are not known as resources."""
        if not _UNQUOTED.fullmatch(value):
            return value
        return ",".join(thing for thing in value.split(",") if not self._known(thing))

    def _known(self, thing: str) -> bool:
        name, _, value = thing.partition("=")
        parts = [part.partition("=") for part in re.split(r"[+:]", value)]
        return name in self.things and all(
            not equals or part in self.chunks for part, equals, _ in parts
        )


@cache
def tables() -> tuple[Table, ...]:
    """All families that signature format 2 knows."""
    return tuple(map(_table, json.loads(published())))


def published() -> str:
    """The tables as they are published in docs/identity-directives.json."""
    return (files("sojourn.identity") / "directives.json").read_text(encoding="utf-8")


def _table(written: Mapping[str, Any]) -> Table:
    options = {name: kind for kind, names in written["options"].items() for name in names}
    return Table(
        tuple(written["marks"]),
        options,
        frozenset(written.get("things", ())),
        frozenset(written.get("chunks", ())),
        written.get("indented", False),
        written.get("comments", False),
        written.get("words", False),
    )


def table_of(line: str) -> Table | None:
    """The family that a line is a directive of."""
    return next((one for one in tables() if one.split(line) is not None), None)


def counting(line: str) -> str:
    """What counts of a line, which has no line feed: "" if it only asks for resources."""
    table = table_of(line)
    found = table.split(line) if table is not None else None
    if table is None or found is None:
        return line
    mark, rest = found
    left = table.counting(rest)
    if left is None:
        return line
    return f"{mark} {left}" if left else ""


def head(text: str) -> Iterator[tuple[str, str]]:
    """The lines in which directives are looked for, up to the first command, with their ends."""
    for found in re.finditer(r"([^\n]*)(\n|\Z)", text):
        line, end = found.groups()
        bare = line.lstrip(BLANKS)
        if (bare and not bare.startswith("#")) or not (line or end):
            return
        yield line, end
