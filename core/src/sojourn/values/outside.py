"""Numbers and times that come from outside, read with their ranges. Pure.

Machines, schedulers and jobs write what they like. What is read here can be kept in the store, put
into a date and printed; what cannot raises `ValueError`, which says what it was.
"""

import math
import re

LATEST = 253402214400.0
"""Seconds since the epoch: the last day of the year 9999, in every time zone."""

MOST = 2**53
"""The largest number of bytes or seconds: up to here they are exact also as floating point."""

_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,19}(\.[0-9]{0,19})?", re.ASCII)
_SHOWN = 40


def whole(text: str | bytes, most: int = MOST) -> int:
    """A number of plain digits, from 0 to `most`.

    Raises:
        ValueError: it is none.
    """
    word = _text(text)
    if _DIGITS.fullmatch(word) is None or int(word) > most:
        raise ValueError(f"{_shown(word)} is no number from 0 to {most}")
    return int(word)


def instant(text: str | bytes) -> float:
    """Seconds since the epoch, as plain digits, with decimals or without.

    Raises:
        ValueError: it is no time, or one beyond `LATEST`.
    """
    word = _text(text)
    if _DECIMAL.fullmatch(word) is None or not is_instant(float(word)):
        raise ValueError(f"{_shown(word)} is no time in seconds since 1970")
    return float(word)


def is_instant(value: object) -> bool:
    """Whether this is a time in seconds since the epoch that a date can say."""
    return _is_number(value) and 0 <= value <= LATEST  # type: ignore[operator]


def is_amount(value: object) -> bool:
    """Whether this is an amount, of seconds or bytes for example, that is not beyond reason."""
    return _is_number(value) and 0 <= value <= MOST  # type: ignore[operator]


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("ascii", "replace")


def _shown(word: str) -> str:
    return repr(word if len(word) <= _SHOWN else f"{word[:_SHOWN]}...")
