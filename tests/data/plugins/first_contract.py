"""A plugin built against the first contract, kept as it was: later cores must still take it.

It is written as its author would have written it then, and is not to be changed.
"""

from sojourn import hookimpl
from sojourn.contract import BackendInfo, Capability, TransportInfo
from sojourn.values.messages import (
    Change,
    Changed,
    CheckLine,
    FetchAnswer,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
)

sojourn_contract = 1

events = []


@hookimpl
def sojourn_backend_info():
    return BackendInfo(
        name="first",
        summary="A backend of the first contract",
        resources=frozenset({"queue", "walltime", "native"}),
        contract=1,
        capabilities=frozenset({Capability.HOLD}),
    )


@hookimpl
def sojourn_submit(context, orders):
    return [
        Settlement(order.signature, order.attempt, Settled.HANDED_IN, scheduler_id="1")
        for order in orders
    ]


@hookimpl
def sojourn_find(context, jobs):
    return [Settlement(job.signature, job.attempt, Settled.ABSENT) for job in jobs]


@hookimpl
def sojourn_poll(context, jobs):
    return [PollAnswer(job.signature, job.attempt, SchedulerWord(Phase.WAITING)) for job in jobs]


@hookimpl
def sojourn_fetch(context, requests):
    return [FetchAnswer(request.signature) for request in requests]


@hookimpl
def sojourn_cancel(context, jobs):
    return [Change(job.signature, job.attempt, Changed.DONE) for job in jobs]


@hookimpl
def sojourn_hold(context, jobs):
    return [Change(job.signature, job.attempt, Changed.DONE) for job in jobs]


@hookimpl
def sojourn_release(context, jobs):
    return [Change(job.signature, job.attempt, Changed.DONE) for job in jobs]


@hookimpl
def sojourn_script(context, orders):
    return "".join(f"{order.command}\n" for order in orders)


@hookimpl
def sojourn_check(context):
    return [CheckLine("first", ok=True)]


@hookimpl
def sojourn_transport_info():
    return [TransportInfo(name="first", summary="A transport of the first contract", contract=1)]


@hookimpl
def sojourn_open_transport(machine, interactive):
    if machine.transport != "first":
        return None
    from sojourn.transports.local import LocalTransport

    return LocalTransport(machine=machine.name)


@hookimpl
def sojourn_job_signature(job):
    return {"first": 1}


@hookimpl
def sojourn_suspended(notice):
    events.append(notice)


@hookimpl
def sojourn_resumed(resumption):
    events.append(resumption)


@hookimpl
def sojourn_job_event(event):
    events.append(event)
