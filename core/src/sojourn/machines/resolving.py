"""From the keys of one entry to a `Machine`: who owns which key, and is it well."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from sojourn.contract import BackendInfo, TransportInfo
from sojourn.errors import ConfigError, ContractError, PluginError
from sojourn.machines.mistakes import explain, keys_of
from sojourn.machines.model import CORE_KEYS, Machine
from sojourn.machines.reading import Document, KeyPath
from sojourn.machines.variables import expand
from sojourn.nearest import did_you_mean

if TYPE_CHECKING:
    from sojourn.plugins.registry import Registry

Model = TypeVar("Model", bound=BaseModel)

_SECRET_WORDS = ("password", "passwd", "passphrase")


@dataclass(frozen=True)
class Entry:
    """One machine as its file has it: nothing is expanded or checked yet."""

    name: str
    document: Document

    @property
    def keys(self) -> Mapping[str, Any]:
        """The entry's keys and values; empty where the file has no mapping."""
        value = self.document.data["machines"][self.name]
        return value if isinstance(value, dict) else {}

    @property
    def line(self) -> int | None:
        """The line on which the entry begins."""
        return self.document.line("machines", self.name)

    @property
    def backend(self) -> str:
        """The word in `backend:`, "" if there is none."""
        return str(self.keys.get("backend", ""))

    @property
    def transport(self) -> str:
        """The word in `transport:`; without one ssh where a host is given, else local."""
        return str(self.keys.get("transport", "ssh" if "host" in self.keys else "local"))

    def error(self, message: str, path: KeyPath = (), hint: str = "") -> ConfigError:
        """The error to raise about the key at `path` inside the entry."""
        return self.document.error(
            f"machine {self.name!r}: {message}", "machines", self.name, *path, hint=hint
        )


def resolve(
    entry: Entry, registry: "Registry", environ: Mapping[str, str] | None = None
) -> Machine:
    """Check an entry with the models of core, its backend and its transport.

    Raises:
        ConfigError: a mistake in the entry, with its file, line and key.
        UnknownBackend: its backend or transport is not installed.
        PluginError: its backend or transport does not load.
    """
    _check_shape(entry)
    given: dict[str, Any] = expand(
        dict(entry.keys), os.environ if environ is None else environ, entry.error
    )
    backend, transport = _owners(entry, given, registry)
    given.setdefault("transport", transport.name)
    theirs = _keys_by_owner(entry, given, backend, transport, registry)
    core = {key: given[key] for key in given.keys() & CORE_KEYS}
    machine = _validated(Machine, {**core, "name": entry.name}, entry)
    _check_defaults(entry, machine, backend)
    parts = {"options": backend.config_model, "connection": transport.config_model}
    return machine.model_copy(
        update={
            part: _validated(model, keys, entry)
            for (part, model), keys in zip(parts.items(), theirs, strict=True)
            if model is not None
        }
    )


def _check_shape(entry: Entry) -> None:
    if not entry.keys:
        raise entry.error(
            "needs a mapping of keys", hint="at least backend:, such as backend: slurm"
        )
    for key, value in entry.keys.items():
        bare = str(key).casefold().replace("_", "").replace("-", "")
        if any(word in bare for word in _SECRET_WORDS):
            raise entry.error(
                f"{key!r} has no place in this file: it never holds a secret",
                (key,),
                "use an SSH key and ssh-agent, or `sojourn login` for one-time codes; "
                "then change the secret that stood here",
            )
        if value is None:
            raise entry.error(f"key {key!r} has no value", (key,), "give one, or remove the line")
    if "backend" not in entry.keys:
        raise entry.error("key 'backend' is missing", hint="say what runs its jobs: backend: slurm")


def _owners(
    entry: Entry, given: Mapping[str, Any], registry: "Registry"
) -> tuple[BackendInfo, TransportInfo]:
    """What the entry's backend and transport say of themselves."""
    for key in ("backend", "transport"):
        if not isinstance(given.get(key, ""), str):
            raise entry.error(f"{key}: this must be a word", (key,))
    key = "backend"
    try:
        backend = registry.backend(given["backend"]).info
        key = "transport"
        transport = registry.transport(given.get("transport", entry.transport))
    except PluginError as error:
        where = entry.error(error.message, (key,))
        raise type(error)(where.message, hint=error.hint) from error
    if backend.transports and transport.name not in backend.transports:
        accepted = " or ".join(sorted(backend.transports))
        raise entry.error(
            f"backend {backend.name!r} does not go over transport {transport.name!r}",
            ("transport",) if "transport" in given else ("host",),
            f"it takes only transport: {accepted}",
        )
    return backend, transport


def _keys_by_owner(
    entry: Entry,
    given: Mapping[str, Any],
    backend: BackendInfo,
    transport: TransportInfo,
    registry: "Registry",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The backend's keys and the transport's; core's are left out."""
    of_backend = keys_of(backend.config_model)
    of_transport = keys_of(transport.config_model)
    claimed = (of_backend & of_transport) | ((of_backend | of_transport) & (CORE_KEYS | {"name"}))
    if claimed:
        raise ContractError(
            f"backend {backend.name!r} and transport {transport.name!r} claim keys that are "
            f"taken: {', '.join(sorted(claimed))}",
            hint="tell the author of the plugin that is not part of Sojourn",
        )
    known = CORE_KEYS | of_backend | of_transport
    for key in given:
        if key not in known:
            raise _unknown_key(entry, str(key), known, transport, registry)
    return (
        {key: given[key] for key in given if key in of_backend},
        {key: given[key] for key in given if key in of_transport},
    )


def _unknown_key(
    entry: Entry, key: str, known: frozenset[str], transport: TransportInfo, registry: "Registry"
) -> ConfigError:
    others = [
        info.name for info in registry.known_transports() if key in keys_of(info.config_model)
    ]
    if others:
        return entry.error(
            f"key {key!r} belongs to transport {' and '.join(others)}, not to {transport.name}",
            (key,),
            f"remove it, or write transport: {others[0]}",
        )
    if "transport" not in entry.keys:  # a misspelt host: is why it is not ssh
        known = known.union(*(keys_of(info.config_model) for info in registry.known_transports()))
    return entry.error(f"unknown key {key!r}", (key,), did_you_mean(key, known))


def _validated(model: type[Model], keys: Mapping[str, Any], entry: Entry) -> Model:
    try:
        return model.model_validate(keys)
    except ValidationError as error:

        def line_of(path: KeyPath) -> int | None:
            return entry.document.line("machines", entry.name, *path)

        raise explain(error, model, entry.error, line_of) from error


def _check_defaults(entry: Entry, machine: Machine, backend: BackendInfo) -> None:
    for word in machine.defaults.given():
        if word not in backend.resources:
            raise entry.error(
                f"backend {backend.name!r} cannot honour the resource {word!r}",
                ("defaults", word),
                did_you_mean(word, backend.resources, what="it honours"),
            )
