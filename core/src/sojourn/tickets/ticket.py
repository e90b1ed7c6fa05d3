"""What a ticket is: versioned, without secrets, without paths that exist on one computer only."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sojourn.errors import SojournError, UsageError
from sojourn.identity.canonical import signature_of
from sojourn.machines import reach
from sojourn.machines.model import NAME_PATTERN
from sojourn.states import State
from sojourn.values.resources import Resources

VERSION: Literal[1] = 1

_Signature = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Time = Annotated[float, Field(ge=0, le=253402300799, allow_inf_nan=False)] | None
_Text = Annotated[str, Field(max_length=65536)]
_Name = Annotated[str, Field(max_length=4096)]
_Id = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\[\]@+-]{0,255})?$")]


def _resources(words: dict[str, Any]) -> dict[str, Any]:
    read = Resources.model_validate(words)
    return read.model_dump(mode="json", exclude_defaults=True)


class Reach(BaseModel):
    """How a machine is reached. Other keys of an entry are never taken from a ticket."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    backend: Annotated[str, Field(pattern=reach.WORD)]
    transport: Annotated[str, Field(pattern=reach.WORD)] | None = None
    host: Annotated[str, Field(pattern=reach.HOST)] | None = None
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    user: Annotated[str, Field(pattern=reach.USER)] | None = None
    root: Annotated[str, Field(pattern=reach.ROOT)] | None = None

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of an entry in machines.yaml."""
        return self.model_dump(exclude_none=True, include=set(reach.KEYS))

    @property
    def left_out(self) -> list[str]:
        """Keys of the ticket that are not taken."""
        return sorted(self.model_extra or {})


class TicketMachine(BaseModel):
    """How to reach a machine, as far as that is the same everywhere; `root` is absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    root_id: Annotated[str, Field(pattern="^[A-Za-z0-9]{0,64}$")] = ""
    """The root's own id: tells whether a machine of the same name is the same place."""
    keys: Reach
    """Keys and values of an entry in machines.yaml."""


class TicketJob(BaseModel):
    """One job: who it is, where it lies, and how it stood when the ticket was written."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    signature: _Signature
    machine: Annotated[str, Field(pattern=NAME_PATTERN)]
    """Name of an entry of `machines`."""
    name: _Name = ""
    backend: Annotated[str, Field(pattern=reach.WORD)]
    state: State
    exit_code: Annotated[int, Field(ge=-(2**31), lt=2**32)] | None = None
    reason: _Text = ""
    scheduler_id: _Id = ""
    attempt: Annotated[int, Field(ge=1, lt=2**31)] = 1
    token: Annotated[str, Field(pattern="^[A-Za-z0-9]{0,64}$")] = ""
    task_index: Annotated[int, Field(ge=0, lt=2**31)] = 0
    submitted_at: _Time = None
    """Seconds since the epoch; so too the other times."""
    started_at: _Time = None
    finished_at: _Time = None
    job_dir: _Name = ""
    workflow: _Name = ""
    step: _Name = ""
    workflow_version: _Name = ""
    user: _Name = ""
    """Who handed it in."""
    parents: tuple[_Signature, ...] = ()
    resources: Annotated[dict[str, Any], AfterValidator(_resources)] = {}
    components: dict[str, Any] = {}
    """What the signature was made of: digests of inputs, not the inputs."""
    consumed: dict[str, _Name] = {}
    """By an input's name the digest of what went in, or the attempt of the job that made it."""


AS_JSON = ("resources", "components", "consumed")
"""Fields of a job that are JSON text in the store."""


class Ticket(BaseModel):
    """The document that `sojourn export` writes and `sojourn import` reads."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, title="Sojourn ticket"
    )

    sojourn_ticket: Literal[1] = VERSION
    """Version of this form."""
    created_at: Annotated[float, Field(ge=0, le=253402300799, allow_inf_nan=False)]
    """Seconds since the epoch."""
    created_by: _Name = ""
    machines: dict[Annotated[str, Field(pattern=NAME_PATTERN)], TicketMachine]
    jobs: tuple[TicketJob, ...]


def ticket_schema() -> dict[str, Any]:
    """The JSON Schema of a ticket."""
    return Ticket.model_json_schema()


def read_ticket(text: str, what: str) -> Ticket:
    """The ticket in `text`; `what` is what errors call it.

    Raises:
        UsageError: it is no ticket, or one of a later release.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"{what} is no ticket: {error}", hint="`sojourn export` writes one"
        ) from None
    version = found.get("sojourn_ticket") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise UsageError(
            f"{what} is a ticket of version {version}, this release reads {VERSION}",
            hint="use a later release of Sojourn",
        )
    try:
        ticket = Ticket.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise UsageError(
            f"{what} is no ticket: {place}: {first['msg']}", hint="`sojourn export` writes one"
        ) from None
    for job in ticket.jobs:
        if job.components and not _made_of(job.components, job.signature):
            raise UsageError(f"{what} is no ticket: job {job.signature[:12]} is not what it says")
    strange = next((job.machine for job in ticket.jobs if job.machine not in ticket.machines), None)
    if strange is not None:
        raise UsageError(f"{what} is no ticket: it does not say what machine {strange!r} is")
    return ticket


def _made_of(components: dict[str, Any], signature: str) -> bool:
    try:
        return signature_of(components) == signature
    except SojournError:
        return False
