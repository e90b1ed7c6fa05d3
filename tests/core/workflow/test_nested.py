"""Workflows inside workflows, inside loops, inside steps."""

from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, JobSuspended, Workflow, WorkflowSuspended, job, step
from sojourn.workflow.report import NodeState
from tests.core.workflow.place import Place, noting


@job(outputs=["out"])
def measure(site: str, at: int, *, runs: str) -> str:
    return noting(f"{site}{at}", f"echo {site}{at} >out", Path(runs))


@step
def gather(files: list[Path]) -> list[str]:
    return [file.read_text().strip() for file in files]


def sites(place: Place) -> list[Any]:
    found = []
    with Workflow("world", version="3"):
        for name in ("a", "b"):
            with Workflow("site") as site:
                found.append(gather(site.map(measure, [name] * 2, range(2), runs=str(place.runs))))
    return [node.value for node in found]


class TestInALoop:
    def test_each_suspends_as_one_parent_with_its_children(self, place: Place) -> None:
        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            sites(place)
        world = caught.value
        assert world.workflow == "world"
        assert [type(child) for child in world.children] == [WorkflowSuspended] * 2
        assert [getattr(child, "workflow", None) for child in world.children] == ["site", "site#2"]
        for child in world.children:
            assert isinstance(child, WorkflowSuspended)
            assert [type(one) for one in child.children] == [JobSuspended] * 2
        assert len({handle.signature for handle in world.handles}) == 4
        place.all_ended()
        with place.running():
            assert sites(place) == [["a0", "a1"], ["b0", "b1"]]
        assert place.ran() == ["a0", "a1", "b0", "b1"]

    def test_each_iteration_has_its_own_path_and_the_workflow_is_the_outer_one(
        self, place: Place
    ) -> None:
        place.finish(lambda: sites(place))
        assert {record.workflow for record in place.jobs()} == {"world"}
        assert {record.workflow_version for record in place.jobs()} == {"3"}
        with place.session() as session:
            members = session.store.members("world")
            assert [record.name for record in session.store.workflows()] == ["world"]
        assert [member.node for member in members] == [
            "site#2/measure[0]",
            "site#2/measure[1]",
            "site/measure[0]",
            "site/measure[1]",
        ]
        tree = {node.path: node.kind for node in place.reports[-1].walk()}
        assert tree["site"] == tree["site#2"] == "workflow"
        assert tree["site#2/measure"] == "map"

    def test_a_nested_workflow_may_have_its_own_machine(self, tmp_path: Path) -> None:
        place = Place(tmp_path / "place", machines=("here", "there"))

        def flow() -> None:
            with Workflow("outer", on="here"):
                measure("x", 0, runs=str(place.runs))
                with Workflow("inner", on="there"):
                    measure("y", 0, runs=str(place.runs))
                    with Workflow("innermost"):
                        measure("z", 0, runs=str(place.runs))

        place.finish(flow)
        assert {record.name: record.machine for record in place.jobs()} == {
            "measure": "here",
            "inner/measure": "there",
            "inner/innermost/measure": "there",
        }


class TestInAStep:
    @staticmethod
    def flow(place: Place) -> list[Any]:
        @step(version=1)
        def converge(site: str) -> list[str]:
            """A loop whose length depends on values: it suspends only its own branch."""
            seen: list[str] = []
            with Workflow("inner") as inner:
                for at in range(5):
                    node = measure(site, at, runs=str(place.runs))
                    seen += inner.value(gather([node]))
                    if seen[-1] == "a1" or seen[-1].startswith("b"):
                        break
            return seen

        with Workflow("outer"):
            nodes = [converge("a"), converge("b")]
        return [node.value for node in nodes]

    def test_it_suspends_its_branch_and_the_others_go_on(self, place: Place) -> None:
        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            self.flow(place)
        assert [getattr(child, "workflow", None) for child in caught.value.children] == [
            "inner",
            "inner",
        ]
        assert {record.name for record in place.jobs()} == {
            "converge/inner/measure",
            "converge#2/inner/measure",
        }
        assert place.states()["converge"] is NodeState.WAITING
        place.all_ended()
        assert place.finish(lambda: self.flow(place)) == [["a0", "a1"], ["b0"]]
        assert place.ran() == ["a0", "a1", "b0"]
        with place.session() as session:
            assert [(one.name, one.status) for one in session.store.workflows()] == [
                ("outer", "done")
            ]
            assert {one.workflow for one in session.store.select()} == {"outer"}

    def test_a_step_may_run_a_job_through_a_session_of_its_own(self, place: Place) -> None:
        @step(version=1)
        def by_hand() -> str:
            with place.session() as session:
                result = session.run(Job(command="echo hand >out", outputs=["out"]))
            return result["out"].read_text()

        def flow() -> str:
            with Workflow("outer"):
                node = by_hand()
            value: str = node.value
            return value

        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            flow()
        assert [type(child) for child in caught.value.children] == [JobSuspended]
        place.all_ended()
        assert place.finish(flow) == "hand\n"
