"""`load_machines`: the machines that are configured, each made only when it is asked for."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sojourn.errors import UnknownMachine
from sojourn.machines.places import IMPORTED, machine_files
from sojourn.machines.reach import why_not
from sojourn.machines.reading import Document, read_document
from sojourn.machines.resolving import Entry, resolve
from sojourn.nearest import did_you_mean

if TYPE_CHECKING:
    from sojourn.machines.model import Machine
    from sojourn.plugins.registry import Registry

_IMPLIED = Document(Path("(no machines.yaml)"), {"machines": {"local": {"backend": "local"}}}, {})
"""What holds where nothing is configured: this computer."""


def load_machines(
    registry: "Registry | None" = None, environ: Mapping[str, str] | None = None
) -> "Machines":
    """Read the configuration: the file that SOJOURN_MACHINES names, or the user's and the site's.

    An entry of the user's file stands for the site's entry of the same name as a whole, and its
    `default:` for the site's. Where no machine is configured, there is one, `local`.
    `environ` is where variables are looked up; the process's environment by default.

    Raises:
        ConfigError: a file cannot be read or parsed, with its line.
    """
    documents = [read_document(file) for file in machine_files(environ)]
    return Machines(documents, registry, environ)


class Machines:
    """The configured machines. May be used from many threads."""

    def __init__(
        self,
        documents: list[Document],
        registry: "Registry | None" = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = environ
        self._registry = registry
        self._made: dict[str, Machine] = {}
        self._lock = Lock()
        self._documents = documents
        self._entries = _entries(documents) or _entries([_IMPLIED])

    def names(self) -> list[str]:
        """All names, in the order of the files."""
        return list(self._entries)

    def entry(self, name: str) -> Entry:
        """The entry as the file has it, unchecked: what a listing shows without loading plugins.

        Raises:
            UnknownMachine: there is no such machine.
        """
        found = self._entries.get(name)
        if found is None:
            raise UnknownMachine(
                f"there is no machine {name!r}", hint=did_you_mean(name, self.names(), what="known")
            )
        return found

    def get(self, name: str) -> "Machine":
        """The machine `name`, expanded and checked.

        Raises:
            UnknownMachine: there is no such machine; names the nearest.
            ConfigError: its entry has a mistake.
            UnknownBackend: its backend or transport is not installed.
        """
        with self._lock:
            if name not in self._made:
                entry = self.entry(name)
                if self._registry is None:
                    from sojourn.plugins.registry import Registry

                    self._registry = Registry()
                self._made[name] = resolve(entry, self._registry, self._environ)
            return self._made[name]

    def default(self) -> "Machine":
        """The machine for those who name none: that of `default:`, or else the only one.

        Raises:
            UnknownMachine: there are several.
            ConfigError: `default:` names none of them.
        """
        for document in self._documents:
            name = document.data.get("default")
            if name is None:
                continue
            if not isinstance(name, str) or name not in self._entries:
                raise document.error(
                    f"default names no machine: {name!r}",
                    "default",
                    hint=did_you_mean(str(name), self.names()),
                )
            return self.get(name)
        if len(self._entries) > 1:
            raise UnknownMachine(
                "no machine was named and there are several",
                hint=f"name one of {', '.join(self.names())}, "
                "or write `default: NAME` at the top of machines.yaml",
            )
        return self.get(next(iter(self._entries)))


def _entries(documents: list[Document]) -> dict[str, Entry]:
    """The entries of all files; the first file that has a name wins."""
    entries: dict[str, Entry] = {}
    for document in documents:
        for name in document.data.get("machines") or {}:
            entry = Entry(name, document)
            if document.file.name == IMPORTED and why_not(entry.keys):
                continue  # an entry that no ticket may describe
            entries.setdefault(name, entry)
    return entries
