"""What the store keeps of a workflow, and what listeners are told: how it stands, its nodes."""

import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.errors import EXIT_USAGE, MachineError, SojournError
from sojourn.processes import me
from sojourn.states import FINAL
from sojourn.store.plans import Membership, NodeRecord, WorkflowRecord
from sojourn.store.records import JobRecord
from sojourn.values.events import Resumption, SuspensionNotice
from sojourn.workflow.claiming import claim, release
from sojourn.workflow.generation import left_behind
from sojourn.workflow.kinds import JobNode, StepNode
from sojourn.workflow.nodes import Node

if TYPE_CHECKING:
    from sojourn.suspension import WorkflowSuspended
    from sojourn.workflow.context import Context
    from sojourn.workflow.settings import RunSettings


class Recording:
    """Keeps one workflow's records. A part of another workflow leaves its status to that."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._waited_for: tuple[str, ...] = ()
        self._is_accepted = False

    def begin(self) -> None:
        """The workflow is looked at. Nothing is recorded yet, for what was asked may be wrong."""
        context = self._context
        if context.is_part:
            return
        before = context.store.workflow(context.workflow)
        if before is not None:
            if before.status != "running" or before.suspended_on:
                self._waited_for = before.suspended_on
            # Others may run it too, it is the same jobs; whoever resumes leaves it alone meanwhile.
            claim(context.store, context.workflow)

    def accepted(self) -> None:
        """What was asked for can be done, and is: the workflow runs now. Once."""
        context = self._context
        if context.is_part or self._is_accepted:
            return
        self._is_accepted = True
        with context.store.transaction():
            context.store.put_workflow(WorkflowRecord(context.workflow))
            context.store.update_workflow(
                context.workflow,
                version=context.version,
                machine=context.settings.on or context.top.machine_word or "",
                status="running",
                last_run_at=time.time(),
                detail="",
                **self._how_to_run_it(),
            )
        claim(context.store, context.workflow)

    def resumed(self) -> None:
        """Machines have been asked: tell what had ended of what was waited for. Once."""
        if not self._waited_for:
            return
        store = self._context.store
        ready = tuple(
            signature
            for signature in self._waited_for
            if any(record.state in FINAL for record in store.by_signature(signature))
        )
        self._waited_for = ()
        event = Resumption(self._context.workflow, ready, time.time())
        self._context.session.registry.tell("sojourn_resumed", resumption=event)

    def suspended(self, suspension: "WorkflowSuspended") -> None:
        """The workflow waits."""
        signatures = tuple(handle.signature for handle in suspension.handles)
        self._end("suspended", suspended_on=signatures)
        if not self._context.is_part:
            notice = SuspensionNotice(self._context.workflow, signatures, time.time())
            self._context.session.registry.tell("sojourn_suspended", notice=notice)

    def done(self) -> None:
        """Everything is there."""
        self._end("done", suspended_on=())

    def stopped(self, error: BaseException) -> None:
        """It cannot go on. Where nobody could be asked, it waits for what it has waited for; where
        it was stopped while jobs of it are out, as by Ctrl-C, it waits for those.

        What was asked for in a wrong way, or stopped before anything was known, leaves everything
        as it was, and how to run it too.
        """
        interrupted = isinstance(error, KeyboardInterrupt)
        wrong = isinstance(error, SojournError) and error.exit_status == EXIT_USAGE
        if (wrong or interrupted) and not self._is_accepted:
            self._leave()
            return
        self.accepted()
        if isinstance(error, MachineError):
            self._end("suspended", detail=str(error))
            return
        detail = "interrupted" if interrupted else str(error) or type(error).__name__
        out = self._out()
        self._end("suspended" if out else "failed", suspended_on=out, detail=detail)

    def _leave(self) -> None:
        store, workflow = self._context.store, self._context.workflow
        if self._context.is_part:
            return
        record = store.workflow(workflow)
        if record is not None and record.owner == str(me()) and record.status == "running":
            # Who ran it was killed, and its claim was taken: somebody is to go on with it.
            store.update_workflow(workflow, status="suspended")
        release(store, workflow)

    def _out(self) -> tuple[str, ...]:
        """The signatures of its jobs that are active now."""
        nodes = [node for node in self._context.top.nodes if isinstance(node, JobNode)]
        known = [node.status.signature for node in nodes if node.known]
        out = self._context.store.unfinished(known)
        return tuple(dict.fromkeys(signature for signature in known if signature in out))

    def _end(self, status: str, **fields: object) -> None:
        self.resumed()
        if not self._context.is_part:
            self._context.store.update_workflow(self._context.workflow, status=status, **fields)
            release(self._context.store, self._context.workflow)

    def _is_kept(self, node: JobNode | StepNode, whole: bool) -> bool:
        """Whether what the node is now takes the place of what it was."""
        if isinstance(node, StepNode):
            return whole
        signature, store = node.status.signature, self._context.store
        found = self._context.session.settled_by(signature, node.machine)
        return found is not None or store.get(signature, node.machine) is not None

    def _how_to_run_it(self) -> dict[str, str]:
        settings = self._context.settings
        if not settings.script:
            return {}
        return {
            "script": settings.script,
            "arguments": json.dumps(settings.arguments),
            "directory": settings.directory,
            "environment": json.dumps(settings.environment),
            "script_digest": settings.script_digest,
            "interpreter": sys.executable,
            "options": json.dumps(_options(settings)),
        }

    def coming(self, nodes: Sequence[JobNode]) -> None:
        """Keep which jobs are about to be submitted: a run that is killed meanwhile has them."""
        workflow, now = self._context.workflow, time.time()
        self._context.store.join(
            Membership(workflow, node.path, node.status.signature, node.machine, node.name, now)
            for node in nodes
        )

    def looked_over(self, nodes: Sequence[Node], *, whole: bool) -> None:
        """Keep what nodes are now, and which of earlier runs the workflow does not have any more.

        `whole` says that `nodes` is all there is.
        """
        context = self._context
        if not context.is_part:
            gone = left_behind(
                context.store.members(context.workflow),
                nodes,
                context.store.nodes(context.workflow),
                began_at=context.top.began_at,
                whole=whole,
            )
            context.store.supersede(context.workflow, gone)
        self.nodes(nodes, whole=whole)

    def nodes(self, nodes: Sequence[Node], *, whole: bool = True) -> None:
        """Keep what nodes are now, and which jobs belong to the workflow.

        Jobs that nobody has submitted yet remain what they were, and so do the steps before them
        when a part alone was looked at: a question about them names what has changed.
        """
        context, now = self._context, time.time()
        kept = [
            NodeRecord(
                workflow=context.workflow,
                node=node.path,
                kind="job" if isinstance(node, JobNode) else "step",
                name=node.name,
                signature=node.status.signature,
                components=json.dumps(node.status.components),
                seen_at=now,
            )
            for node in nodes
            if isinstance(node, JobNode | StepNode)
            and node.known
            and not node.status.broken
            and self._is_kept(node, whole)
        ]
        jobs = [node for node in nodes if isinstance(node, JobNode) and node.known]
        members = []
        for node in jobs:
            found = context.session.settled_by(node.status.signature, node.machine)
            if isinstance(found, JobRecord):
                members.append(
                    Membership(
                        context.workflow, node.path, found.signature, found.machine, node.name, now
                    )
                )
        with context.store.transaction():
            context.store.put_nodes(kept)
            context.store.join(members)


def _options(settings: "RunSettings") -> list[str]:
    """What of the command line is to be said again when the script is run again."""
    where = ["--on", settings.on] if settings.on else []
    stale = ["--accept-stale"] if settings.accept_stale else []
    stale += [] if settings.retry_changed else ["--no-retry-changed"]
    named = [word for name in settings.needed for word in ("--env", name)]
    return [*where, *stale, *named]
