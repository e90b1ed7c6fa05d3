"""From the tree to the lines on the screen: what is open, what is sought, in which order. Pure."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sojourn.states import FINAL
from sojourn.store.records import JobLine
from sojourn.top.model import URGENT, Kind, Node


class Order(StrEnum):
    """By what lines beside each other are sorted."""

    TREE = "place in the workflow"
    URGENCY = "urgency"
    NEWEST = "newest first"
    NAME = "name"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Row:
    """A line on the screen. `open` is None where nothing lies below."""

    node: Node
    depth: int
    open: bool | None = None


_RANK = {state: rank for rank, state in enumerate(URGENT)}


def rows(
    roots: Sequence[Node],
    opened: Collection[str] = (),
    sought: str = "",
    order: Order = Order.TREE,
) -> list[Row]:
    """The visible lines. With something `sought`, only the jobs that match, and the way there."""
    matches = matcher(sought)
    return list(_level(roots, 0, opened, matches, order))


def _level(
    nodes: Sequence[Node],
    depth: int,
    opened: Collection[str],
    matches: Callable[[JobLine], bool] | None,
    order: Order,
) -> Iterator[Row]:
    for node in _ordered(nodes, depth, order):
        if node.job is not None:
            if matches is None or matches(node.job):
                yield Row(node, depth)
        elif matches is None:
            shown = node.key in opened
            yield Row(node, depth, shown)
            if shown:
                yield from _level(node.children, depth + 1, opened, None, order)
        else:
            below = list(_level(node.children, depth + 1, opened, matches, order))
            if below:
                yield Row(node, depth, True)
                yield from below


def _ordered(nodes: Sequence[Node], depth: int, order: Order) -> Sequence[Node]:
    if order is Order.TREE and depth == 0:
        return nodes
    return sorted(nodes, key=_KEYS[order])


@lru_cache(maxsize=65536)
def _natural(text: str) -> tuple[Any, ...]:
    """`[10]` comes after `[2]`."""
    return tuple(
        (1, int(part), "") if part.isdecimal() else (0, 0, part)
        for part in re.split(r"([0-9]+)", text)
        if part
    )


def _place(node: Node) -> Any:
    return _natural(node.label)


def _urgency(node: Node) -> Any:
    ranks = (-1 if job.needs_person else _RANK[job.state] for job in node.jobs.values())
    rank = min(ranks, default=len(_RANK))
    return rank, _natural(node.label)


def _newest(node: Node) -> Any:
    return -max((job.submitted_at or job.created_at for job in node.jobs.values()), default=0.0)


def _machine(node: Node) -> Any:
    machine = node.job.machine if node.job is not None else ""
    return machine, _natural(node.label)


_KEYS: dict[Order, Callable[[Node], Any]] = {
    Order.TREE: _place,
    Order.URGENCY: _urgency,
    Order.NEWEST: _newest,
    Order.NAME: _place,
    Order.MACHINE: _machine,
}


def matcher(sought: str) -> Callable[[JobLine], bool] | None:
    """Whether a job has every word that is sought; None for no words.

    `state:failed`, `machine:hpc`, `workflow:`, `step:`, `name:` and `id:` look in one place;
    `active` and `ended` stand for groups of states; any other word is looked for everywhere.
    """
    tests = [_test(word) for word in sought.lower().split()]
    if not tests:
        return None
    return lambda job: all(test(job) for test in tests)


_FIELDS = {
    "state": "state", "machine": "machine", "workflow": "workflow", "step": "step",
    "name": "name", "id": "scheduler_id", "reason": "reason",
}  # fmt: skip


def _test(word: str) -> Callable[[JobLine], bool]:
    place, colon, value = word.partition(":")
    if word in ("active", "ended"):
        return lambda job: (job.state in FINAL) is (word == "ended")
    if word == "paused":
        return lambda job: job.paused
    if colon and place in _FIELDS:
        attribute = _FIELDS[place]
        return lambda job: value in getattr(job, attribute).lower()
    return lambda job: (
        job.signature.startswith(word)
        or word
        in f"{job.name}\n{job.workflow}\n{job.step}\n{job.machine}\n{job.state}\n"
        f"{job.scheduler_id}\n{job.reason}".lower()
    )


def way_to(roots: Sequence[Node], target: str) -> list[str]:
    """Keys of the nodes that must be open for the node `target` to be seen."""

    def search(nodes: Sequence[Node], way: list[str]) -> list[str] | None:
        for node in nodes:
            if node.key == target:
                return way
            if node.children:
                found = search(node.children, [*way, node.key])
                if found is not None:
                    return found
        return None

    return search(roots, []) or []


def next_match(
    roots: Sequence[Node], sought: str, after: str, *, order: Order, back: bool = False
) -> Node | None:
    """The next job that matches after the node `after`, wherever it lies; round at the end."""
    matches = matcher(sought)
    lines = [row.node for row in _everything(roots, 0, order)]
    if matches is None or not lines:
        return None
    at = next((n for n, node in enumerate(lines) if node.key == after), -1)
    step = -1 if back else 1
    for distance in range(1, len(lines) + 1):
        node = lines[(at + step * distance) % len(lines)]
        if node.kind is Kind.JOB and node.job is not None and matches(node.job):
            return node
    return None


def _everything(nodes: Sequence[Node], depth: int, order: Order) -> Iterator[Row]:
    for node in _ordered(nodes, depth, order):
        yield Row(node, depth)
        yield from _everything(node.children, depth + 1, order)
