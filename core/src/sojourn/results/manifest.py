"""What a result consists of: the one file that says which bytes are the result's."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from sojourn.values.names import leads_out

VERSION = 1
"""Version of the JSON form."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Something in a result: kind "f" a file, "d" a directory, "l" a symbolic link.

    `name` is relative, with `/`. `digest` is the SHA-256 of a file in hexadecimal. `target` is
    a link's text. `executable` and `mtime_ns` are filled in when the result is committed.
    """

    name: str
    size: int = 0
    kind: str = "f"
    digest: str = ""
    target: str = ""
    executable: bool = False
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """A result. `files` are what lies in `files/`, `logs` what lies in `logs/`.

    `remote` are outputs that stayed on the machine, with their sizes in bytes; `consumed` the
    digests of the inputs that the job has used, by input name. Times are seconds since the
    epoch. `imported` is that of the job's record: not "" for a job that another client submitted.
    """

    signature: str
    attempt: int = 1
    machine: str = ""
    exit_code: int = 0
    files: tuple[FileEntry, ...] = ()
    logs: tuple[FileEntry, ...] = ()
    remote: Mapping[str, int] = field(default_factory=dict)
    consumed: Mapping[str, str] = field(default_factory=dict)
    submitted_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    fetched_at: float | None = None
    imported: str = ""

    def to_json(self) -> str:
        """The manifest as JSON text; names that are not UTF-8 survive it."""
        content = {each.name: getattr(self, each.name) for each in fields(self)}
        lines = [f'"version": {VERSION}']
        for name, value in content.items():
            listed = name in ("files", "logs")
            lines.append(f'"{name}": {_listed(value) if listed else json.dumps(value)}')
        return "{\n " + ",\n ".join(lines) + "\n}"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The manifest of `text`.

        Raises:
            ValueError: it is no manifest, or one of a newer version.
        """
        try:
            content = json.loads(text)
            version = content.pop("version")
            if version != VERSION:
                raise ValueError(f"version {version!r} of the manifest is not known here")
            for part in ("files", "logs"):
                content[part] = tuple([FileEntry(**entry) for entry in content[part]])
            return cls(**content)
        except (TypeError, KeyError, AttributeError) as fault:
            raise ValueError(f"not a manifest: {fault!r}") from fault

    def stands_for(self, other: "Manifest") -> bool:
        """Whether a result with `other` need not take the place of this one: it has the same
        bytes, whenever and however fetched, or is of an earlier attempt on the same machine.

        A later attempt there takes the place even with the same bytes: it is the one that counts.
        What this client's own job made never gives way to an imported result, which counts less.
        """
        if bool(self.imported) != bool(other.imported) and self.machine != other.machine:
            return not self.imported
        if self.machine == other.machine and self.attempt != other.attempt:
            return self.attempt > other.attempt
        return self._same_outcome(other)

    def _same_outcome(self, other: "Manifest") -> bool:
        return _bytes(self.files) == _bytes(other.files) and self.exit_code == other.exit_code


def unsound(entries: Iterable[FileEntry]) -> str:
    """Why these entries, whose names come from a machine, cannot be a result's; "" if they can.

    No name may be absolute, leave the directory, stand below a file or a link, or come twice;
    no link may lead out.
    """
    listed = list(entries)
    kinds = {entry.name: entry.kind for entry in listed}
    if len(kinds) != len(listed):
        return "a name comes twice"
    folders: set[str] = set()
    return next(filter(None, (_unsound(entry, kinds, folders) for entry in listed)), "")


def _unsound(entry: FileEntry, kinds: Mapping[str, str], folders: set[str]) -> str:
    """`folders` are those that were looked at already."""
    parts = entry.name.split("/")
    if "" in parts or "." in parts or "\0" in entry.name:
        return f"{entry.name!r} is not a plain relative name"
    if ".." in parts:
        return f"{entry.name!r} leaves the result"
    if entry.kind not in ("f", "d", "l"):
        return f"{entry.name!r} is neither a file, a directory nor a link"
    folder = entry.name.rpartition("/")[0]
    while folder and folder not in folders:
        if kinds.get(folder, "d") != "d":
            return f"{entry.name!r} lies below something that is no directory"
        folders.add(folder)
        folder = folder.rpartition("/")[0]
    if entry.kind == "l" and leads_out(entry.name, entry.target):
        return f"the link {entry.name!r} leads out of the result, to {entry.target!r}"
    return ""


def _bytes(entries: Iterable[FileEntry]) -> dict[str, tuple[str, str, str]]:
    return {entry.name: (entry.kind, entry.digest, entry.target) for entry in entries}


def _listed(entries: Iterable[FileEntry]) -> str:
    """An entry a line; what is at its default is left out: thousands of files are common."""
    lines = []
    for entry in entries:
        values = ((name, getattr(entry, name)) for name in _FIELDS)
        lines.append(json.dumps({n: value for n, value in values if value or n == "name"}))
    return "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"


_FIELDS = tuple(each.name for each in fields(FileEntry))
