"""pydantic's words about a mistake, in ours: one line, the key, and what to do."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sojourn.errors import ConfigError
from sojourn.machines.reading import KeyPath
from sojourn.machines.variables import Complain
from sojourn.nearest import did_you_mean


def keys_of(model: type[BaseModel] | None) -> frozenset[str]:
    """The keys that `model` reads from a mapping: its fields, by alias where they have one."""
    if model is None:
        return frozenset()
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def explain(
    error: ValidationError,
    model: type[BaseModel],
    complain: Complain,
    line_of: Callable[[KeyPath], int | None],
) -> ConfigError:
    """The mistake that stands first in the file, as an error that names its key."""
    first = min(error.errors(), key=lambda one: line_of(one["loc"]) or 0)
    path: KeyPath = first["loc"]
    key = ".".join(str(part) for part in path)
    message, hint = first["msg"].removeprefix("Value error, "), ""
    match first["type"]:
        case "extra_forbidden":
            known = keys_of(_model_at(model, path[:-1]))
            message, hint = f"unknown key {key!r}", did_you_mean(str(path[-1]), known)
        case "missing":
            message = f"key {key!r} is missing"
        case "string_type" if isinstance(first["input"], int | float):
            message, hint = f"{key}: this must be text", "put it in quotes"
        case "value_error":
            message = f"{key}: {message}" if key else message
        case _:
            given = _short(first["input"])
            message = f"{key}: {message[:1].lower()}{message[1:]}, not {given}"
    return complain(message, path, hint)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model of the mapping at `path` inside `model`, as far as annotations tell."""
    current: type[BaseModel] | None = model
    for part in path:
        field = current.model_fields.get(str(part)) if current is not None else None
        current = _nested_model(field.annotation) if field is not None else current
    return current


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_nested_model, get_args(annotation))), None)
