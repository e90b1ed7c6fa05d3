"""Signals by the names that SSH uses."""

import signal

UNKNOWN = signal.SIGKILL
"""Stands for a signal whose name means nothing here, or was not passed on."""


def number(name: str) -> int:
    """`TERM` -> 15. Names with an @ are some system's own."""
    try:
        return signal.Signals[f"SIG{name}"].value
    except KeyError:
        return UNKNOWN.value
