"""Waiting for conditions instead of for time to pass: the kit's own."""

from sojourn.testing.waiting import eventually

__all__ = ["eventually"]
