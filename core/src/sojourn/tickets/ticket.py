"""What a ticket is: versioned, without secrets, without paths that exist on one computer only."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sojourn.errors import UsageError
from sojourn.machines.model import NAME_PATTERN
from sojourn.states import State

VERSION: Literal[1] = 1

_Signature = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Time = float | None


class TicketMachine(BaseModel):
    """How to reach a machine, as far as that is the same everywhere.

    `keys` are those of an entry in machines.yaml but for files of the exporting computer
    (identity files, known hosts); `root` is absolute, `root_id` the root's own id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    root_id: str = ""
    """The root's own id: tells whether a machine of the same name is the same place."""
    keys: dict[str, Any]
    """Keys and values of an entry in machines.yaml."""


class TicketJob(BaseModel):
    """One job: who it is, where it lies, and how it stood when the ticket was written."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    signature: _Signature
    machine: Annotated[str, Field(pattern=NAME_PATTERN)]
    """Name of an entry of `machines`."""
    name: str = ""
    backend: str
    state: State
    exit_code: int | None = None
    reason: str = ""
    scheduler_id: str = ""
    attempt: Annotated[int, Field(ge=1)] = 1
    token: str = ""
    task_index: Annotated[int, Field(ge=0)] = 0
    submitted_at: _Time = None
    """Seconds since the epoch; so too the other times."""
    started_at: _Time = None
    finished_at: _Time = None
    job_dir: str = ""
    workflow: str = ""
    step: str = ""
    workflow_version: str = ""
    user: str = ""
    """Who handed it in."""
    parents: tuple[_Signature, ...] = ()
    resources: dict[str, Any] = {}
    components: dict[str, Any] = {}
    """What the signature was made of: digests of inputs, not the inputs."""
    consumed: dict[str, str] = {}
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
    created_at: float
    """Seconds since the epoch."""
    created_by: str = ""
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
    strange = next((job.machine for job in ticket.jobs if job.machine not in ticket.machines), None)
    if strange is not None:
        raise UsageError(f"{what} is no ticket: it does not say what machine {strange!r} is")
    return ticket
