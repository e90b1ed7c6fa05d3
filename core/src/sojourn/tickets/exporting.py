"""Writing a ticket for jobs."""

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import ValidationError

from sojourn.errors import UsageError
from sojourn.machines import reach
from sojourn.tickets.ticket import AS_JSON, Reach, Ticket, TicketJob, TicketMachine

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines
    from sojourn.machines.model import Machine
    from sojourn.store.records import JobRecord
    from sojourn.store.store import Store


def make_ticket(records: Iterable["JobRecord"], machines: "Machines", store: "Store") -> Ticket:
    """The ticket for jobs that are known here; contacts nothing.

    Raises:
        UnknownMachine, ConfigError: a machine of theirs is not configured any more.
    """
    from sojourn.session.orders import user

    jobs = list(records)
    names = dict.fromkeys(record.machine for record in jobs)
    return Ticket(
        created_at=time.time(),
        created_by=user(),
        machines={name: _machine(machines.get(name), store) for name in names},
        jobs=tuple(_job(record) for record in jobs),
    )


def _machine(machine: "Machine", store: "Store") -> TicketMachine:
    known = store.machine(machine.name)
    connection = {} if machine.connection is None else machine.connection.model_dump(mode="json")
    keys = {key: connection[key] for key in reach.KEYS & connection.keys()}
    keys |= {"backend": machine.backend, "transport": machine.transport}
    keys["root"] = known.root_path if known is not None and known.root_path else machine.root
    try:
        return TicketMachine(
            root_id=known.root_id if known is not None else "", keys=Reach.model_validate(keys)
        )
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UsageError(
            f"machine {machine.name} cannot be described in a ticket: its {key} is {keys.get(key)!r}",
            hint="give the other computer an entry of the same name in machines.yaml",
        ) from None


def _job(record: "JobRecord") -> TicketJob:
    given = {word: getattr(record, word) for word in TicketJob.model_fields}
    for word in AS_JSON:
        given[word] = json.loads(given[word])
    return TicketJob(**given)
