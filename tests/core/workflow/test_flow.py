"""Workflows from the first run to the last: what suspends, what goes on, what runs how often."""

import json
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, JobSuspended, Workflow, WorkflowSuspended, job, step
from sojourn.errors import UsageError
from sojourn.results.result import Result
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
def total(files: list[Path]) -> int:
    called.append("total")
    return sum(int(file.read_text()) for file in files)


@job(outputs=["out"])
def square(number: Any, seed: int = 0, *, runs: str) -> Job:
    return Job(
        command=noting(f"square{seed}", "n=$(cat n); echo $((n * n)) >out", Path(runs)),
        inputs={"n": number},
        parameters={"seed": seed},
    )


def squares_of(place: Place, count: int = 3) -> int:
    with Workflow("squares") as flow:
        node = total(flow.map(square, numbers(count), runs=str(place.runs)))
    value: int = node.value
    return value


class TestFromFirstToLast:
    def test_suspends_with_children_and_goes_on_where_it_was(self, place: Place) -> None:
        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            squares_of(place)
        assert caught.value.workflow == "squares"
        assert [type(child) for child in caught.value.children] == [JobSuspended] * 3
        assert called == ["numbers"]
        records = place.all_ended()
        assert {record.name for record in records} == {"square[0]", "square[1]", "square[2]"}
        with place.running():
            assert squares_of(place) == 0 + 1 + 4
        assert called == ["numbers", "total"]
        with place.running():
            assert squares_of(place) == 5
        assert called == ["numbers", "total"]
        assert place.ran() == ["square0"] * 3

    def test_what_is_remembered_needs_no_machine(self, place: Place) -> None:
        assert place.finish(lambda: squares_of(place)) == 5
        with place.session() as session:
            before = session.store.machine("here")
        with place.running():
            squares_of(place)
        with place.session() as session:
            after = session.store.machine("here")
        assert before is not None
        assert after is not None
        assert (after.trips, after.scheduler_calls) == (before.trips, before.scheduler_calls)

    def test_a_submission_and_a_resume_are_one_trip_of_each_kind(self, place: Place) -> None:
        def trips() -> int:
            with place.session() as session:
                record = session.store.machine("here")
                return 0 if record is None else record.trips

        def flow() -> None:
            with Workflow("five") as running:
                total(running.map(square, numbers(5), range(5), runs=str(place.runs)))

        with place.running(), pytest.raises(WorkflowSuspended):
            flow()
        assert trips() == 2  # looked for, since a step would have to run; and handed in
        place.all_ended()
        before = trips()
        with place.running():
            flow()
        assert trips() == before + 1  # fetched: that they had ended was known


class TestChains:
    @staticmethod
    def chain(place: Place, length: int = 4) -> str:
        @job(outputs=["out"])
        def grow(before: Any, at: int) -> Job:
            inputs = {} if before is None else {"before": before}
            source = "cat before" if before is not None else "printf start"
            command = noting(f"grow{at}", f"{{ {source}; printf %s -{at}; }} >out", place.runs)
            return Job(command=command, inputs=inputs)

        @step
        def read(file: Path) -> str:
            return file.read_text()

        with Workflow("chain"):
            node: Any = None
            for at in range(length):
                node = grow(node, at)
            text = read(node)
        value: str = text.value
        return value

    def test_is_handed_in_at_once_and_only_its_end_is_fetched(self, place: Place) -> None:
        with place.running(), pytest.raises(WorkflowSuspended) as caught:
            self.chain(place)
        assert len(caught.value.handles) == 4
        place.all_ended()
        with place.running():
            assert self.chain(place) == "start-0-1-2-3"
        assert place.ran() == ["grow0", "grow1", "grow2", "grow3"]
        with place.session() as session:
            by_name = {r.name: r.signature for r in session.store.select()}
            cached = {name for name, s in by_name.items() if session.results.get(s) is not None}
        assert cached == {"grow#4"}

    def test_over_two_machines_travels_through_here(self, tmp_path: Path) -> None:
        place = Place(tmp_path / "place", machines=("here", "there"))

        @job(outputs=["a"], on="there")
        def first() -> str:
            return noting("first", "echo 1 >a", place.runs)

        @job(outputs=["b"], on="here")
        def second(a: Any) -> Job:
            return Job(command=noting("second", "cat a a >b", place.runs), inputs={"a": a})

        def both() -> Result:
            with Workflow("two"):
                node = second(first())
            result: Result = node.result
            return result

        result = place.finish(both)
        assert result["b"].read_text() == "1\n1\n"
        assert place.ran() == ["first", "second"]
        assert {record.name: record.machine for record in place.jobs()} == {
            "first": "there",
            "second": "here",
        }
        called_on = place.finish(both, on="here")  # --on overrides even what a job names
        assert called_on["b"].read_text() == "1\n1\n"


