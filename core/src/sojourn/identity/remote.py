"""The identity of what lies on the machine: sizes and times, of directories those of a listing."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.identity.canonical import signature_of
from sojourn.values.inputs import Origin, Remote
from sojourn.values.jsonable import plain_text, shown
from sojourn.values.remote import RemoteEntry, RemotePath

IdentifyRemote = Callable[[list[str]], Mapping[str, RemotePath | None]]
"""Asks the machine what lies at paths; None: nothing."""

_HINT = "give Remote(...) a version= or a digest=, so that the machine need not be asked"


def needs_asking(source: Origin) -> str | None:
    """The path on the machine that must be looked at to know what `source` is."""
    if isinstance(source, Remote) and source.digest is None and source.version is None:
        return source.path
    return None


def identify(paths: Iterable[str], ask: IdentifyRemote | None) -> dict[str, RemotePath]:
    """What lies at all `paths`, in one question.

    Raises:
        InvalidJob: one is not on the machine, or there is no machine to ask.
    """
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    if ask is None:
        raise InvalidJob(
            f"what {shown(wanted[0])} holds can only be asked of its machine",
            hint="give Remote(...) a digest= or a version=, or name the machine",
        )
    found = ask(wanted)
    known: dict[str, RemotePath] = {}
    for path in wanted:
        answer = found.get(path)
        if answer is None:
            raise InvalidJob(f"there is no {shown(path)} on the machine", hint="check the path")
        known[path] = answer
    return known


def remote_component(remote: Remote, known: Mapping[str, RemotePath]) -> dict[str, Any]:
    """What stands for a path on the machine in a signature.

    Raises:
        InvalidJob: a directory that could not be listed, or with names that are not UTF-8.
    """
    if remote.digest is not None:
        return {"kind": "remote", "digest": remote.digest}
    component: dict[str, Any] = {"kind": "remote", "path": remote.path}
    if remote.version is not None:
        return component | {"version": remote.version}
    found = known[remote.path]
    if found.real != remote.path:
        component["real"] = plain_text(found.real, f"where {shown(remote.path)} leads to")
    if found.entry.kind == "directory":
        return component | {"listing": signature_of(_listing(remote.path, found))}
    facts = _facts(found.entry)
    kind = facts.pop("kind")
    return component | facts | ({} if kind == "file" else {"type": kind})


def _listing(path: str, found: RemotePath) -> dict[str, Any]:
    if found.error == "too many":
        raise InvalidJob(
            f"the directory {shown(path)} on the machine holds too much to be listed", hint=_HINT
        )
    if found.error:
        raise InvalidJob(
            f"the directory {shown(path)} on the machine cannot be listed: {found.error}",
            hint=_HINT,
        )
    filled = {posixpath.dirname(name) for name in found.entries}
    return {
        plain_text(name, f"a name in {shown(path)}"): _facts(entry, f"a link in {shown(path)}")
        for name, entry in found.entries.items()
        if entry.kind != "directory" or entry.target or name not in filled
    }


def _facts(entry: RemoteEntry, what: str = "") -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": entry.kind}
    if entry.kind == "file":
        facts |= {"size": entry.size, "mtime": entry.mtime}
    if entry.executable:
        facts["executable"] = True
    if entry.target:
        facts["target"] = plain_text(entry.target, what)
    return facts
