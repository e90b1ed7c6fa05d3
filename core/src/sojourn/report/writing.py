"""Writing the page: whole, or not at all."""

from pathlib import Path

from sojourn.errors import NotPossible
from sojourn.folder import write_file


def write(target: Path, text: str) -> None:
    """Put `text` into the file, in the place of what was there.

    Raises:
        NotPossible: it cannot be written.
    """
    try:
        write_file(target, text.encode("utf-8", errors="replace"))
    except OSError as fault:
        raise NotPossible(f"{target}: cannot be written: {fault.strerror}") from fault
