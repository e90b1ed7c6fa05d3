"""Values of steps: written down to be remembered, and read back only while they still hold.

A value is made of numbers, text, lists, dicts with text as keys, paths, bytes and `Remote`.
Tuples come back as lists, relative paths as absolute ones: also in the run that made them, so
that a remembered value is what the first run saw. A path is remembered with the digest of what
lies there.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.identity.digests import DigestMemo, Digests
from sojourn.identity.resolve import Resolver
from sojourn.values.inputs import Remote, local_path
from sojourn.values.jsonable import MAX_DEPTH, shown

TAG = "$"
"""Begins the first key of what stands for something that is no JSON value."""

Key = str | int
"""Leads one level into a value."""


class NoLongerSo(Exception):
    """A remembered path has vanished, or holds something else."""


class Values:
    """Writes values down and reads them back; `memo` knows the digests of unchanged files."""

    def __init__(self, memo: DigestMemo | None = None) -> None:
        self._memo = memo

    def encode(self, value: Any, place: str = "value") -> Any:
        """`value` as what JSON can hold.

        Raises:
            InvalidJob: it holds something that cannot be remembered, or a path where nothing is.
        """
        return _Encoder(self._resolver()).encode(value, place, 0)

    def decode(self, encoded: Any) -> Any:
        """The value that was written down.

        Raises:
            NoLongerSo: a path in it does not hold any more what it held then.
        """
        return self._decode(encoded, self._resolver())

    def _resolver(self) -> Resolver:
        """A new one each time: what a step has just written must be looked at anew."""
        return Resolver(Digests(self._memo))

    def _decode(self, encoded: Any, resolver: Resolver) -> Any:
        if isinstance(encoded, list):
            return [self._decode(item, resolver) for item in encoded]
        if not isinstance(encoded, dict):
            return encoded
        if f"{TAG}path" in encoded:
            return self._path(encoded, resolver)
        if f"{TAG}bytes" in encoded:
            return base64.b64decode(encoded[f"{TAG}bytes"])
        if f"{TAG}remote" in encoded:
            return Remote(encoded[f"{TAG}remote"], encoded.get("digest"), encoded.get("version"))
        return {
            key.removeprefix(TAG): self._decode(item, resolver) for key, item in encoded.items()
        }

    def _path(self, encoded: Mapping[str, Any], resolver: Resolver) -> Path:
        path = Path(encoded[f"{TAG}path"])
        try:
            present = dict(resolver.local(path, "remembered path").component())
        except InvalidJob as error:
            raise NoLongerSo(f"{path} is no longer there") from error
        if present != encoded["is"]:
            raise NoLongerSo(f"{path} has been changed since")
        return path


class _Encoder:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def encode(self, value: Any, place: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise InvalidJob(f"{place[:60]}... is nested deeper than {MAX_DEPTH}")
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, Mapping):
            return {
                _key(key, place): self.encode(item, f"{place}[{key!r}]", depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.encode(item, f"{place}[{at}]", depth + 1) for at, item in enumerate(value)]
        if isinstance(value, bytes | bytearray | memoryview):
            return {f"{TAG}bytes": base64.b64encode(bytes(value)).decode("ascii")}
        if isinstance(value, Remote):
            known = {"digest": value.digest, "version": value.version}
            return {f"{TAG}remote": value.path} | {k: v for k, v in known.items() if v is not None}
        if isinstance(value, os.PathLike):
            path = local_path(value, place)
            found = self._resolver.local(path, place)
            return {f"{TAG}path": str(path), "is": dict(found.component())}
        if isinstance(value, int | float | str):  # subclasses, such as an enumeration
            return next(kind(value) for kind in (int, float, str) if isinstance(value, kind))
        raise InvalidJob(
            f"{place} is a {type(value).__name__}, which cannot be remembered",
            hint="return numbers, text, lists, dicts and paths; write anything else to a file",
        )


def _key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise InvalidJob(f"{place} has the key {shown(key)}, which is no text")
    return TAG + key if key.startswith(TAG) else key


def inside(encoded: Any, keys: Sequence[Key]) -> Any:
    """The part of a written-down value that `keys` lead to.

    Raises:
        LookupError, TypeError: they lead nowhere.
    """
    for key in keys:
        encoded = encoded[TAG + key if isinstance(key, str) and key.startswith(TAG) else key]
    return encoded


def fingerprint(encoded: Any) -> str:
    """What tells whether a value is the same: of paths, only what lies there counts."""
    text = json.dumps(_contents(encoded), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _contents(encoded: Any) -> Any:
    if isinstance(encoded, list):
        return [_contents(item) for item in encoded]
    if isinstance(encoded, dict):
        return {key: _contents(item) for key, item in encoded.items() if key != f"{TAG}path"}
    return encoded
