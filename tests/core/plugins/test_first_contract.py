"""A plugin of the first contract still does all it did, installed as a distribution."""

import sys
from pathlib import Path

from sojourn.contract import Capability
from sojourn.machines.model import Machine
from sojourn.plugins.compatibility import Kind, implemented_hooks, new_manager
from sojourn.plugins.outcomes import LoadedPlugin
from sojourn.plugins.registry import Registry
from sojourn.site.context import MachineContext
from sojourn.states import State
from sojourn.values.events import JobEvent, Resumption, SuspensionNotice
from sojourn.values.job import Job
from sojourn.values.messages import Changed, FetchRequest, Phase, Settled
from tests.core.plugins.conftest import Install
from tests.core.plugins.toys import orders, refs

SOURCE = Path(__file__).parents[2] / "data" / "plugins" / "first_contract.py"
FIRST_HOOKS = {
    "sojourn_backend_info",
    "sojourn_submit",
    "sojourn_find",
    "sojourn_poll",
    "sojourn_fetch",
    "sojourn_cancel",
    "sojourn_hold",
    "sojourn_release",
    "sojourn_script",
    "sojourn_check",
    "sojourn_transport_info",
    "sojourn_open_transport",
    "sojourn_job_signature",
    "sojourn_suspended",
    "sojourn_resumed",
    "sojourn_job_event",
}


def test_it_loads_and_every_hook_of_it_is_asked(plugin: Install, tmp_path: Path) -> None:
    module = plugin("first", SOURCE.read_text())
    said: list[str] = []
    registry = Registry(report=said.append)
    backend = registry.backend("first")
    machine = Machine(name="there", backend="first", transport="first")
    at = MachineContext(machine, registry.open_transport(machine))
    jobs, requests = refs(2), [FetchRequest(each.signature, 1, tmp_path) for each in refs(2)]

    assert {each.outcome for each in backend.submit(at, orders(2))} == {Settled.HANDED_IN}
    assert {each.outcome for each in backend.find(at, jobs)} == {Settled.ABSENT}
    assert {each.word.phase for each in backend.poll(at, jobs)} == {Phase.WAITING}
    assert [each.error for each in backend.fetch(at, requests)] == ["", ""]
    for change in (backend.cancel, backend.hold, backend.release):
        assert {each.outcome for each in change(at, jobs)} == {Changed.DONE}
    assert backend.script(at, orders(1)) == "true\n"
    assert [line.ok for line in backend.check(at)] == [True]
    assert backend.can(Capability.HOLD)
    assert registry.signature_extras(Job(command="true"))["first"] == {"first": 1}

    told = [
        JobEvent("a" * 64, "there", "", 1, State.NEW, State.QUEUED, 1.0),
        SuspensionNotice("", (), 1.0),
        Resumption("", (), 1.0),
    ]
    registry.tell("sojourn_job_event", event=told[0])
    registry.tell("sojourn_suspended", notice=told[1])
    registry.tell("sojourn_resumed", resumption=told[2])
    assert sys.modules[module].events == told
    assert not [line for line in said if "first" in line]


def test_it_is_of_every_kind_and_has_every_hook_of_its_time(plugin: Install) -> None:
    module = plugin("first", SOURCE.read_text())
    (found,) = [each for each in Registry().installed() if each.name == "first"]
    assert isinstance(found, LoadedPlugin)
    assert found.kinds == (Kind.BACKEND, Kind.TRANSPORT, Kind.SIGNATURE, Kind.LISTENER)
    assert implemented_hooks(sys.modules[module]).keys() == FIRST_HOOKS
    assert set(vars(new_manager().hook)) >= FIRST_HOOKS
