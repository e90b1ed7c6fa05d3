"""The contract between core and its plugins: every hook, in one place.

A plugin is a module or object registered under the entry-point group `sojourn`. Hooks are
plain functions marked with `sojourn.hookimpl`. A backend implements `sojourn_backend_info` and
the addressed hooks, which core asks of the one backend of a machine, never of all. Rules:

* A batch in, a batch out, at most one trip to the machine; an empty batch costs none.
* Every job of the batch is answered. One job's failure is a value, a machine's an exception
  (`sojourn.errors.MachineError`).
* `poll` reports evidence and judges nothing: absent is not done.
* poll, fetch, cancel and find may be repeated; submit is never repeated blindly.
* Backends hold no state.

Hooks grow only by added arguments: an implementation names the ones it uses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sojourn.machines.model import Machine
    from sojourn.site.context import MachineContext
    from sojourn.transports.base import Transport
    from sojourn.values.events import JobEvent, Resumption, SuspensionNotice
    from sojourn.values.job import Job
    from sojourn.values.messages import (
        Change,
        CheckLine,
        FetchAnswer,
        FetchRequest,
        JobOrder,
        JobRef,
        PollAnswer,
        Settlement,
    )
    from sojourn.values.notification import Channel, Notification

GROUP = "sojourn"
"""The entry-point group, and pluggy's project name."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Capability(StrEnum):
    """What a backend can do beyond the mandatory hooks."""

    HOLD = "hold"
    """`sojourn_hold` and `sojourn_release`."""
    CHAINS = "chains"
    """Jobs of one batch may be each other's parents."""
    ARRAYS = "arrays"
    """Many jobs with the same resources go in as one array."""
    USAGE = "usage"
    """Elapsed time, CPU time and memory after the end."""
    SCRIPTS = "scripts"
    """Existing batch scripts with directives."""


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """What a backend says of itself.

    `config_model` describes the keys it adds to its machines in `machines.yaml`; `resources`
    are the resource words it honours (`native` included, if so); `transports` the transports
    it accepts, all if empty. `contract` is the number of the contract it was built for, written
    as a number: taken from core it would always agree.
    """

    name: str
    summary: str
    resources: frozenset[str]
    contract: int = 1
    capabilities: frozenset[Capability] = frozenset()
    config_model: "type[BaseModel] | None" = None
    transports: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class TransportInfo:
    """What a plugin says of a transport that it offers; `name` is the word in `transport:`.

    `config_model` describes the keys it adds to its machines in `machines.yaml`; `contract` is
    as in `BackendInfo`.
    """

    name: str
    summary: str
    contract: int = 1
    config_model: "type[BaseModel] | None" = None


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """What a plugin says of a way to reach the user; `name` is the word in `channel:`.

    `config_model` describes the keys it adds to its channels in `notify.yaml`; `contract` is as
    in `BackendInfo`.
    """

    name: str
    summary: str
    contract: int = 1
    config_model: "type[BaseModel] | None" = None


