"""Names in a job's directory and of its environment: which are sound, and in one spelling."""

import re
from itertools import takewhile
from pathlib import PurePosixPath

from sojourn.errors import InvalidJob
from sojourn.values.jsonable import plain_text, shown

LONGEST = 255
"""Most bytes between two slashes that file systems take."""


def text(value: object, what: str) -> str:
    """`value`, if it is text that a shell and a file system can take.

    Raises:
        InvalidJob: no text, not UTF-8, or with a NUL in it.
    """
    if not isinstance(value, str):
        raise InvalidJob(f"{what} is {shown(value)}, which is no text")
    if "\0" in value:
        raise InvalidJob(f"{what} holds a NUL character: {shown(value)}")
    return plain_text(value, what)


def shell_text(value: object, what: str) -> str:
    """`value`, if it is text that says something to a shell."""
    line = text(value, what)
    if not line.strip():
        raise InvalidJob(f"{what} is empty")
    return line


def relative(value: object, what: str) -> str:
    """A name inside the job's directory, without `.`, doubled or trailing slashes.

    Raises:
        InvalidJob: empty, absolute, with `..`, or with a part longer than 255 bytes.
    """
    name = text(value, what)
    if name.startswith("/"):
        raise InvalidJob(
            f"{what} is absolute: {shown(name)}", hint="name it relative to the job's directory"
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts:
        raise InvalidJob(f"{what} is empty: {shown(name)}", hint="name a file or a directory")
    if ".." in parts:
        raise InvalidJob(
            f"{what} leaves the job's directory: {shown(name)}", hint="leave out the '..'"
        )
    if any(len(part.encode()) > LONGEST for part in parts):
        raise InvalidJob(f"{what} is longer than {LONGEST} bytes: {shown(name)}")
    return "/".join(parts)


def leads_out(link: str, target: str) -> bool:
    """Whether a symbolic link called `link`, relative to a directory, may lead out of that.

    `..` counts as sound only at the beginning of `target`: after a name, which may be that of
    another link, nobody can tell from the text where it leads.
    """
    path = PurePosixPath(target)
    if not target or path.is_absolute() or "\0" in target:
        return True
    up = len(list(takewhile(lambda part: part == "..", path.parts)))
    return up > len(PurePosixPath(link).parts) - 1 or ".." in path.parts[up:]


def variable(value: object, what: str) -> str:
    """The name of an environment variable that every shell can set."""
    name = text(value, what)
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        raise InvalidJob(
            f"{what} is not a name for a variable: {shown(name)}",
            hint="use letters, digits and underscores, and no digit first",
        )
    return name


def hexdigest(value: object, what: str) -> str:
    """A SHA-256 as 64 small hexadecimal digits; a prefix `sha256:` is taken off."""
    digest = text(value, what).lower().removeprefix("sha256:")
    if re.fullmatch("[0-9a-f]{64}", digest) is None:
        raise InvalidJob(f"{what} is not a SHA-256 in hexadecimal: {shown(value)}")
    return digest


def label(value: object, what: str) -> str | None:
    """A version: text, or an integer, which is the same as its digits."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, str):
        raise InvalidJob(f"{what} is {shown(value)}", hint="write it as text, in quotes")
    return shell_text(value, what)
