"""What nodes take: the nodes inside arguments, and what their values become there."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.values.inputs import Remote
from sojourn.values.jsonable import json_bytes
from sojourn.workflow.nodes import UNSET, Node


def nodes_in(value: Any) -> tuple[Node, ...]:
    """The nodes in a value made of lists, tuples and dicts, each once, in order."""
    found: dict[int, Node] = {}

    def visit(item: Any) -> None:
        if isinstance(item, Node):
            found.setdefault(id(item), item)
        elif isinstance(item, Mapping):
            for inner in item.values():
                visit(inner)
        elif isinstance(item, list | tuple):
            for inner in item:
                visit(inner)
        elif (source := getattr(item, "source", None)) is not None and isinstance(source, Node):
            found.setdefault(id(source), source)

    visit(value)
    return tuple(found.values())


def replaced(value: Any, how: Callable[[Node], Any]) -> Any:
    """`value` with every node in it replaced by what `how` says."""
    if isinstance(value, Node):
        return how(value)
    if isinstance(value, Mapping):
        return {key: replaced(item, how) for key, item in value.items()}
    if isinstance(value, list | tuple) and nodes_in(value):
        items = [replaced(item, how) for item in value]
        return tuple(items) if type(value) is tuple else items
    return value


def placeable(value: Any, node: Node) -> Path | bytes | Remote | None:
    """A step's value as an input of a job: a path, bytes, or else a file with its JSON.

    Raises:
        InvalidJob: text, or what JSON cannot hold.
    """
    if value is UNSET:
        return None
    if isinstance(value, Path | bytes | Remote):
        return value
    if isinstance(value, str):
        raise InvalidJob(
            f"the value of {node.path} is text, which may mean a path or what to put there",
            hint="let the step return Path(text), or text.encode()",
        )
    try:
        return json_bytes(value)
    except (TypeError, ValueError) as error:
        raise InvalidJob(
            f"the value of {node.path} can be no input of a job: {error}",
            hint="an input is a path, bytes, or a value that JSON can hold",
        ) from error
