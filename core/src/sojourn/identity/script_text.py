"""An existing batch script's part in a job's identity: its text without what asks for resources."""

from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import unreadable
from sojourn.identity.directives import BLANKS, counting, head, table_of
from sojourn.values.jsonable import shown

_SHEBANG = "#!"
_SLURMS = ("#SBATCH", "#SLURM")


def read_script(path: Path) -> str:
    """The text of a batch script.

    Raises:
        InvalidJob: missing, unreadable, empty, not UTF-8 text, or one that a scheduler would
            refuse or run with another interpreter than it names.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise unreadable(error, path, "script") from error
    except UnicodeDecodeError as error:
        raise InvalidJob(f"script is not UTF-8: {shown(str(path))}") from error
    if not text.strip() or "\0" in text:
        raise InvalidJob(f"script is no text to run: {shown(str(path))}")
    for what, hint in _faults(text):
        raise InvalidJob(f"script {shown(str(path))} {what}", hint=hint)
    return text


def _faults(text: str) -> list[tuple[str, str]]:
    """What sbatch and qsub refuse, or take in another sense than its author means."""
    if text.startswith("\ufeff"):
        return [("begins with a byte order mark", "save it as UTF-8 without BOM")]
    if "\r\n" in text:
        return [
            (
                "has Windows line endings (CRLF), which schedulers refuse",
                "convert it with dos2unix, or with: sed -i 's/\\r$//' FILE",
            )
        ]
    if text.startswith(_SHEBANG):
        return []
    lines = [line for line, _ in head(text)]
    late = next((at for at, one in enumerate(lines) if one.lstrip(BLANKS).startswith("#!")), None)
    if late is not None:
        where = f"has its #! on line {late + 1}" if late else "has blanks in front of its #!"
        return [(where, "make #! the first two characters of the file; elsewhere it is a comment")]
    if any(line.startswith(_SLURMS) and table_of(line) for line in lines):
        hint = "sbatch refuses scripts without one: begin the file with #!/bin/sh"
        return [("has #SBATCH lines but no #! on its first line", hint)]
    return []


def without_directives(text: str) -> str:
    """`text` without its resource directives, which only stand before the first command."""
    kept: list[str] = []
    length = 0
    for line, end in head(text):
        length += len(line) + len(end)
        left = counting(line)
        if left or not line:
            kept.append(left + end)
    return "".join(kept) + text[length:]


def directives_of(text: str) -> list[str]:
    """The directive lines of a script, for whichever scheduler, before its first command."""
    return [line for line, _ in head(text) if table_of(line) is not None]
