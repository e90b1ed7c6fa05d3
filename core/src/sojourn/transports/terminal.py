"""Asking a person: only at a terminal that is ours to ask at."""

import contextlib
import os
import termios
import threading
from collections.abc import Iterator

from sojourn.printable import plain

_TTY = "/dev/tty"

# Two machines that ask at once would take each other's answers.
_asking = threading.RLock()


def has_terminal() -> bool:
    """Whether there is a terminal and this process is in its foreground."""
    try:
        descriptor = os.open(_TTY, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(descriptor)


def ask(prompt: str, *, echo: bool = False) -> str:
    """The answer that a person types; shown while it is typed only with `echo`.

    Raises:
        EOFError: the person closed the terminal's input.
    """
    with _asking, os.fdopen(os.open(_TTY, os.O_RDWR | os.O_NOCTTY), errors="replace") as tty:
        # Silent before the question: what is typed early must neither be shown nor lost.
        with contextlib.nullcontext() if echo else _silent(tty.fileno()):
            _write(tty.fileno(), prompt)
            line = tty.readline()
        if not line:
            raise EOFError("no answer at the terminal")
        return line.rstrip("\n")


def _write(descriptor: int, text: str) -> None:
    os.write(descriptor, plain(text).encode(errors="replace"))


@contextlib.contextmanager
def _silent(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        _write(descriptor, "\n")
