"""Canonical JSON (RFC 8785) and the SHA-256 over it."""

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import rfc8785

from sojourn.values.jsonable import MAX_DEPTH, MAX_INTEGER, plain


def canonical(value: Any, place: str = "value") -> bytes:
    """The one spelling of a JSON value; 1 and 1.0 are spelt alike.

    Raises:
        InvalidJob: what `sojourn.values.jsonable.plain` refuses, at a place named by its path.
    """
    if _is_simple(value):
        with suppress(UnicodeEncodeError):
            return _SIMPLE.encode(value).encode()
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError):
        return rfc8785.dumps(plain(value, place))


_SIMPLE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Of simple values it makes what the RFC wants, ten times as fast."""


def _is_simple(value: Any, depth: int = 0) -> bool:
    """Text, integers, switches, null and lists and mappings of them, with keys in ASCII.

    Other keys would have to be put in order by their UTF-16, and fractions have a spelling of
    their own.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    if depth == MAX_DEPTH:
        return False
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or not _is_simple(item, depth + 1):
                return False
        return True
    if kind is list or kind is tuple:
        return all(_is_simple(item, depth + 1) for item in value)
    return False


def signature_of(components: Mapping[str, Any]) -> str:
    """The SHA-256 of the components' canonical JSON, as 64 hexadecimal digits.

    Raises:
        InvalidJob: a component cannot be written; its path is named.
    """
    return sha256(canonical(components, "")).hexdigest()
