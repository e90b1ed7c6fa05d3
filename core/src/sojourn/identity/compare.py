"""Why two signatures differ, component by component."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sojourn.values.jsonable import shown


class _Absent:
    """A component that one of the two does not have; not the same as null."""

    def __repr__(self) -> str:
        return "absent"

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One component that differs; `before` or `after` is `ABSENT` where it is not there.

    `path` leads to it: keys of mappings and indexes of lists.
    """

    path: tuple[str | int, ...]
    before: Any
    after: Any

    @property
    def component(self) -> str:
        """The path as people write it: `inputs["mesh.dat"].digest`."""
        written = ""
        for part in self.path:
            if isinstance(part, str) and part.isidentifier():
                written += f".{part}" if written else part
            else:
                written += f"[{part!r}]"
        return written

    def __str__(self) -> str:
        return f"{self.component}: {shown(self.before)} -> {shown(self.after)}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """All differences between the components of two signatures, in the order of their paths.

    Empty if and only if the signatures are equal: 1 and 1.0 do not differ, 1 and true do.
    """
    return list(_compare((), before, after))


def changed_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The first word of each difference, as `inputs["mesh.dat"]` or `command`, each once."""
    short = (
        Difference(one.path[: 2 if one.path[0] in _NAMED else 1], None, None).component
        for one in differences(before, after)
    )
    return list(dict.fromkeys(short))


_NAMED = ("inputs", "env", "parameters", "plugins", "identity", "arguments", "step")
"""Components that are mappings of names, so that the name is what has changed."""


def _compare(path: tuple[str | int, ...], before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from _compare((*path, key), before.get(key, ABSENT), after.get(key, ABSENT))
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _compare((*path, at), old, new)
    elif not _alike(before, after):
        yield Difference(path, before, after)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _alike(before: object, after: object) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    return before == after
