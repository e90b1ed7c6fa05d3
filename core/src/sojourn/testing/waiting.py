"""Waiting for conditions instead of for time to pass."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def eventually(
    condition: Callable[[], Value],
    timeout: float = 30.0,
    interval: float = 0.05,
    saying: str | Callable[[], str] = "",
) -> Value:
    """Ask `condition` until its answer is true, and return that answer.

    `saying` is added to the error after `timeout` seconds: a text, or what makes one then.

    Raises:
        AssertionError: the answer was still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            more = saying() if callable(saying) else saying
            name = getattr(condition, "__qualname__", repr(condition))
            raise AssertionError(
                f"not within {timeout:g} s: {name}: last {value!r} {more}".rstrip()
            )
        threading.Event().wait(interval)
