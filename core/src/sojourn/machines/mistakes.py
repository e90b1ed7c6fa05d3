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
    message = first["msg"].removeprefix("Value error, ")
    match first["type"]:
        case "extra_forbidden":
            known = keys_of(_model_at(model, path[:-1]))
            return complain(f"unknown key {key!r}", path, did_you_mean(str(path[-1]), known))
        case "missing":
            return complain(f"key {key!r} is missing", path, _about(model, path))
        case "string_type" if not isinstance(first["input"], dict | list):
            return complain(f"{key}: this must be text", path, "put it in quotes")
        case "value_error":
            pass
        case _:
            message = f"{message[:1].lower()}{message[1:]}, not {_short(first['input'])}"
    return complain(f"{key}: {message}" if key else message, path, _about(model, path))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _about(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """What the key's own documentation says."""
    parent = _model_at(model, path[:-1]) if path else None
    field = parent.model_fields.get(str(path[-1])) if parent is not None else None
    return (field.description or "") if field is not None else ""


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
