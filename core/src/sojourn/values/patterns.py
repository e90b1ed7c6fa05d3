"""Output patterns: the shell's `* ? [ ]`, part by part of a path.

Only what every POSIX shell reads in the same way: no `**`, no `[^...]`, no `[[:class:]]`. A
wildcard does not match a leading dot, and a backslash is an ordinary character.
"""

import re
from functools import lru_cache

from sojourn.errors import InvalidJob
from sojourn.values.jsonable import shown
from sojourn.values.names import relative

_BRACKET = re.compile(r"\[[^\]/]+\]")

_UNSOUND = (
    (re.compile(r"\*\*"), "has '**'", "name the directory, or write one '*' for each level"),
    (re.compile(r"\[[^\]/]*/.*\]", re.DOTALL), "has a '/' between brackets", "leave it out"),
)
_UNSOUND_BRACKET = (
    (re.compile(r"\[!?\]"), "has a ']' right after '['", "write '?' for it"),
    (re.compile(r"\[\^"), "has '[^'", "write '[!' instead"),
    (re.compile(r"\[.*\[[:.=]", re.DOTALL), "has a character class", "write a range, as [0-9]"),
)
"""What shells read differently: what to look for, what is wrong, what to do."""


def read_pattern(value: object, what: str = "output") -> str:
    """A name or pattern inside the job's directory, in its one spelling.

    Raises:
        InvalidJob: not a sound name, or a wildcard that shells read differently.
    """
    pattern = relative(value, what)
    for unsound, mistake, hint in _UNSOUND:
        if unsound.search(pattern):
            raise InvalidJob(f"{what} {mistake}: {shown(pattern)}", hint=hint)
    for bracket in re.findall(rf"{_BRACKET.pattern}|\[\]", pattern):
        for unsound, mistake, hint in _UNSOUND_BRACKET:
            if unsound.match(bracket):
                raise InvalidJob(f"{what} {mistake}: {shown(pattern)}", hint=hint)
    try:
        parts = [_part(part) for part in pattern.split("/") if is_glob(part)]
    except re.error:
        raise InvalidJob(
            f"{what} has a range that runs backwards: {shown(pattern)}", hint="write [a-z]"
        ) from None
    if any(part.fullmatch("..") for part in parts):
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
