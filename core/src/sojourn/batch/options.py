"""The options on one line of directives: read into words, and written again. Pure."""

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

_PLAIN = re.compile(r"[\w@%+=:,./&|*()!?~^{}\[\]-]+")


def quoted(text: str) -> str:
    """A word as a scheduler reads it in a directive: no shell is involved."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its full name, its words as they stood, and its value, "" if it has none.

    Each thing in the list of a `-l` or the like is one by itself, called `-l walltime`.
    """

    name: str
    words: tuple[str, ...]
    value: str = ""

    def __str__(self) -> str:
        return " ".join(quoted(word) for word in self.words)


def read_options(
    text: str,
    full: Callable[[str], str],
    lists: Mapping[str, str],
    valued: Collection[str] = (),
    *,
    comments: bool,
) -> list[Option]:
    """The options of one line; what is none has no name.

    `full` makes an option's name of `--name` or `-n` as it stands there, "" if it is none;
    `lists` are options whose value is a list of things by commas, with what is between a thing's
    name and its value; `valued` those whose things all have one, so that what has none is a part
    of the value before it; `comments` is whether a `#` ends the line.

    Raises:
        ValueError: a quote has no end.
    """
    tokens = shlex.split(text, comments=comments)
    found: list[Option] = []
    while tokens:
        words = [tokens.pop(0)]
        name, value = _named(words[0], full)
        if name and value is None and tokens and not tokens[0].startswith("-"):
            value = tokens.pop(0)
            words.append(value)
        if name in lists:
            behind = lists[name] if name in valued else rf"(?:[{lists[name]},]|$)"
            found += _things(name, words, value or "", behind)
        else:
            found.append(Option(name, tuple(words), value or ""))
    return found


def _named(token: str, full: Callable[[str], str]) -> tuple[str, str | None]:
    """An option's full name, and the value that is one word with it."""
    if re.match(r"--\w", token):
        name, equals, value = token.partition("=")
        return full(name), value if equals else None
    if re.match(r"-[a-zA-Z]", token):
        return full(token[:2]), token[2:] or None
    return "", None


def _things(name: str, words: list[str], value: str, behind: str) -> list[Option]:
    """What one option has a list of, each as an option of its own; `behind` is a pattern of what
    follows a thing's name."""
    *before, last = words
    glued = last.removesuffix(value)
    things = re.split(rf",(?=[\w.]+{behind})", value)
    names = (re.split(r"[^\w.]", thing)[0] for thing in things)
    return [
        Option(f"{name} {one}", (*before, glued + thing), thing)
        for one, thing in zip(names, things, strict=True)
    ]
