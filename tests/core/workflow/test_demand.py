"""What is needed for what, on graphs of nodes that are not run."""

from collections.abc import Iterator
from typing import Any

import pytest

from sojourn import Workflow, job, step
from sojourn.workflow.building import writing
from sojourn.workflow.demand import Standing, Want, demand, needing_steps
from sojourn.workflow.kinds import JobNode
from sojourn.workflow.nodes import Node


@step
def s(*given: Any) -> Any:
    return given


@job(outputs=["x"])
def j(given: Any = b"") -> Any:
    from sojourn import Job

    return Job(command="true", inputs={"in": given})


@pytest.fixture
def flow() -> Iterator[Workflow]:
    made = Workflow("w")
    with writing(made):
        yield made


def wanted(flow: Workflow, root: Node, known: dict[Node, Standing] | None = None) -> dict[str, str]:
    """What is wanted of which node; jobs are absent unless told."""
    for node in flow.nodes:
        if not node.known and all(parent.known for parent in node.parents):
            node.status.signature = "ab" * 32
        if isinstance(node, JobNode):
            node.machine = node.on or "here"
    found = demand(flow.nodes, [root], lambda node: (known or {}).get(node, Standing.ABSENT))
    return {node.path: want.name for node, want in found.items()}


def test_a_step_wants_the_values_of_all_before_it(flow: Workflow) -> None:
    end = s(j(s(1)), s(2))
    assert wanted(flow, end) == {"s": "VALUE", "j": "VALUE", "s#2": "VALUE", "s#3": "VALUE"}


def test_a_remembered_step_wants_nothing(flow: Workflow) -> None:
    end = s(j(s(1)))
    end.status.value = 3
    assert wanted(flow, end) == {"s#2": "VALUE"}


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.ABSENT])
def test_a_known_job_wants_no_step(flow: Workflow, standing: Standing) -> None:
    end = j(s(1))
    assert wanted(flow, end, {end: standing}) == {"j": "VALUE"}


def test_a_chain_on_one_machine_is_wanted_there(flow: Workflow) -> None:
    first = j(s(1))
    middle = j(first)
    end = j(middle)
    assert wanted(flow, end) == {"s": "VALUE", "j": "JOB", "j#2": "JOB", "j#3": "VALUE"}
    assert wanted(flow, end, {middle: Standing.THERE}) == {"j#2": "JOB", "j#3": "VALUE"}
    assert wanted(flow, end, {middle: Standing.ELSEWHERE}) == {"j#2": "VALUE", "j#3": "VALUE"}
    assert wanted(flow, end, {middle: Standing.BROKEN}) == {"j#2": "VALUE", "j#3": "VALUE"}


def test_between_machines_the_value_is_wanted(flow: Workflow) -> None:
    first = j(b"")
    end = j(first)
    first.on = "there"
    assert wanted(flow, end) == {"j": "VALUE", "j#2": "VALUE"}


def test_jobs_on_their_way_are_polled_with_those_they_wait_for(flow: Workflow) -> None:
    first = j(b"")
    end = j(first)
    known = {end: Standing.ACTIVE, first: Standing.ACTIVE}
    assert wanted(flow, end, known) == {"j": "JOB", "j#2": "VALUE"}
    known[first] = Standing.BROKEN
    assert wanted(flow, end, known) == {"j": "VALUE", "j#2": "VALUE"}


def test_a_map_over_a_step_wants_its_length_first_and_nothing_else(flow: Workflow) -> None:
    mapped = flow.map(j, s(1))
    end = s(mapped, j(b"another"))
    assert wanted(flow, end) == {"s": "VALUE", "j": "SIGNATURE", "s#2": "VALUE"}
    assert not end.known


def test_only_jobs_after_a_step_that_must_be_called_are_asked_for(flow: Workflow) -> None:
    after, free = j(s(1)), j(b"")
    later = j(after)
    end = s(later, free)
    wanted(flow, end)
    found = demand(flow.nodes, [end], lambda _: Standing.ABSENT)
    assert needing_steps(flow.nodes, found, lambda _: Standing.ABSENT) == [after, later]
    after.parents[0].status.value = 1
    found = demand(flow.nodes, [end], lambda _: Standing.ABSENT)
    assert needing_steps(flow.nodes, found, lambda _: Standing.ABSENT) == []


def test_what_is_stale_is_wanted_even_before_a_known_job(flow: Workflow) -> None:
    before = s(1)
    end = j(before)
    known = {end: Standing.THERE}
    before.status.stale = True
    assert wanted(flow, end, known) == {"s": "VALUE", "j": "VALUE"}


def test_a_want_is_ordered() -> None:
    assert Want.SIGNATURE < Want.JOB < Want.VALUE
