"""Steps: recalled where their value is remembered and still holds, called where it is not."""

import hashlib
import inspect
import json
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import SojournError, StepFailed
from sojourn.session.consumed import output_digest
from sojourn.store.plans import StepRecord
from sojourn.suspension import Suspension
from sojourn.workflow.building import Inside, Names, calling
from sojourn.workflow.kinds import ItemNode, JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node
from sojourn.workflow.report import NodeState
from sojourn.workflow.taking import nodes_in, replaced
from sojourn.workflow.values import NoLongerSo, fingerprint, inside

if TYPE_CHECKING:
    from sojourn.workflow.context import Context

_FAILED = "failed"
"""Begins what is recorded of an item that had failed, in place of a digest."""

_FRAMES = 3
"""So many of a step's own lines are shown when it fails: where it broke, and how it got there."""


class Steps:
    """Recalls and calls the steps of one evaluation."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._why: dict[str, str] = {}
        """By signature: why a remembered value does not hold any more."""

    def recall(self, node: StepNode) -> bool:
        """Give the node its remembered value, if there is one that still holds."""
        status = node.status
        failed = self._context.top.failed.get(status.signature)
        if failed is not None:
            status.error, status.state = failed, NodeState.FAILED
            return False
        record = self._context.store.step(status.signature)
        if record is None:
            return False
        status.stale = not self._context.settings.accept_stale and self._is_stale(node, record)
        if status.stale:
            return False
        try:
            encoded = json.loads(record.value)
            status.value = self._context.values.decode(encoded)
        except NoLongerSo as why:
            self._why[status.signature] = str(why)
            return False
        status.encoded = encoded
        status.state = NodeState.REMEMBERED
        return True

    def _is_stale(self, node: StepNode, record: StepRecord) -> bool:
        """Whether it was made from something else than what is there now."""
        if any(parent.doubtful for parent in node.parents):
            return True
        now = self._consumed(node)
        consumed = json.loads(record.consumed).items()
        differs = any(
            now.get(name, "" if digest.startswith(_FAILED) else digest) != digest
            for name, digest in consumed
        )
        if differs:
            self._why[node.status.signature] = (
                "what it is made from has been made anew, and differs"
            )
        return differs

    def call(self, node: StepNode) -> bool:
        """Call the step's function and remember what it returns; True if that is another value
        than was remembered.

        Whatever it raises becomes the node's error; what suspends in it, its suspension.
        """
        status, context = node.status, self._context
        if self.recall(node) or status.error is not None:  # an equal call was made just now
            return False
        before = context.store.step(status.signature)
        if status.signature in self._why:
            context.say(f"step {node.path} runs again: {self._why[status.signature]}")
        begun, consumed = time.monotonic(), self._consumed(node)
        inner = Inside(
            context.workflow,
            context.version,
            node.flow.machine_word,
            context.session,
            Names(f"{node.path}/"),
        )
        try:
            given = replaced(dict(node.bound.arguments), lambda one: one.as_value())
            bound = inspect.BoundArguments(node.bound.signature, given)
            with calling(inner):
                value = node.function(*bound.args, **bound.kwargs)
            status.encoded = context.values.encode(value, f"what step {node.name} returned")
            status.value = context.values.decode(status.encoded)
        except Suspension as suspension:
            status.suspension, status.state = suspension, NodeState.WAITING
        except Exception as error:  # noqa: BLE001  whatever a step raises is the step's
            self._failed(node, error)
        else:
            status.state, status.stale = NodeState.RAN, False
            self._remember(node, consumed, time.monotonic() - begun)
            if before is not None:
                return fingerprint(json.loads(before.value)) != fingerprint(status.encoded)
        finally:
            status.inner = tuple(inner.reports.values())
        return False

    def _remember(self, node: StepNode, consumed: dict[str, str], seconds: float) -> None:
        status = node.status
        record = StepRecord(
            signature=status.signature,
            name=node.path,
            module=str(node.function.__module__),
            workflow=self._context.workflow,
            created_at=time.time(),
            seconds=seconds,
            consumed=json.dumps(consumed),
            value=json.dumps(status.encoded),
            components=json.dumps(status.components),
        )
        self._context.store.put_steps([record])

    def _failed(self, node: StepNode, error: Exception) -> None:
        failure = StepFailed(f"step {node.path} failed: {_said(error)}", hint=_hint(error))
        failure.__cause__ = error
        frames = _frames(error)
        if frames:
            failure.add_note(frames)
        node.status.error, node.status.state = failure, NodeState.FAILED
        self._context.top.failed[node.status.signature] = failure

    # --- what it takes ----------------------------------------------------------------------------

    def _consumed(self, node: StepNode) -> dict[str, str]:
        """What tells whether each value that it takes is the same, as far as they are here."""
        found: dict[str, str] = {}
        for taken in _leaves(nodes_in(node.bound.arguments)):
            output = taken.as_argument()
            print_ = self._print_of(taken)
            if print_:
                found[f"{output.signature}:{output.name}"] = print_
        return found

    def _print_of(self, taken: Node) -> str:
        base = taken.base if isinstance(taken, ItemNode) else taken
        if (failure := base.failure) is not None:  # one that a map collects
            words = (getattr(failure, word, "") for word in ("state", "exit_code"))
            return " ".join((_FAILED, type(failure).__name__, *map(str, words)))
        if isinstance(base, JobNode):
            result = base.status.value if base.ready else self._context.cached(base)
            output = taken.as_argument().name
            if result is None or output:
                return output_digest(result, output)
            text = json.dumps(dict(result.digests), sort_keys=True)
            return hashlib.sha256(text.encode()).hexdigest()
        if not base.ready:
            return ""
        keys = taken.keys if isinstance(taken, ItemNode) else ()
        try:
            return fingerprint(inside(base.status.encoded, keys))
        except (LookupError, TypeError):
            return ""  # there is no such item, which is told where it is asked for


def _leaves(nodes: tuple[Node, ...]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, MapNode):
            found.extend(_leaves(tuple(node.children or ())))
        else:
            found.append(node)
    return found


def _said(error: Exception) -> str:
    if isinstance(error, SojournError):
        return str(error)
    last = traceback.format_exception_only(error)[0].strip()
    return last.splitlines()[0] if last else type(error).__name__


def _hint(error: Exception) -> str:
    given = error.hint if isinstance(error, SojournError) else ""
    return given or "correct it and run the workflow again: whatever else is done stays done"


def _frames(error: Exception) -> str:
    """The last lines of the step's own code on the way to the error; none of ours."""
    ours = str(Path(__file__).parent)
    stack = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(ours)
    ]
    return "".join(traceback.format_list(stack[-_FRAMES:])).rstrip()
