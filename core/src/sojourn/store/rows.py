"""Between a record and its row: which columns, and how values are written and read."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sojourn.states import State

Record = TypeVar("Record")

_STATES = {state.value: state for state in State}


def _read_words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    State: _STATES.__getitem__,
    bool: bool,
    tuple[str, ...]: _read_words,
}


class Table(Generic[Record]):
    """A table, of which a record's annotated fields are columns of the same names."""

    def __init__(self, name: str, record: type[Record]) -> None:
        self.name = name
        # A tuple takes all its values at once, in half the time.
        self._made: Callable[[list[Any]], Record] = getattr(
            record, "_make", lambda values: record(*values)
        )
        described = record.__annotations__
        self.columns: tuple[str, ...] = tuple(described)
        self._known = frozenset(self.columns)
        self._readers = [
            (at, _READERS[kind]) for at, kind in enumerate(described.values()) if kind in _READERS
        ]
        self._values = attrgetter(*self.columns)
        self.listed = ", ".join(self.columns)
        marks = ", ".join("?" * len(self.columns))
        self.select = f"SELECT {self.listed} FROM {name}"
        self.insert = f"INSERT OR IGNORE INTO {name} ({self.listed}) VALUES ({marks})"
        self.replace = f"INSERT OR REPLACE INTO {name} ({self.listed}) VALUES ({marks})"

    def read(self, row: Iterable[Any]) -> Record:
        """The record of a row that `select` gave."""
        values = list(row)
        for at, reader in self._readers:
            values[at] = reader(values[at])
        return self._made(values)

    def write(self, record: Record) -> list[Any]:
        """The row of a record, in the order of the columns."""
        return [
            value if type(value) in _KEPT_AS_IS else plain(value) for value in self._values(record)
        ]

    def assignments(self, values: Mapping[str, Any]) -> str:
        """`name = ?, ...` for an UPDATE; unknown names are a mistake of the caller's."""
        unknown = values.keys() - self._known
        if unknown:
            raise TypeError(f"{self.name} has no field {', '.join(sorted(unknown))}")
        return ", ".join(f"{name} = ?" for name in values)


_KEPT_AS_IS = frozenset({int, float, type(None)})


def plain(value: Any) -> Any:
    """A value as SQLite keeps it: it is told exact types sooner than derived ones."""
    if type(value) in _KEPT_AS_IS:
        return value
    if type(value) is str:
        # A machine's words may not be UTF-8.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, tuple | list):
        return " ".join(value)
    if isinstance(value, State):
        return value.value
    if isinstance(value, bool):
        return int(value)
    return value
