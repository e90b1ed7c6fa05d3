"""The JSON Schema of `machines.yaml`, for editors: core's keys and those of what is installed.

Draft 7, which every editor's YAML support knows. It is as strict as the loader, except where
a schema cannot see: what variables hold, and whether files exist.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sojourn.contract import BackendInfo, TransportInfo
from sojourn.machines.model import CORE_KEYS, NAME_PATTERN, Machine
from sojourn.plugins.outcomes import LoadedPlugin

if TYPE_CHECKING:
    from sojourn.plugins.registry import Registry

Schema = dict[str, Any]
Schemas = dict[type[BaseModel] | None, Schema]
"""The schema of each model; an empty one for a backend or transport that has none."""

_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
"""A value that is only known once variables have been expanded."""


def machines_schema(registry: "Registry") -> Schema:
    """The schema, with the keys of every backend and transport that is installed and loads."""
    plugins = [each for each in registry.installed() if isinstance(each, LoadedPlugin)]
    backends = [plugin.backend for plugin in plugins if plugin.backend is not None]
    transports = [info for plugin in plugins for info in plugin.transports]
    schemas, definitions = _model_schemas([*backends, *transports])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Sojourn's machines",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "default": {"type": "string", "description": "The machine for those who name none."},
            "machines": {
                "type": ["object", "null"],
                "description": "A name and its keys for each machine.",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": _machine(schemas, backends, transports),
            },
        },
        "definitions": definitions,
    }


def _model_schemas(
    infos: Sequence[BackendInfo | TransportInfo],
) -> tuple[Schemas, Schema]:
    """The schema of each configuration model and of `Machine`, and what they share."""
    models: list[type[BaseModel]] = [Machine]
    for info in infos:
        if info.config_model is not None and info.config_model not in models:
            models.append(info.config_model)
    refs, shared = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/definitions/{model}",
    )
    definitions = shared.get("$defs", {})
    names = {model: refs[(model, "validation")]["$ref"].rpartition("/")[2] for model in models}
    # The models are taken apart into one flat mapping; only what they refer to stays shared.
    schemas: Schemas = {model: _loosened(definitions.pop(name)) for model, name in names.items()}
    schemas[None] = {}
    return schemas, {
        name: _loosened(each) for name, each in definitions.items() if name != "BaseModel"
    }


def _machine(
    schemas: Schemas,
    backends: Sequence[BackendInfo],
    transports: Sequence[TransportInfo],
) -> Schema:
    core = schemas[Machine]["properties"]
    keys = {info.name: _keys(schemas, info) for info in transports}
    properties: Schema = {key: core[key] for key in sorted(CORE_KEYS)}
    infos: list[BackendInfo | TransportInfo] = [*transports, *backends]
    for info in infos:
        for key, schema in _keys(schemas, info).items():
            if key in properties and properties[key] != schema:
                known = properties[key]
                schema = {"anyOf": [*known.get("anyOf", [known]), schema]}
            properties[key] = schema
    if backends:
        properties["backend"] |= _one_of(each.name for each in backends)
    properties["transport"] |= _one_of(keys)
    return {
        "type": "object",
        "properties": properties,
        "required": ["backend"],
        "additionalProperties": False,
        "allOf": [
            *(_of_backend(schemas, info, backends, keys) for info in backends),
            *(_of_transport(schemas, info, keys) for info in transports),
            {
                "if": {"not": {"required": ["transport"]}},
                "then": {"dependencies": {key: ["host"] for key in _all(keys) if key != "host"}},
            },
        ],
    }


def _of_backend(
    schemas: Schemas,
    info: BackendInfo,
    backends: Sequence[BackendInfo],
    transport_keys: Mapping[str, Schema],
) -> Schema:
    """What holds for the machines of one backend: no other's keys, and its transports' only."""
    own = _keys(schemas, info)
    foreign = {key for other in backends for key in _keys(schemas, other)} - own.keys()
    accepted = info.transports & transport_keys.keys() or set(transport_keys)
    foreign |= _all(transport_keys) - {key for name in accepted for key in transport_keys[name]}
    then: Schema = {
        "properties": {
            **dict.fromkeys(sorted(foreign), False),
            **own,
            "transport": _one_of(sorted(accepted)),
            "defaults": {"propertyNames": {"enum": sorted(info.resources)}},
        },
        "required": schemas[info.config_model].get("required", []),
    }
    return {"if": _says("backend", info.name), "then": then}


def _of_transport(
    schemas: Schemas,
    info: TransportInfo,
    transport_keys: Mapping[str, Schema],
) -> Schema:
    own = transport_keys[info.name]
    foreign = sorted(_all(transport_keys) - own.keys())
    then: Schema = {
        "properties": {**dict.fromkeys(foreign, False), **own},
        "required": schemas[info.config_model].get("required", []),
    }
    return {"if": _says("transport", info.name), "then": then}


def _says(key: str, word: str) -> Schema:
    return {"properties": {key: {"const": word}}, "required": [key]}


def _keys(schemas: Schemas, info: BackendInfo | TransportInfo) -> Schema:
    keys: Schema = schemas[info.config_model].get("properties", {})
    return keys


def _all(keys: Mapping[str, Schema]) -> set[str]:
    return {key for each in keys.values() for key in each}


def _loosened(schema: Any) -> Any:
    """`schema` without null, which the file never holds, and open for `${VARIABLE}`."""
    if isinstance(schema, list):
        return [_loosened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    loosened = {key: _loosened(value) for key, value in schema.items() if not _noise(key, value)}
    narrow = loosened.get("type") == "string" and loosened.keys() & {"pattern", "enum", "const"}
    if narrow or loosened.get("type") in ("integer", "number", "boolean"):
        about = {key: loosened.pop(key) for key in ("description", "default") if key in loosened}
        return {"anyOf": [loosened, _VARIABLE], **about}
    if "anyOf" in loosened:
        choices = [choice for each in loosened["anyOf"] for choice in each.get("anyOf", [each])]
        choices = [choice for choice in choices if choice != {"type": "null"}]
        return {**loosened, "anyOf": choices}
    return loosened


def _noise(key: str, value: Any) -> bool:
    """Titles that only repeat the name, and defaults that say no more than their absence."""
    return (key == "title" and isinstance(value, str)) or (
        key == "default" and (value is None or isinstance(value, dict))
    )


def _one_of(words: Iterable[str]) -> Schema:
    return {"anyOf": [{"enum": list(words)}, _VARIABLE]}
