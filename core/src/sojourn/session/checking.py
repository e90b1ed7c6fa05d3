"""Finding out what cannot be handed in before it is recorded, and whose fault a refusal is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sojourn.errors import InvalidJob, SojournError
from sojourn.session.links import Link
from sojourn.session.orders import check_resources, effective_resources
from sojourn.site.context import MachineContext
from sojourn.values.messages import JobOrder

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob


def check_batch(batch: Sequence["SignedJob"], link: Link) -> None:
    """Refuse what a machine could never take, as far as can be told without contact.

    A backend is asked to render what it would hand in: so it says itself what it cannot honour.

    Raises:
        InvalidJob: a secret is not set, or the backend says so.
        UnsupportedResource: names the word.
    """
    orders: dict[object, JobOrder] = {}
    for signed in batch:
        signed.job.secrets()
        resources = effective_resources(signed, link.machine)
        key = (resources, signed.script)
        if key in orders:
            continue
        check_resources(resources, link.info, link.name)
        orders[key] = JobOrder(
            signed.signature, 1, signed.job.name or "", resources, "true", signed.script
        )
    for wrong in impossible(list(orders.values()), link).values():
        raise wrong


def impossible(orders: Sequence[JobOrder], link: Link) -> dict[str, InvalidJob]:
    """Those that the backend refuses to render, by signature, with its words."""
    quiet = replace(link.context, say=lambda line: None)  # noqa: ARG005
    verdicts: dict[object, InvalidJob | None] = {}
    for order in orders:
        key = (order.resources, order.script)
        if key not in verdicts:
            verdicts[key] = _refusal(order, link, quiet)
    found = ((order, verdicts[order.resources, order.script]) for order in orders)
    return {order.signature: wrong for order, wrong in found if wrong is not None}


def _refusal(order: JobOrder, link: Link, quiet: MachineContext) -> InvalidJob | None:
    try:
        link.backend.script(quiet, [order])
    except InvalidJob as error:
        return error
    except SojournError:
        return None  # a backend that cannot render says what is wrong when it hands in
    return None
