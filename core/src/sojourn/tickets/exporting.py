"""Writing a ticket for jobs."""

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sojourn.tickets.ticket import AS_JSON, Ticket, TicketJob, TicketMachine

if TYPE_CHECKING:
    from sojourn.machines.loading import Machines
    from sojourn.machines.model import Machine
    from sojourn.store.records import JobRecord
    from sojourn.store.store import Store

_ONLY_HERE = frozenset({"identity_file", "known_hosts_file", "ssh_config", "certificate_file"})
"""Keys of transports that name files of this computer."""

_CORE_KEYS = ("backend", "transport", "shell", "group")


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
    keys: dict[str, Any] = {}
    for word in _CORE_KEYS:
        if getattr(machine, word) is not None:
            keys[word] = getattr(machine, word)
    if machine.path:
        keys["path"] = list(machine.path)
    keys["root"] = known.root_path if known is not None and known.root_path else machine.root
    for model in (machine.options, machine.connection):
        if model is not None:
            keys |= model.model_dump(mode="json", exclude_unset=True, exclude=set(_ONLY_HERE))
    return TicketMachine(root_id=known.root_id if known is not None else "", keys=keys)


def _job(record: "JobRecord") -> TicketJob:
    given = {word: getattr(record, word) for word in TicketJob.model_fields}
    for word in AS_JSON:
        given[word] = json.loads(given[word])
    return TicketJob(**given)
