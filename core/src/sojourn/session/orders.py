"""From a signed job to the order that a backend is given: where each input lies is decided here."""

import getpass
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sojourn.errors import InvalidJob, UnsupportedResource
from sojourn.nearest import did_you_mean
from sojourn.states import FINAL, State
from sojourn.values.messages import Blob, JobOrder, Parent, TaskInput

if TYPE_CHECKING:
    from sojourn.contract import BackendInfo
    from sojourn.identity.digests import DigestMemo
    from sojourn.identity.resolve import ResolvedInput
    from sojourn.identity.signature import SignedJob
    from sojourn.machines.model import Machine
    from sojourn.results.result import Result
    from sojourn.session.submitting import Origin
    from sojourn.store.records import JobRecord
    from sojourn.values.resources import Resources


class Surroundings(Protocol):
    """What an order depends on besides the job: other jobs and their results."""

    def record(self, signature: str) -> "JobRecord | None":
        """The job of that signature on the machine that the order is for."""
        ...

    def result(self, signature: str) -> "Result | None":
        """Its result, if it is here."""
        ...

    def is_purged(self, signature: str) -> bool:
        """Whether the machine was found to hold its outputs no more."""
        ...


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why an order cannot be made yet (or, with `failed`, at all until its parent is retried)."""

    parent: str
    reason: str
    failed: bool = False


def effective_resources(signed: "SignedJob", machine: "Machine") -> "Resources":
    """What the job asks for, and where it does not say, what the machine's defaults say.

    A script's own directives stand for the defaults: what is asked for explicitly wins over
    them, a default must not.
    """
    if signed.script:
        return signed.job.resources
    return _over(signed.job.resources, machine.defaults)


@lru_cache(maxsize=256)
def _over(words: "Resources", defaults: "Resources") -> "Resources":
    """Thousands of jobs that ask for the same share one answer."""
    return words.over(defaults)


def check_resources(resources: "Resources", info: "BackendInfo", machine: str) -> None:
    """Refuse words that the backend cannot honour.

    Raises:
        UnsupportedResource: names the word and the nearest that the backend knows.
    """
    for word in resources.given():
        if word not in info.resources:
            raise UnsupportedResource(
                f"machine {machine} (backend {info.name}) cannot honour the resource {word!r}",
                hint=did_you_mean(word, sorted(info.resources)),
            )


def job_record(record: "JobRecord") -> str:
    """The line of JSON for `job.json`: enough to rebuild the store, no secret, no local path
    that it depends on."""
    about = {
        "format": 1,
        "signature": record.signature,
        "parents": list(record.parents),
        "user": user(),
        "client": platform.node(),
        "created_at": time.time(),
        "name": record.name,
        "machine": record.machine,
        "backend": record.backend,
        "workflow": record.workflow,
        "workflow_version": record.workflow_version,
        "step": record.step,
        "resources": record.resources,
        "asked": record.asked,
        "given": record.given,
        "attempt": record.attempt,
    }
    written = f'"job": {record.job}, "components": {record.components}'  # JSON already
    return f"{json.dumps(about)[:-1]}, {written}}}"


def new_record(
    signed: "SignedJob", machine: "Machine", origin: "Origin", attempt: int, asked: str
) -> "JobRecord":
    """How a job that is not known yet is recorded, as NEW; `asked` as in `JobRecord`."""
    from sojourn.store.records import JobRecord

    return JobRecord(
        signature=signed.signature,
        machine=machine.name,
        name=signed.job.name or "",
        backend=machine.backend,
        attempt=attempt,
        workflow=origin.workflow,
        step=origin.step,
        workflow_version=origin.version,
        user=user(),
        parents=signed.parents,
        resources=effective_resources(signed, machine).model_dump_json(exclude_defaults=True),
        job=job_text(signed),
        asked=asked,
        components=json.dumps(signed.components),
    )


def job_text(signed: "SignedJob") -> str:
    """What is to be submitted again, as it is recorded."""
    upstream = {id(one.job): one.signature for one in signed.upstream}
    return json.dumps(signed.job.to_json(upstream))


@cache
def user() -> str:
    """The name of whoever submits; "" where the system has none for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def make_order(
    signed: "SignedJob",
    record: "JobRecord",
    machine: "Machine",
    surroundings: Surroundings,
    memo: "DigestMemo | None",
) -> JobOrder | Blocked:
    """The order for a record's attempt, or what keeps it from being made.

    Raises:
        InvalidJob: an input has vanished, or a secret is not set.
    """
    job = signed.job
    inputs: list[TaskInput] = []
    blobs: list[Blob] = []
    parents: dict[str, Parent] = {}
    for given in signed.inputs:
        placed = _place(given, surroundings, memo)
        if isinstance(placed, Blocked):
            return placed
        entry, blob, parent = placed
        inputs.append(entry)
        if blob is not None:
            blobs.append(blob)
        if parent is not None:
            parents[parent.signature] = parent
    return JobOrder(
        signature=signed.signature,
        attempt=record.attempt,
        name=job.name or "",
        resources=effective_resources(signed, machine),
        command=job.command_line,
        script=signed.script,
        setup=job.setup,
        env=job.env,
        secret_env=job.secrets(),
        inputs=tuple(inputs),
        outputs=job.fetched_outputs,
        remote_outputs=job.remote_outputs,
        check=job.check or "",
        workdir=job.workdir or "",
        stdin=job.stdin or "",
        stdout=job.stdout or "",
        stderr=job.stderr or "",
        accept_exit=job.accept_exit,
        parents=tuple(parents.values()),
        blobs=tuple(blobs),
        record=job_record(record),
    )


