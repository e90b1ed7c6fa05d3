"""What may stand in a signature: plain JSON values, checked with the place named."""

import json
import math
from collections.abc import Mapping
from typing import Any

from sojourn.errors import InvalidJob

MAX_INTEGER = 2**53 - 1
"""Largest integer that every language reads back from JSON as it was."""

MAX_DEPTH = 100
"""Deepest nesting of lists and mappings."""


def plain(value: object, place: str = "value", depth: int = 0) -> Any:
    """`value` as dicts, lists and scalars only; tuples become lists.

    `place` is what errors call it, such as `parameters.seeds[3]`.

    Raises:
        InvalidJob: a number that is not finite, an integer beyond ±(2^53-1), text that is not
            UTF-8, a key that is no text, nesting deeper than 100, or another type.
    """
    if depth > MAX_DEPTH:
        raise InvalidJob(f"{place[:60]}... is nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain_text(value, place)
    if isinstance(value, int | float):
        return _number(value, place)
    if isinstance(value, list | tuple):
        return [plain(item, f"{place}[{at}]", depth + 1) for at, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            _key(key, place): plain(item, f"{place}.{key}", depth + 1)
            for key, item in value.items()
        }
    raise InvalidJob(
        f"{place} is of type {type(value).__name__}, which has no identity",
        hint="use text, numbers, true, false, null, lists and mappings",
    )


def json_bytes(value: object) -> bytes:
    """What stands in a file that holds a value: its JSON, keys sorted, in ASCII.

    Raises:
        TypeError, ValueError: JSON cannot hold it.
    """
    return json.dumps(value, sort_keys=True, allow_nan=False).encode("ascii")


def plain_text(text: str, place: str) -> str:
    """`text` itself, if it can be written as UTF-8.

    Raises:
        InvalidJob: it holds lone surrogates, as names of files do that are not UTF-8.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidJob(
                f"{place} is not UTF-8: {shown(text)}", hint="rename it, or encode it as UTF-8"
            ) from None
    return str.__str__(text)


def shown(text: object, limit: int = 80) -> str:
    """`text` for a message of one line: quoted, escaped, shortened in the middle.

    Of a long path the end is what tells it from others.
    """
    written = repr(text)
    if len(written) <= limit:
        return written
    half = limit // 2
    return f"{written[:half]}...{written[-half:]}"


def _number(value: int | float, place: str) -> int | float:
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InvalidJob(
                f"{place} is an integer beyond ±(2^53-1)", hint="write it as text, in quotes"
            )
        return int(value)
    if not math.isfinite(value):
        raise InvalidJob(f"{place} is {value}, which is not a finite number")
    return float(value)


def _key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise InvalidJob(f"{place} has the key {shown(key)}, which is no text")
    return plain_text(key, f"a key of {place}")
