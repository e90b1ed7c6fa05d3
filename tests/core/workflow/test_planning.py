"""What would be done, told before it is done: dry runs, and the question before many jobs."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, WorkflowSuspended, job, step
from sojourn.cli.treelines import plan_lines
from sojourn.errors import NeedsConfirmation
from sojourn.workflow.report import NodeState, Plan, WorkflowReport
from sojourn.workflow.settings import DryRun
from tests.core.workflow.place import Place, noting

called: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    called.clear()


@step
def numbers(count: int) -> list[int]:
    called.append("numbers")
    return list(range(count))


@step
def text(files: list[Path]) -> str:
    called.append("text")
    return "".join(file.read_text() for file in files)


@job(outputs=["out"])
def show(number: Any, at: int, word: str, runs: str) -> Job:
    return Job(command=noting(f"{word}{at}", f"echo {word} >out", Path(runs)), inputs={"n": number})


def flow(place: Place, count: int, word: str = "a") -> str:
    with Workflow("plan") as running:
        node = text(
            running.map(show, numbers(count), range(count), word=word, runs=str(place.runs))
        )
    value: str = node.value
    return value


def rehearsed(place: Place, count: int, word: str = "a") -> WorkflowReport:
    with place.running(dry_run=True), pytest.raises(DryRun) as caught:
        flow(place, count, word)
    return caught.value.report


class TestDryRun:
    def test_runs_records_and_hands_in_nothing(self, place: Place) -> None:
        report = rehearsed(place, 3)
        assert report.plan == Plan(jobs_new=3, steps_to_run=2)
        assert report.status == "planned"
        assert str(report.plan) == "3 new jobs, 0 changed, 0 reused; 2 steps to run, 0 remembered"
        assert {node.state for node in report.walk()} == {NodeState.NEW}
        assert called == []
        assert place.jobs() == []
        with place.session() as session:
            assert session.store.workflows() == ()
            assert session.store.nodes("plan") == {}

    def test_names_the_component_that_has_changed(self, place: Place) -> None:
        place.finish(lambda: flow(place, 2))
        plan = rehearsed(place, 2, "b").plan
        assert (plan.jobs_new, plan.jobs_changed, plan.jobs_reused) == (0, 2, 0)
        assert (plan.steps_to_run, plan.steps_reused) == (1, 1)
        assert [str(change) for change in plan.changes] == [
            "text: upstream `show` changed",
            "show[0]: command changed",
            "show[1]: command changed",
        ]

    def test_of_a_longer_list_only_what_is_new_is_new(self, place: Place) -> None:
        def named(count: int) -> None:
            with Workflow("named") as running:
                running.map(show, [b"x"] * count, range(count), word="w", runs=str(place.runs))

        place.finish(lambda: named(2))
        with place.running(dry_run=True), pytest.raises(DryRun) as caught:
            named(5)
        plan = caught.value.report.plan
        assert (plan.jobs_new, plan.jobs_changed, plan.jobs_reused) == (3, 0, 2)

    def test_sees_what_lies_on_the_machine(self, place: Place) -> None:
        place.finish(lambda: flow(place, 2))
        second = Place(place.folder, "two")
        plan = rehearsed(second, 2).plan
        assert (plan.jobs_new, plan.jobs_reused, plan.steps_to_run) == (0, 2, 1)
        assert second.jobs() == []

    def test_a_length_that_only_a_step_knows_is_named(self, place: Place) -> None:
        def dynamic() -> None:
            with Workflow("dynamic") as running:
                text(running.map(show, numbers(2), at=1, word="d", runs=str(place.runs)))

        with place.running(dry_run=True), pytest.raises(DryRun) as caught:
            dynamic()
        assert caught.value.report.plan.unknown == ("show",)
        assert called == []

    def test_where_all_is_there_the_script_goes_on(self, place: Place) -> None:
        place.finish(lambda: flow(place, 2))
        called.clear()
        with place.running(dry_run=True):
            assert flow(place, 2) == "a\na\n"
        assert called == []
        assert place.reports[-1].plan.nothing_to_do


class TestTheQuestion:
    def test_more_than_twenty_known_jobs_are_not_submitted_unasked(self, place: Place) -> None:
        place.finish(lambda: flow(place, 21))
        called.clear()
        with place.running(), pytest.raises(NeedsConfirmation, match="21 jobs") as caught:
            flow(place, 21, "b")
        assert "command changed" in str(caught.value)
        assert "--accept-changes" in caught.value.hint
        assert called == []
        assert len(place.jobs()) == 21

        asked: list[Plan] = []

        def no(plan: Plan) -> bool:
            asked.append(plan)
            return False

        def yes(plan: Plan) -> bool:
            return not no(plan)

        with place.running(confirm=no), pytest.raises(NeedsConfirmation):
            flow(place, 21, "b")
        with place.running(confirm=yes), pytest.raises(WorkflowSuspended):
            flow(place, 21, "b")
        assert [plan.jobs_changed for plan in asked] == [21, 21]
        assert len(place.jobs()) == 42
        place.all_ended()

    def test_twenty_are_and_new_ones_do_not_count(self, place: Place) -> None:
        place.finish(lambda: flow(place, 20))
        with place.running(), pytest.raises(WorkflowSuspended):
            flow(place, 25, "b")
        assert len(place.jobs()) == 45
        place.all_ended()

    def test_they_may_be_accepted_beforehand(self, place: Place) -> None:
        place.finish(lambda: flow(place, 21))
        with place.running(accept_changes=True), pytest.raises(WorkflowSuspended):
            flow(place, 21, "b")
        place.all_ended()


class TestMapsOverSteps:
    """Step, map, reduce: the number of jobs is known only when the step has run."""

    def sweep(
        self, place: Place, count: int, version: str = "1", word: str = "a", *, early: bool = True
    ) -> None:
        @step(version=version)
        def cases() -> list[dict[str, int]]:
            called.append("cases")
            return [{"n": n + 100 * int(version)} for n in range(count)]

        @job(outputs=["out"])
        def simulate(case: Any) -> Job:
            return Job(command=f"echo {word} >out", inputs={"case": case})

        with Workflow("sweep") as running:
            outputs = running.map(simulate, cases())
            text(list(outputs) if early else outputs)

    @pytest.mark.parametrize("early", [True, False])
    def test_the_question_comes_before_any_is_submitted_and_again_after_a_no(
        self, place: Place, early: bool
    ) -> None:
        place.finish(lambda: self.sweep(place, 21, early=early))
        for _ in range(2):
            with place.running(), pytest.raises(NeedsConfirmation) as caught:
                self.sweep(place, 21, "2", early=early)
            assert "21 jobs" in str(caught.value)
            assert "21 jobs of simulate: upstream `cases` changed" in str(caught.value)
            assert len(place.jobs()) == 21
        assert "--dry-run shows all of them" in caught.value.hint
        called.clear()
        with place.running(dry_run=True), pytest.raises(DryRun) as rehearsed:
            self.sweep(place, 21, "2", early=early)
        assert called == []
        plan = rehearsed.value.report.plan
        assert (plan.jobs_changed, plan.unknown) == (21, ())
        assert "  21 jobs of simulate: upstream `cases` changed" in plan_lines(plan)
        with place.running(accept_changes=True), pytest.raises(WorkflowSuspended):
            self.sweep(place, 21, "2", early=early)
        assert len(place.jobs()) == 42
        place.all_ended()

    @pytest.mark.parametrize("early", [True, False])
    def test_a_dry_run_calls_no_step_and_says_what_it_cannot_know(
        self, place: Place, early: bool
    ) -> None:
        place.finish(lambda: self.sweep(place, 3, early=early))
        called.clear()
        with place.running(dry_run=True), pytest.raises(DryRun) as caught:
            self.sweep(place, 3, "2", early=early)
        assert called == []
        said = "  simulate: at most 3 of those known change, unknown until `cases` has run"
        assert said in plan_lines(caught.value.report.plan)
        with place.running(dry_run=True), pytest.raises(DryRun) as caught:
            self.sweep(place, 3, word="b", early=early)  # what is remembered tells how many
        assert called == []
        assert caught.value.report.plan.jobs_changed == 3
        assert "  3 jobs of simulate: command changed" in plan_lines(caught.value.report.plan)

    def test_parts_of_a_run_are_counted_together(self, place: Place) -> None:
        def parts(word: str) -> None:
            with Workflow("parts") as running:
                for part in range(3):
                    files = running.map(
                        show, [b"x"] * 8, range(8), word=f"{word}{part}", runs=str(place.runs)
                    )
                    with suppress(WorkflowSuspended):
                        assert text(files).value

        place.finish(lambda: parts("a"))
        with place.running(), pytest.raises(NeedsConfirmation):
            parts("b")
        assert len(place.jobs()) == 24 + 16
        place.all_ended()