class Hooks:
    """The hookspecs. Addressed hooks are asked of one plugin; the others of all, one by one."""

    @hookspec
    def sojourn_backend_info(self) -> BackendInfo:  # type: ignore[empty-body]
        """Say what this backend is. Called once, when the plugin is loaded; no side effects."""

    @hookspec(firstresult=True)
    def sojourn_submit(  # type: ignore[empty-body]
        self, context: "MachineContext", orders: "Sequence[JobOrder]"
    ) -> "Sequence[Settlement]":
        """Hand in a batch, exactly once each.

        Called with attempts that core believes not to be on the machine. An attempt that is
        claimed there already is answered with what its claim says, not handed in again. Parents
        stand before their children. Never repeated by core: after an exception it asks `find`.
        """

    @hookspec(firstresult=True)
    def sojourn_find(  # type: ignore[empty-body]
        self, context: "MachineContext", jobs: "Sequence[JobRef]"
    ) -> "Sequence[Settlement]":
        """Settle attempts whose submission has an unknown outcome, or that have vanished.

        Adopts the id of a claim found in the queue, closes a claim older than a minute that is
        in no queue (`CLOSED`), and leaves a younger one `PENDING`.
        """

    @hookspec(firstresult=True)
    def sojourn_poll(  # type: ignore[empty-body]
        self, context: "MachineContext", jobs: "Sequence[JobRef]"
    ) -> "Sequence[PollAnswer]":
        """Report the scheduler's word on each job and, for those not waiting, what lies there.

        Of a waiting job that the scheduler says can never start as it is asked for (such as for a
        walltime that its queue does not allow), `SchedulerWord.never` holds the scheduler's reason:
        whoever waits for it is told at once, and what waits for such jobs alone ends. A reason that
        waiting cures, such as a full or stopped queue, is none.

        Raises:
            SchedulerUnavailable: the scheduler gave no dependable answer.
        """

    @hookspec(firstresult=True)
    def sojourn_fetch(  # type: ignore[empty-body]
        self, context: "MachineContext", requests: "Sequence[FetchRequest]"
    ) -> "Sequence[FetchAnswer]":
        """Bring the files of many jobs here, each verified against a digest made there."""

    @hookspec(firstresult=True)
    def sojourn_cancel(  # type: ignore[empty-body]
        self, context: "MachineContext", jobs: "Sequence[JobRef]"
    ) -> "Sequence[Change]":
        """End jobs, waiting or running, with everything they have started."""

    @hookspec(firstresult=True)
    def sojourn_hold(  # type: ignore[empty-body]
        self, context: "MachineContext", jobs: "Sequence[JobRef]"
    ) -> "Sequence[Change]":
        """Keep waiting jobs from starting."""

    @hookspec(firstresult=True)
    def sojourn_release(  # type: ignore[empty-body]
        self, context: "MachineContext", jobs: "Sequence[JobRef]"
    ) -> "Sequence[Change]":
        """Let held jobs start again."""

    @hookspec(firstresult=True)
    def sojourn_script(  # type: ignore[empty-body]
        self, context: "MachineContext", orders: "Sequence[JobOrder]"
    ) -> str:
        """Render what `sojourn_submit` would hand in, as text for a person; contacts nothing.

        Raises:
            UnsupportedResource: an order asks for what this backend cannot give.
        """

    @hookspec(firstresult=True)
    def sojourn_check(self, context: "MachineContext") -> "Sequence[CheckLine]":  # type: ignore[empty-body]
        """Try what this backend needs of the machine beyond the transport, in one trip."""

    @hookspec
    def sojourn_transport_info(self) -> "Sequence[TransportInfo]":  # type: ignore[empty-body]
        """Say which transports this plugin opens. Called once, when it is loaded; no side effects."""

    @hookspec(firstresult=True)
    def sojourn_open_transport(self, machine: "Machine", interactive: bool) -> "Transport | None":
        """Open a way to `machine` if its `transport` is yours, else return None. Do not connect.

        Without `interactive` nobody may be asked for a password or a code, even at a terminal.
        """

    @hookspec
    def sojourn_job_signature(self, job: "Job") -> "Mapping[str, Any] | None":
        """Add components to a job's identity, kept under the plugin's name; JSON-able.

        A failure stops the submission: an identity must not depend on luck.
        """

    @hookspec
    def sojourn_suspended(self, notice: "SuspensionNotice") -> None:
        """A host has suspended and waits for jobs."""

    @hookspec
    def sojourn_resumed(self, resumption: "Resumption") -> None:
        """A host that had suspended goes on."""

    @hookspec
    def sojourn_job_event(self, event: "JobEvent") -> None:
        """A job has changed its state. Called after the change is recorded, never twice for one."""

    @hookspec
    def sojourn_channel_info(self) -> "Sequence[ChannelInfo]":  # type: ignore[empty-body]
        """Say by which channels this plugin reaches the user. Called once, when it is loaded; no
        side effects."""

    @hookspec(firstresult=True)
    def sojourn_notify(self, channel: "Channel", notification: "Notification") -> "bool | None":
        """Bring a notification to the user by `channel`, and return True.

        Asked of the one plugin that offers the channel's kind, by the monitor, with everything
        that came up within a window of time. Called in a thread of the channel's own: it may
        take a while, and holds up nothing else. Whatever it raises is reported once, and it is
        asked again a few times; messages of errors must hold no secret of the configuration.
        """
