"""An existing batch script's part in a job's identity: its text without what asks for resources."""

import re
from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import unreadable
from sojourn.values.jsonable import shown

_DIRECTIVE = re.compile(r"#(?:SBATCH|PBS)(?:\s|$)")
_ENVIRONMENT = re.compile(
    r"#SBATCH\s.*--(?:export|export-file|get-user-env)\b|#PBS\s+(?:.*\s)?-[vVS]"
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
    lines = text.splitlines(keepends=True)
    kept: list[str] = []
    for at, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            return "".join([*kept, *lines[at:]])
        if not _DIRECTIVE.match(line) or _ENVIRONMENT.match(line):
            kept.append(line)
    return "".join(kept)
