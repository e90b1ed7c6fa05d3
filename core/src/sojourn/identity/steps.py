"""A step's identity: which function, in which version, and its arguments."""

import inspect
import os
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sojourn.defaults import SIGNATURE_FORMAT
from sojourn.errors import InvalidJob
from sojourn.identity.canonical import signature_of
from sojourn.identity.digests import Digests
from sojourn.identity.resolve import Resolver, output_component
from sojourn.values.inputs import Input, JobOutput, Node, NodeOutput, Remote, local_path, origin_of
from sojourn.values.jsonable import MAX_DEPTH, plain, shown
from sojourn.values.names import label

TAG = "$"
"""Begins the only key of what stands for something that is no JSON value."""


def sign_step(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    version: str | int | None = None,
    *,
    resolver: Resolver | None = None,
) -> tuple[str, dict[str, Any]]:
    """Signature and components of a call of `function`.

    `arguments` are by name, defaults filled in. Without a `version`, the function's source text
    tells its versions apart. JSON values count by value; paths and bytes by content; nodes and
    outputs by signature; anything else needs a method `__sojourn_identity__` that returns JSON
    values. `resolver` is shared by the steps of one run, so that a file is read once.

    Raises:
        InvalidJob: an argument without identity, a file that cannot be read, or a function
            whose source is not to be had and that has no version.
    """
    components: dict[str, Any] = {
        "format": SIGNATURE_FORMAT,
        "step": function_component(function, version),
    }
    if arguments:
        encoder = _Arguments(resolver or Resolver(Digests()))
        components["arguments"] = {
            name: encoder.encode(value, name) for name, value in arguments.items()
        }
    return signature_of(components), components


def function_component(
    function: Callable[..., Any], version: str | int | None = None
) -> dict[str, str]:
    """Module and qualified name of a function, with its version or else its source text.

    Raises:
        InvalidJob: no function, or no source and no version.
    """
    inner = inspect.unwrap(function)
    name = getattr(inner, "__qualname__", None)
    if not callable(function) or not isinstance(name, str):
        raise InvalidJob(f"{shown(function)} is no function that could be a step")
    component = {"module": module_name(inner), "name": name}
    if version is not None:
        return component | {"version": str(label(version, f"version of step {name}"))}
    if name.endswith("<lambda>"):
        raise InvalidJob("a lambda as a step needs a version", hint="write a function with def")
    try:
        source = inspect.getsource(inner)
    except (OSError, TypeError):
        raise InvalidJob(
            f"the source of step {name} is not to be had", hint='give it one: @step(version="1")'
        ) from None
    return component | {"source": textwrap.dedent(source).strip("\n") + "\n"}


def module_name(function: Callable[..., Any]) -> str:
    """The function's module. That of a script is named after its file, however it was started."""
    module = str(getattr(function, "__module__", None) or "")
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:  # python -m package.module
        return str(spec.name).removesuffix(".__main__")
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else module


class _Arguments:
    """Turns arguments into JSON values in which nothing stands for two things."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def encode(self, value: Any, place: str, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise InvalidJob(f"argument {place[:60]}... is nested deeper than {MAX_DEPTH}")
        if isinstance(value, Mapping):
            return {
                self._key(key, place): self.encode(item, f"{place}.{key}", depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.encode(item, f"{place}[{at}]", depth + 1) for at, item in enumerate(value)]
        if value is None or isinstance(value, bool | int | float | str):
            return plain(value, f"argument {place}")
        component = self._input(value, place)
        if component is not None:
            return {f"{TAG}input": component}
        if hasattr(value, "__sojourn_identity__"):
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            own = plain(value.__sojourn_identity__(), f"identity of argument {place}")
            return {f"{TAG}object": [kind, own]}
        raise InvalidJob(
            f"argument {place} is a {type(value).__name__}, which has no identity",
            hint="pass numbers, text, lists, paths or nodes, or give it __sojourn_identity__()",
        )

    def _key(self, key: object, place: str) -> str:
        if not isinstance(key, str):
            raise InvalidJob(f"argument {place} has the key {shown(key)}, which is no text")
        return TAG + key if key.startswith(TAG) else key

    def _input(self, value: Any, place: str) -> Mapping[str, Any] | None:
        if isinstance(value, Input):
            value = value.source
        if isinstance(value, Node):
            value = origin_of(value, place)
        if isinstance(value, bytes | bytearray | memoryview):
            value = bytes(value)
        elif isinstance(value, os.PathLike):
            what = f"argument {place}"
            return self._resolver.local(local_path(value, what), what).component()
        elif not isinstance(value, JobOutput | NodeOutput | Remote):
            signature = getattr(value, "signature", None)
            if isinstance(signature, str) and re.fullmatch("[0-9a-f]{64}", signature):
                return output_component(signature, "")
            return None
        if isinstance(value, NodeOutput):  # whatever its value is by now
            return output_component(value.signature, value.name)
        if isinstance(value, JobOutput) and value.job is not None:
            known = self._resolver.signatures.get(id(value.job))
            if known is None:
                raise InvalidJob(f"argument {place} is the output of a job not yet signed")
        if isinstance(value, Remote) and value.digest is None and value.version is None:
            # A step runs here and cannot read it: for the step it is no more than a path.
            return {"kind": "remote", "path": value.path}
        return self._resolver.resolve(place, value, False).component
