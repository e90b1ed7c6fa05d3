"""Output patterns: the shell's `* ? [ ]`, part by part of a path.

Only what every POSIX shell reads in the same way: no `**`, no `[^...]`, no `[[:class:]]`. A
wildcard does not match a leading dot, and a backslash is an ordinary character.
"""

import re
from functools import lru_cache

from sojourn.errors import InvalidJob
from sojourn.values.jsonable import shown
from sojourn.values.names import relative

_BRACKET = re.compile(r"\[!?+(?:\]|[^\]/])[^\]/]*\]")


def read_pattern(value: object, what: str = "output") -> str:
    """A name or pattern inside the job's directory, in its one spelling.

    Raises:
        InvalidJob: not a sound name, or a wildcard that shells read differently.
    """
    pattern = relative(value, what)
    if "**" in pattern:
        raise InvalidJob(
            f"{what} has '**': {shown(pattern)}", hint="name the directory, or one level each"
        )
    for bracket in _BRACKET.findall(pattern):
        if bracket[1] == "^":
            raise InvalidJob(f"{what} has '[^': {shown(pattern)}", hint="write '[!' instead")
        if re.search(r"\[[:.=]", bracket[1:]):
            raise InvalidJob(
                f"{what} has a character class: {shown(pattern)}", hint="write a range, as [0-9]"
            )
    try:
        upwards = any(is_glob(part) and _part(part).fullmatch("..") for part in pattern.split("/"))
    except re.error:
        raise InvalidJob(
            f"{what} has a range that runs backwards: {shown(pattern)}", hint="write [a-z]"
        ) from None
    if upwards:
        raise InvalidJob(
            f"{what} would match '..': {shown(pattern)}", hint="leave out the leading dot"
        )
    return pattern


def is_glob(pattern: str) -> bool:
    """Whether it has a wildcard, so that it may stand for several names or none."""
    return "*" in pattern or "?" in pattern or _BRACKET.search(pattern) is not None


def matches(pattern: str, name: str) -> bool:
    """Whether the relative name `name` is one that `pattern` stands for."""
    parts, names = pattern.split("/"), name.split("/")
    return len(parts) == len(names) and all(
        _part(part).fullmatch(found) is not None for part, found in zip(parts, names, strict=True)
    )


def covers(pattern: str, name: str) -> bool:
    """Whether `name` is, or lies below, something that `pattern` stands for."""
    parts = name.split("/")
    return any(matches(pattern, "/".join(parts[:end])) for end in range(1, len(parts) + 1))


@lru_cache(maxsize=1024)
def _part(pattern: str) -> re.Pattern[str]:
    """One part of a path as a regular expression."""
    expression = "" if pattern.startswith(".") else r"(?!\.)"
    at = 0
    while at < len(pattern):
        character = pattern[at]
        bracket = _BRACKET.match(pattern, at) if character == "[" else None
        if bracket is not None:
            expression += _bracket(bracket[0])
            at = bracket.end()
            continue
        expression += {"*": ".*", "?": "."}.get(character) or re.escape(character)
        at += 1
    return re.compile(expression, re.DOTALL)


def _bracket(bracket: str) -> str:
    inner = bracket[1:-1]
    negated = inner.startswith("!")
    members = re.sub(
        r"(.)-(.)|.",
        lambda found: "-".join(map(re.escape, found.groups())) if found[1] else re.escape(found[0]),
        inner[1:] if negated else inner,
        flags=re.DOTALL,
    )
    return f"[{'^' if negated else ''}{members}]"
