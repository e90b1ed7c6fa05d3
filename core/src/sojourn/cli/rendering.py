"""A job's script as its machine's backend would hand it in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sojourn.errors import NotPossible
from sojourn.session.orders import Blocked, check_resources, effective_resources, make_order
from sojourn.store.records import JobRecord
from sojourn.values.remote import RemoteEntry, RemotePath

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.values.job import Job


class _Nothing:
    """No other job is known: what is shown depends on this one alone."""

    def record(self, signature: str) -> None:  # noqa: ARG002
        return None

    def result(self, signature: str) -> None:  # noqa: ARG002
        return None

    def is_purged(self, signature: str) -> bool:  # noqa: ARG002
        return False


def render(session: "Session", job: "Job", machine: str | None) -> str:
    """The script of a first attempt of `job`; contacts nothing.

    Paths that are on the machine are not looked at, so that the signature in it is not the
    one that such a job will have.

    Raises:
        InvalidJob: an input is missing, a resource cannot be honoured, ...
    """
    from sojourn.identity.signature import sign

    link = session.link(machine)
    signed = sign(
        job.replace(secret_env=dict.fromkeys(job.secret_env, "(not shown)")),
        identify_remote=_not_asked,
        extra=session.registry.signature_extras,
        machine=link.name,
        defaults=link.machine.defaults,
    )
    check_resources(effective_resources(signed, link.machine), link.info, link.name)
    record = JobRecord(signed.signature, link.name)
    order = make_order(signed, record, link.machine, _Nothing(), None)
    if isinstance(order, Blocked):
        raise NotPossible(order.reason)
    return link.backend.script(link.context, [order])


def _not_asked(paths: Sequence[str]) -> dict[str, RemotePath | None]:
    return {path: RemotePath(RemoteEntry("file"), path) for path in paths}
