"""What a host catches when a step of it waits for jobs.

Both exceptions derive from BaseException, so that `except Exception` in a host does not
swallow them. Uncaught in a plain script they print two lines, and the script ends with status
75: exit handlers run and files are flushed, as with `sys.exit`. Imports nothing heavy.
"""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, NoReturn

from sojourn.errors import EXIT_NEEDS_PERSON, EXIT_SUSPENDED, NotPossible
from sojourn.printable import flat
from sojourn.states import State


@dataclass(frozen=True, slots=True)
class JobHandle:
    """A job and its state when the handle was made: a value that does not change by itself.

    `Session.job` and `Session.wait` return newer ones. `to_json` and `from_json` carry a handle
    to another process; methods of `Session` that take jobs take handles.
    """

    signature: str
    """What the job is known by, on every computer."""
    machine: str
    """The machine that it was submitted to, or is to be."""
    name: str = ""
    """What people call it."""
    state: State = State.NEW
    """The state of its newest attempt."""
    scheduler_id: str = ""
    """The scheduler's id, "" while there is none."""
    reason: str = ""
    """Why it is in that state, often in the scheduler's words."""
    attempt: int = 1
    """The number of the newest attempt, from 1."""
    needs: str = ""
    """What somebody has to do before it can go on, such as for a job that can never start; "" if
    it goes on by itself."""
    exit_code: int | None = None
    """What the command ended with; None while that is not known."""

    @property
    def is_final(self) -> bool:
        """Whether the job had ended when this was read; see `State.is_final`."""
        return self.state.is_final

    def __str__(self) -> str:
        named = f"{_line(self.name)} ({self.signature[:8]})" if self.name else self.signature[:8]
        known = (self.scheduler_id, self.reason)
        more = "".join(f", {_line(word)}" for word in known if word)
        return f"job {named} on {_line(self.machine)}: {self.state}{more}"

    def to_json(self) -> dict[str, Any]:
        """This handle as a JSON-able dict."""
        return {**asdict(self), "state": str(self.state)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "JobHandle":
        """The handle that `to_json` wrote; keys of a later release are left aside.

        Raises:
            ValueError: not such a record.
        """
        try:
            known = {name: record[name] for name in cls.__slots__ if name in record}
            return cls(**{**known, "state": State(record.get("state", State.NEW))})
        except TypeError as error:
            raise ValueError(f"this is no handle of a job: {error}") from error


class Suspension(BaseException):
    """Base of both: something waits for jobs and is to be started again when they have ended."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        _speak_when_uncaught()

    @property
    def handles(self) -> tuple[JobHandle, ...]:
        """All jobs waited for, each once."""
        raise NotImplementedError

    @property
    def what(self) -> str:
        """What waits, in one line."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """This suspension as a JSON-able dict; see `suspension_from_json`."""
        raise NotImplementedError

    @property
    def exit_status(self) -> int:
        """What a program ends with that stops here: EXIT_SUSPENDED while something goes on by
        itself, EXIT_NEEDS_PERSON if nothing does."""
        handles = self.handles
        stuck = bool(handles) and all(handle.needs for handle in handles)
        return EXIT_NEEDS_PERSON if stuck else EXIT_SUSPENDED

    @property
    def needs(self) -> tuple[str, ...]:
        """What somebody has to do about jobs that do not go on by themselves, each thing once."""
        return tuple(dict.fromkeys(handle.needs for handle in self.handles if handle.needs))

    @property
    def how_to_go_on(self) -> str:
        """What to do, in one line."""
        if self.exit_status == EXIT_NEEDS_PERSON:
            return "; ".join(self.needs[:3])
        jobs = [handle.signature[:8] for handle in self.handles[:3]]
        more = " ..." if len(self.handles) > len(jobs) else ""
        them = "it has" if len(self.handles) == 1 else "they have"
        return (
            f"nothing needs to stay open; run the same command again when {them} finished "
            f"(sojourn wait {' '.join(jobs)}{more})"
        )

    def __str__(self) -> str:
        return self.what


class JobSuspended(Suspension):
    """A job is not finished yet. `handle` says which, where, and in what state."""

    def __init__(self, handle: JobHandle) -> None:
        super().__init__(handle)
        self.handle = handle

    @property
    def handles(self) -> tuple[JobHandle, ...]:
        """The one job waited for."""
        return (self.handle,)

    @property
    def what(self) -> str:
        """What waits, in one line."""
        return f"waiting for {self.handle}"

    def to_json(self) -> dict[str, Any]:
        """This suspension as a JSON-able dict."""
        return {"job": self.handle.to_json()}


class WorkflowSuspended(Suspension):
    """A workflow, or a batch of jobs, waits. `children` are what waits in it, one by one.

    `workflow` is the workflow's name, "" for a batch.
    """

    def __init__(self, children: Sequence[Suspension], workflow: str = "") -> None:
        super().__init__(tuple(children), workflow)
        self.children = tuple(children)
        self.workflow = workflow

    @property
    def handles(self) -> tuple[JobHandle, ...]:
        """All jobs waited for, each once, those of nested workflows included."""
        found = {handle.signature: handle for child in self.children for handle in child.handles}
        return tuple(found.values())

    @property
    def what(self) -> str:
        """What waits, in one line."""
        handles = self.handles
        states = [handle.state for handle in handles]
        counts = ", ".join(f"{states.count(state)} {state}" for state in State if state in states)
        machines = " and ".join(sorted({_line(handle.machine) for handle in handles}))
        who = f"workflow {_line(self.workflow)} is " if self.workflow else ""
        jobs = f"{len(handles)} job{'' if len(handles) == 1 else 's'}"
        return f"{who}waiting for {jobs} on {machines}: {counts}"

    def to_json(self) -> dict[str, Any]:
        """This suspension as a JSON-able dict."""
        children = [child.to_json() for child in self.children]
        return {"workflow": self.workflow, "children": children}


def suspension_from_json(record: Mapping[str, Any]) -> JobSuspended | WorkflowSuspended:
    """The suspension that `to_json` wrote.

    Raises:
        ValueError: not such a record.
    """
    if "job" in record:
        return JobSuspended(JobHandle.from_json(record["job"]))
    if "children" not in record:
        raise ValueError("this is no suspension")
    children = [suspension_from_json(child) for child in record["children"]]
    return WorkflowSuspended(children, record.get("workflow", ""))


def suspend(suspension: Suspension) -> NoReturn:
    """Raise `suspension`, or where it would be lost, an ordinary error that says so.

    Workers of `multiprocessing.Pool`, `ThreadPool`, Celery and dask.distributed pass on subclasses
    of Exception only. Of anything else they die, or it is lost on the way, and whoever waits for
    the result waits for ever.

    Raises:
        NotPossible: this is such a worker.
    """
    worker = _lossy_worker()
    if worker:
        raise NotPossible(
            f"{suspension.what}; {worker} cannot suspend",
            hint="call session.gather(jobs) outside of it: that submits all and suspends once; "
            "or use concurrent.futures",
        )
    raise suspension


def _lossy_worker() -> str:
    """What kind of worker this is, if it passes on ordinary exceptions only, else ""."""
    dummy = sys.modules.get("multiprocessing.dummy")
    if dummy is not None and isinstance(threading.current_thread(), dummy.DummyProcess):
        return "a worker of a multiprocessing pool"
    celery = sys.modules.get("celery")
    if celery is not None and celery.current_task and not celery.current_task.request.is_eager:
        return "a Celery task"
    distributed = sys.modules.get("distributed")
    if distributed is not None:
        with suppress(ValueError):  # this is no task of it
            distributed.get_worker()
            return "a task of dask.distributed"
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and "PoolWorker-" in processes.current_process().name:
        return "a worker of a multiprocessing pool"
    return ""


def suspensions_in(error: BaseException) -> Iterator[Suspension]:
    """The suspensions that `error` is, or holds if it is a group of nothing else."""
    if isinstance(error, Suspension):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        found, rest = error.split(Suspension)
        for inner in found.exceptions if found is not None and rest is None else ():
            yield from suspensions_in(inner)


def _line(text: str) -> str:
    """`text` on one line, whatever is in it."""
    return text if text.isprintable() else repr(text)


def _speak_when_uncaught() -> None:
    """Let an uncaught suspension speak for itself; whatever else goes to the hook before.

    Called whenever one is made: others may have set their own hook in the meantime.
    """
    previous = sys.excepthook
    if getattr(previous, "speaks_for_sojourn", False):
        return

    def speak(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        found = tuple(suspensions_in(error))
        if not found:
            previous(kind, error, trace)
            return
        one = found[0] if len(found) == 1 else WorkflowSuspended(found)
        print(
            f"sojourn: {flat(one.what)}\nsojourn: {flat(one.how_to_go_on)}",
            file=sys.stderr,
            flush=True,
        )
        if not (sys.flags.inspect or sys.flags.interactive or hasattr(sys, "ps1")):
            # The interpreter honours a SystemExit from its hook, and from nothing else there.
            raise SystemExit(one.exit_status)

    speak.speaks_for_sojourn = True  # type: ignore[attr-defined]
    sys.excepthook = speak
