"""An existing batch script's part in a job's identity: its text without what asks for resources."""

import re
from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import unreadable
from sojourn.values.jsonable import shown

_DIRECTIVE = re.compile(r"#(?:SBATCH|PBS)(?:\s|$)", re.ASCII)
_ENVIRONMENT = re.compile(
    r"#SBATCH\s(?:.*\s)?--(?:export|export-file|get-user-env)(?:[\s=]|$)"
    r"|#PBS\s(?:.*\s)?-[vVS]",
    re.ASCII,
)
"""Directives that decide what the commands see: the environment, and PBS's choice of shell."""


def read_script(path: Path) -> str:
    """The text of a batch script.

    Raises:
        InvalidJob: missing, unreadable, empty, or not UTF-8 text.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise unreadable(error, path, "script") from error
    except UnicodeDecodeError as error:
        raise InvalidJob(f"script is not UTF-8: {shown(str(path))}") from error
    if not text.strip() or "\0" in text:
        raise InvalidJob(f"script is no text to run: {shown(str(path))}")
    return text


def without_directives(text: str) -> str:
    """`text` without its resource directives.

    Like the schedulers, looks for lines that begin with `#SBATCH` or `#PBS` only before the
    first command. Those that set the environment stay: they determine the result.
    """
    kept: list[str] = []
    rest = text
    while rest:
        line, end, after = rest.partition("\n")
        bare = line.lstrip(_BLANKS)
        if bare and not bare.startswith("#"):
            break
        if not _DIRECTIVE.match(line) or _ENVIRONMENT.match(line):
            kept.append(line + end)
        rest = after
    return "".join(kept) + rest


def directives_of(text: str) -> list[str]:
    """The directive lines of a script, for whichever scheduler, before its first command."""
    found: list[str] = []
    for line in text.splitlines():
        bare = line.lstrip(_BLANKS)
        if bare and not bare.startswith("#"):
            break
        if _DIRECTIVE.match(line):
            found.append(line)
    return found


_BLANKS = " \t\r\v\f"
