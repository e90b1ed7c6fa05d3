"""Reading one `machines.yaml`: plain data, and the line on which each key stands."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scalarbool import ScalarBoolean
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarint import ScalarInt

from sojourn.errors import ConfigError
from sojourn.machines.model import NAME_PATTERN
from sojourn.nearest import did_you_mean

_SLIPS = (
    YAMLError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    RecursionError,
)
"""What the parser raises on odd input, its own slips included: a file that it cannot read."""

KeyPath = tuple[str | int, ...]
TOP_KEYS = ("machines", "default")


@dataclass(frozen=True)
class Document:
    """A parsed file: its data, and for each key's path the line (from 1) on which it stands."""

    file: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, *path: str | int) -> int | None:
        """The line of the key at `path`, or of the nearest key above it."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return None

    def error(self, message: str, *path: str | int, hint: str = "") -> ConfigError:
        """The error to raise about the key at `path`."""
        return ConfigError(message, file=self.file, line=self.line(*path), hint=hint)


def read_document(file: Path) -> Document:
    """Read and parse `file`, and check what holds for all its machines: top-level keys, names.

    Raises:
        ConfigError: the file cannot be read, is not YAML, has a key twice, an unknown key at
            the top or a machine whose name cannot be one.
    """
    document = parse(text_of(file), file)
    for key in document.data:
        if key not in TOP_KEYS:
            raise document.error(
                f"unknown key {key!r} at the top of the file",
                key,
                hint=did_you_mean(str(key), TOP_KEYS, what="the keys here are"),
            )
    machines = document.data.get("machines")
    if machines is not None and not isinstance(machines, dict):
        raise document.error(
            "'machines' must hold a name and a mapping for each machine", "machines"
        )
    for name in machines or {}:
        if not isinstance(name, str) or re.fullmatch(NAME_PATTERN, name) is None:
            raise document.error(
                f"{name!r} cannot be a machine's name",
                "machines",
                name,
                hint="letters, digits, '.', '_' and '-', the first a letter or digit; at most 64",
            )
    return document


def parse(text: str, file: Path, *, top: str = "machines") -> Document:
    """Parse YAML whose top is a mapping, or nothing at all; `top` is its first key, usually.

    Raises:
        ConfigError: `text` is malformed, has a key twice, or is something else than a mapping.
    """
    lines: dict[KeyPath, int] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", YAMLWarning)  # style, such as an anchor used again
            root = YAML(typ="rt").load(text)
        data = _plain(root, (), lines)
    except DuplicateKeyError as error:
        key = re.search(r'found duplicate key "(.*?)" with', error.problem or "", re.DOTALL)
        message = f"key {key[1]!r} stands here twice" if key else "a key stands here twice"
        raise ConfigError(
            message, file=file, line=_line_of(error), hint="remove one of the two"
        ) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"not valid YAML: the character {chr(error.character)!r} is not allowed"
        raise ConfigError(what, file=file, line=line) from error
    except MarkedYAMLError as error:
        problem = error.problem or "it cannot be parsed"
        if problem.startswith("but "):
            problem = f"{error.context}, {problem}"
        what = f"not valid YAML: {problem.splitlines()[0]}"
        raise ConfigError(what, file=file, line=_line_of(error)) from error
    except _SLIPS as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"not valid YAML: {reason}", file=file) from error
    if data is None:
        return Document(file, {}, {})
    if not isinstance(data, dict):
        raise ConfigError(
            "the top of the file must be a mapping", file=file, line=1, hint=f"begin with {top}:"
        )
    return Document(file, data, lines)


def text_of(file: Path) -> str:
    """What stands in a configuration file.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", file=file) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"is not UTF-8 text (byte {error.start})", file=file, hint="save it as UTF-8"
        ) from error


def _line_of(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _plain(node: Any, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    """`node` without the parser's own types; fills `lines`."""
    if isinstance(node, CommentedMap):
        data = {}
        for key, value in node.items():
            place = (*path, key)
            position = (node.lc.data or {}).get(key)
            if position is not None:  # else merged in with `<<`: it stands elsewhere
                lines[place] = position[0] + 1
            data[key] = _plain(value, place, lines)
        return data
    if isinstance(node, CommentedSeq):
        items = []
        for index, value in enumerate(node):
            lines[(*path, index)] = node.lc.data[index][0] + 1
            items.append(_plain(value, (*path, index), lines))
        return items
    return _scalar(node)


def _scalar(node: Any) -> Any:
    if isinstance(node, ScalarBoolean):
        return bool(node)
    if isinstance(node, ScalarInt):
        return int(node)
    if isinstance(node, ScalarFloat):
        return float(node)
    return str(node) if isinstance(node, str) else node