_Placed = tuple[TaskInput, Blob | None, Parent | None]


def _place(
    given: "ResolvedInput", surroundings: Surroundings, memo: "DigestMemo | None"
) -> _Placed | Blocked:
    if given.kind == "remote":
        entry = TaskInput(given.name, "remote", path=given.remote, readonly=True)
        return entry, None, None
    if given.kind == "output":
        return _place_output(given, surroundings, memo)
    blob = given.blob(memo)
    if blob is None:
        raise InvalidJob(f"the input {given.name!r} has no content")
    kind = "tree" if blob.tree else "blob"
    entry = TaskInput(given.name, kind, blob.digest, given.executable, readonly=given.readonly)
    return entry, blob, None


def _place_output(
    given: "ResolvedInput", surroundings: Surroundings, memo: "DigestMemo | None"
) -> _Placed | Blocked:
    """An output stays where it is if that is the same machine; else it travels from here."""
    parent = surroundings.record(given.signature)
    purged = surroundings.is_purged(given.signature)
    ended_badly = parent is not None and parent.state in FINAL - {State.COMPLETED}
    if parent is not None and not (purged or ended_badly):
        entry = TaskInput(
            given.name,
            "output",
            signature=given.signature,
            attempt=parent.attempt,
            output=given.output,
            readonly=given.readonly,
        )
        running = None
        if parent.state is not State.COMPLETED:
            running = Parent(given.signature, parent.attempt, parent.scheduler_id)
        return entry, None, running
    result = surroundings.result(given.signature)
    if result is not None and (not purged or (result.path / given.output).exists()):
        return _from_result(given, result.path / given.output, memo)
    short = given.signature[:8]
    if parent is not None and purged:
        reason = (
            f"what its parent {short} left on {parent.machine} is not there any more, nor is it "
            f"here: `sojourn retry {short}` makes it anew"
        )
        return Blocked(given.signature, reason)
    if parent is not None:
        return Blocked(given.signature, f"its parent is {parent.state}: {parent.reason}", True)
    return Blocked(given.signature, "its parent's result is not here yet")


def _from_result(given: "ResolvedInput", path: Path, memo: "DigestMemo | None") -> _Placed:
    """An output that is here already, as a local file or directory."""
    from sojourn.identity.digests import Digests
    from sojourn.identity.resolve import Resolver

    local = Resolver(Digests(memo)).resolve(given.name, path, given.readonly)
    placed = _place(local, _Nowhere(), memo)
    assert not isinstance(placed, Blocked)
    return placed


def parents_first(batch: Sequence["SignedJob"]) -> list["SignedJob"]:
    """The batch in an order in which every job stands behind its parents."""
    by_signature = {signed.signature: signed for signed in batch}
    ordered: dict[str, SignedJob] = {}

    def visit(signed: "SignedJob") -> None:
        stack = [signed]
        while stack:
            top = stack[-1]
            missing = [
                by_signature[p] for p in top.parents if p in by_signature and p not in ordered
            ]
            if missing:
                stack.extend(missing)
            else:
                ordered.setdefault(top.signature, top)
                stack.pop()

    for signed in batch:
        visit(signed)
    return list(ordered.values())


class _Nowhere:
    """Local files depend on no other job."""

    def record(self, signature: str) -> None:  # noqa: ARG002
        return None

    def result(self, signature: str) -> None:  # noqa: ARG002
        return None

    def is_purged(self, signature: str) -> bool:  # noqa: ARG002
        return False
