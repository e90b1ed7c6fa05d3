"""Canonical JSON (RFC 8785) and the SHA-256 over it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785

from sojourn.values.jsonable import plain


def canonical(value: Any, place: str = "value") -> bytes:
    """The one spelling of a JSON value; 1 and 1.0 are spelt alike.

    Raises:
        InvalidJob: what `sojourn.values.jsonable.plain` refuses, at a place named by its path.
    """
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError):
        return rfc8785.dumps(plain(value, place))


def signature_of(components: Mapping[str, Any]) -> str:
    """The SHA-256 of the components' canonical JSON, as 64 hexadecimal digits.

    Raises:
        InvalidJob: a component cannot be written; its path is named.
    """
    return sha256(canonical(components, "")).hexdigest()