class TestValues:
    def test_a_value_that_is_no_path_is_put_there_as_json(self, place: Place) -> None:
        @step
        def settings() -> dict[str, Any]:
            return {"depth": 3, "names": ["a", "b"]}

        @job(outputs=["copy"])
        def copy(given: Any, part: Any) -> Job:
            return Job(
                command="cat whole.json part.json >copy",
                inputs={"whole.json": given, "part.json": part},
            )

        def flow() -> str:
            with Workflow("json"):
                given = settings()
                node = copy(given, given["names"])
            text: str = node.value.read_text()
            return text

        assert place.finish(flow) == '{"depth": 3, "names": ["a", "b"]}["a", "b"]'

    def test_several_outputs_are_a_result_and_each_can_be_named(self, place: Place) -> None:
        @job(outputs=["a", "b"])
        def two() -> str:
            return "echo 1 >a; echo 2 >b"

        @step
        def both(result: Result, second: Path) -> list[str]:
            return [result["a"].read_text(), second.read_text()]

        def flow() -> list[str]:
            with Workflow("outputs"):
                node = two()
                read = both(node, node["b"])
            value: list[str] = read.value
            return value

        assert place.finish(flow) == ["1\n", "2\n"]

    def test_an_iterated_node_is_evaluated_to_know_its_length(self, place: Place) -> None:
        def flow() -> list[int]:
            with Workflow("loop"):
                made = [square(number, runs=str(place.runs)) for number in numbers(3)]
            return [int(node.value.read_text()) for node in made]

        assert place.finish(flow) == [0, 1, 4]
        assert {record.name for record in place.jobs()} == {"square", "square#2", "square#3"}

    def test_a_loop_until_a_value_is_small_enough(self, place: Place) -> None:
        @job(outputs=["x"])
        def halve(x: Any, at: int) -> Job:
            return Job(command="echo $(($(cat before) / 2)) >x", inputs={"before": x})

        @step
        def read(file: Path) -> int:
            return int(file.read_text())

        def flow() -> list[int]:
            seen = []
            with Workflow("until") as running:
                node: Any = b"40"
                for at in range(10):
                    node = halve(node, at)
                    seen.append(running.value(read(node)))
                    if seen[-1] < 10:
                        break
            return seen

        assert place.finish(flow) == [20, 10, 5]
        assert len(place.jobs()) == 3


class TestMaps:
    def test_lengths_must_agree(self, place: Place) -> None:
        with pytest.raises(UsageError, match="2 and 3 items"), Workflow("w") as flow:
            flow.map(square, [b"1", b"2"], range(3), runs="")

    def test_over_another_map(self, place: Place) -> None:
        def flow() -> int:
            with Workflow("maps") as running:
                first = running.map(square, [b"1", b"2"], runs=str(place.runs))
                node = total(running.map(square, first, runs=str(place.runs)))
            value: int = node.value
            return value

        assert place.finish(flow) == 1 + 16

    def test_over_nothing_is_an_empty_list(self, place: Place) -> None:
        assert place.finish(lambda: squares_of(place, 0)) == 0

    def test_a_list_of_another_length_than_was_said(self, place: Place) -> None:
        def flow() -> None:
            with Workflow("short") as running:
                total(running.map(square, numbers(2), range(3), runs=str(place.runs)))

        with place.running(), pytest.raises(Exception, match="different lengths"):
            flow()
        assert place.jobs() == []


class TestWhereItIsWritten:
    def test_outside_a_workflow_functions_are_functions(self) -> None:
        assert numbers(2) == [0, 1]
        made = square("file", 3, runs="runs")
        assert isinstance(made, Job)
        assert made.outputs == ("out",)

    def test_a_step_that_a_step_calls_simply_runs(self, place: Place) -> None:
        @step
        def outer() -> list[int]:
            inner: list[int] = numbers(2)
            return [*inner, 5]

        def flow() -> list[int]:
            with Workflow("w"):
                node = outer()
            value: list[int] = node.value
            return value

        assert place.finish(flow) == [0, 1, 5]

    def test_an_error_in_the_with_runs_nothing(self, place: Place) -> None:
        def flow() -> None:
            with Workflow("w"):
                numbers(2)
                raise ZeroDivisionError

        with place.running(), pytest.raises(ZeroDivisionError):
            flow()
        assert called == []

    def test_run_goes_on_after_a_suspension(self, place: Place) -> None:
        with place.running():
            flow = Workflow("again")
            with pytest.raises(WorkflowSuspended), flow:
                node = square(b"3", runs=str(place.runs))
            place.all_ended()
            flow.run()
            assert node.result["out"].read_text() == "9\n"
            assert node.value == node.result["out"]

    def test_waiting_is_staying_until_all_is_there(self, place: Place) -> None:
        with place.running(wait=True):
            assert squares_of(place) == 5
        assert json.loads(json.dumps(place.reports[-1].to_json()))["status"] == "done"
        assert place.ran() == ["square0"] * 3
