"""The plugin: the contract's hooks for jobs on this computer.

The queue is read and changed directly, since it is here; what core keeps on every machine
(claims, inputs, results) goes over core's trips, as everywhere.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.contract import BackendInfo, Capability, hookimpl
from sojourn_local.limits import WORDS, limits_of

if TYPE_CHECKING:
    from sojourn.site.context import MachineContext
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

sojourn_contract = 1


@hookimpl
def sojourn_backend_info() -> BackendInfo:
    """What this backend is."""
    from sojourn_local.config import LocalConfig

    return BackendInfo(
        name="local",
        summary="this computer, without a scheduler",
        resources=WORDS,
        contract=1,
        capabilities=frozenset(Capability),
        config_model=LocalConfig,
        transports=frozenset({"local"}),
    )


@hookimpl
def sojourn_submit(
    context: "MachineContext", orders: "Sequence[JobOrder]"
) -> "Sequence[Settlement]":
    """Hand in a batch, and start runners for it."""
    if not orders:
        return []
    from sojourn.script.leftout import all_foreign
    from sojourn.site.handin import hand_in
    from sojourn.site.submission import Submission
    from sojourn_local.handing import LocalCaller
    from sojourn_local.site import at_site

    for order in orders:
        limits_of(order.resources)  # Refused before anything is contacted.
    for order in {order.script: order for order in orders if order.script}.values():
        for line in all_foreign(order):
            context.say(line)
    with at_site(context) as site:
        site.demand_own(readers_pass=True)
        with context.trip(create=True) as dialogue:
            submission = Submission(tuple(orders), array=True)
            answers = hand_in(dialogue, context, [submission], LocalCaller(context.machine))
        site.tend()
    return [answers[order.signature, order.attempt] for order in orders]


@hookimpl
def sojourn_find(context: "MachineContext", jobs: "Sequence[JobRef]") -> "Sequence[Settlement]":
    """Settle attempts by their files and the queue's."""
    if not jobs:
        return []
    from sojourn.site.finding import find
    from sojourn_local.handing import LocalIds
    from sojourn_local.site import at_site

    with at_site(context) as site:
        site.tend()
        with context.trip() as dialogue:
            answers = find(dialogue, jobs, site.search, LocalIds())
    return [answers[job.signature, job.attempt] for job in jobs]


@hookimpl
def sojourn_poll(context: "MachineContext", jobs: "Sequence[JobRef]") -> "Sequence[PollAnswer]":
    """The queue's word on each job, and what lies there of those that do not wait."""
    from sojourn_local.polling import poll
    from sojourn_local.site import at_site

    with at_site(context) as site:
        site.tend()
        return poll(context, site.layout, jobs)


@hookimpl
def sojourn_fetch(
    context: "MachineContext", requests: "Sequence[FetchRequest]"
) -> "Sequence[FetchAnswer]":
    """Bring files into the cache, verified like those of any machine."""
    if not requests:
        return []
    from sojourn.site.fetching import fetch

    with context.trip() as dialogue:
        return fetch(dialogue, context, requests)


@hookimpl
def sojourn_cancel(context: "MachineContext", jobs: "Sequence[JobRef]") -> "Sequence[Change]":
    """End jobs with all that they have started; those whose runner has died as well."""
    if not jobs:
        return []
    from sojourn.batch.changing import Change as Wanted
    from sojourn.batch.control import control
    from sojourn_local.handing import LocalIds
    from sojourn_local.site import at_site

    with at_site(context) as site:
        site.demand_own()
        with context.trip() as dialogue:
            ids = LocalIds()
            changes = control(dialogue, jobs, Wanted.CANCEL, site.cancel, site.search, ids)
        site.tend()
    return changes


@hookimpl
def sojourn_hold(context: "MachineContext", jobs: "Sequence[JobRef]") -> "Sequence[Change]":
    """Keep waiting jobs from starting."""
    from sojourn_local.site import at_site

    with at_site(context) as site:
        site.demand_own()
        return site.hold(jobs)


@hookimpl
def sojourn_release(context: "MachineContext", jobs: "Sequence[JobRef]") -> "Sequence[Change]":
    """Let held jobs start, and start runners for them."""
    from sojourn_local.site import at_site

    with at_site(context) as site:
        site.demand_own()
        changes = site.release(jobs)
        site.tend()
    return changes


@hookimpl
def sojourn_script(context: "MachineContext", orders: "Sequence[JobOrder]") -> str:
    """job.sh, and what it is told about each job; no secrets."""
    from sojourn_local.handing import as_text

    for order in orders:
        limits_of(order.resources)
    return as_text(context.machine, orders)


@hookimpl
def sojourn_check(context: "MachineContext") -> "Sequence[CheckLine]":
    """Try locks, processes and the interpreter on this computer."""
    from sojourn_local.checking import check
    from sojourn_local.site import at_site

    with at_site(context) as site:
        return check(site)
