"""Writing the page: whole, or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from sojourn.errors import NotPossible


def write(target: Path, text: str) -> None:
    """Put `text` into the file, in the place of what was there.

    Raises:
        NotPossible: it cannot be written.
    """
    draft = ""
    target = target.resolve()  # what a link points to is replaced, not the link
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8", errors="replace")  # a pipe, a terminal
            return
        handle, draft = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(draft).chmod(0o666 & ~mask)
        Path(draft).replace(target)
    except OSError as fault:
        with suppress(OSError):
            if draft:
                Path(draft).unlink()
        raise NotPossible(f"{target}: cannot be written: {fault.strerror}") from fault
