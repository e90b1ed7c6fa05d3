"""Nodes as those who write workflows meet them, and the two decorators."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Remote, Workflow, job, step
from sojourn.errors import InvalidJob, UsageError
from sojourn.values.inputs import NodeOutput
from sojourn.workflow.building import writing
from sojourn.workflow.kinds import ItemNode, JobNode, MapNode, StepNode
from sojourn.workflow.nodes import Node


@step
def numbers(count: int, by: int = 1) -> list[int]:
    """Some."""
    return list(range(0, count, by))


@job(outputs=["a", "b"], walltime="10m", env={"X": "1", "Y": "1"}, parameters={"p": 1})
def two(given: Any = None, **more: Any) -> Job:
    inputs = {} if given is None else {"in": given}
    return Job(command="true", inputs=inputs, **more)


@job(outputs=["one"])
def one(given: Any = None) -> list[str]:
    return ["touch", "one"]


@pytest.fixture
def flow() -> Iterator[Workflow]:
    """A workflow that is being written and never run."""
    made = Workflow("w")
    with writing(made):
        yield made


class TestNodes:
    def test_are_not_what_they_stand_for(self, flow: Workflow) -> None:
        node = numbers(3)
        for use in (str, bool, lambda n: f"{n}", lambda n: "x %s" % n, lambda n: not n):  # noqa: UP031
            with pytest.raises(UsageError, match="is not there yet"):
                use(node)
        assert repr(node) == "<numbers>"

    def test_calls_are_checked_where_they_are_made(self, flow: Workflow) -> None:
        with pytest.raises(TypeError, match="missing"):
            numbers()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="nonsense"):
            numbers(1, nonsense=2)  # type: ignore[call-arg]

    def test_names_say_which_use_it_is(self, flow: Workflow) -> None:
        assert [repr(numbers(1)) for _ in range(3)] == ["<numbers>", "<numbers#2>", "<numbers#3>"]
        mapped = flow.map(numbers, [1, 2])
        assert repr(mapped) == "<numbers#4>"
        assert [child.path for child in mapped] == ["numbers#4[0]", "numbers#4[1]"]

    def test_parts_of_a_step(self, flow: Workflow) -> None:
        part = numbers(3)["a"][2]
        assert isinstance(part, ItemNode)
        assert part.path == 'numbers["a"][2]'
        part.base.status.signature = "ab" * 32
        assert part.as_argument() == NodeOutput("ab" * 32, '["a"][2]')
        for wrong in (1.5, None, True, slice(1)):
            with pytest.raises(TypeError, match="number or a name"):
                part[wrong]  # type: ignore[index]

    def test_outputs_of_a_job(self, flow: Workflow) -> None:
        node = two()
        assert isinstance(node["a"], ItemNode)
        with pytest.raises(InvalidJob, match="no output 'c'"):
            node["c"]
        with pytest.raises(TypeError, match="no items"):
            node["a"]["x"]
        with pytest.raises(TypeError, match="name one of its outputs"):
            node[0]

    def test_a_job_with_one_output_is_an_input_and_another_is_not(self, flow: Workflow) -> None:
        single, several = one(), two()
        for node in (single, several):
            node.status.signature = "ab" * 32
        assert single.__sojourn_input__() == NodeOutput("ab" * 32, "one")
        assert single.as_argument() == NodeOutput("ab" * 32, "one")
        assert several.as_argument() == NodeOutput("ab" * 32, "")
        with pytest.raises(InvalidJob, match="not exactly one output") as caught:
            several.__sojourn_input__()
        assert caught.value.hint == "name the output, as in node['a']"

    def test_one_output_that_stays_there_is_an_input_but_no_file(self, flow: Workflow) -> None:
        @job(outputs=[Remote("big.h5")])
        def big() -> str:
            return "touch big.h5"

        node = big()
        node.status.signature = "ab" * 32
        assert node.__sojourn_input__() == NodeOutput("ab" * 32, "big.h5")
        assert node.as_argument() == NodeOutput("ab" * 32, "")

    def test_text_is_neither_a_path_nor_content_by_itself(self, flow: Workflow) -> None:
        node = numbers(3)
        node.status.signature = "ab" * 32
        for value, placed in (
            (Path("/x"), Path("/x")),
            (b"x", b"x"),
            ([1, {"b": None, "a": 2}], b'[1, {"a": 2, "b": null}]'),
        ):
            node.status.value = value
            assert node.__sojourn_input__().value == placed
        node.status.value = "x"
        with pytest.raises(InvalidJob, match="is text"):
            node.__sojourn_input__()
        node.status.value = [Path("/x")]
        with pytest.raises(InvalidJob, match="no input of a job"):
            node.__sojourn_input__()

    def test_a_list_of_nodes_is_no_input_but_its_items_are(self, flow: Workflow) -> None:
        mapped = flow.map(one, [b"1", b"2"])
        assert isinstance(mapped, MapNode)
        assert mapped[1] is list(mapped)[1]
        with pytest.raises(InvalidJob, match="list of nodes"):
            mapped.__sojourn_input__()
        with pytest.raises(TypeError, match="give a number"):
            mapped["x"]

    def test_nodes_of_another_workflow_are_refused(self, flow: Workflow) -> None:
        node = numbers(3)
        with writing(Workflow("other")), pytest.raises(UsageError, match="another workflow"):
            one(numbers(node))

    def test_nodes_are_found_in_lists_and_dicts(self, flow: Workflow) -> None:
        a, b = numbers(1), numbers(2)
        given: Any = [a, {"x": (b[0], a)}]
        taking: Node = numbers(given)
        assert isinstance(taking, StepNode)
        assert list(taking.parents) == [a, b]


class TestDecorators:
    def test_the_jobs_own_words_come_first_and_mappings_add_up(self) -> None:
        made = two(resources={"walltime": "1h", "memory": "1GiB"}, env={"Y": "2"}, outputs=["c"])
        assert made.resources.walltime == 3600
        assert made.resources.memory == 2**30
        assert made.env == {"X": "1", "Y": "2"}
        assert made.outputs == ("c",)
        assert made.parameters == {"p": 1}
        assert two().resources.walltime == 600

    def test_a_command_is_enough(self) -> None:
        assert one().command == ("touch", "one")
        assert one().outputs == ("one",)

    def test_an_unknown_word_is_told_with_the_nearest(self) -> None:
        with pytest.raises(InvalidJob, match="'waltime'") as caught:
            job(waltime="3h")(lambda: "true")  # type: ignore[call-overload]
        assert "walltime" in caught.value.hint

    def test_what_is_neither_job_nor_command(self) -> None:
        @job
        def wrong() -> int:
            return 3

        with pytest.raises(InvalidJob, match="returned a int"):
            wrong()

    def test_only_functions(self) -> None:
        with pytest.raises(UsageError, match="for functions"):
            step(3)  # type: ignore[call-overload]
        with pytest.raises(UsageError, match="for functions"):
            job(len)
        with pytest.raises(UsageError, match="not to yield"):

            @step
            def many() -> Any:
                yield 1

        with pytest.raises(UsageError, match="can be mapped"):
            Workflow("w").map(len, [1])  # type: ignore[arg-type]

    def test_jobs_are_named_after_their_nodes_unless_they_have_a_name(self, flow: Workflow) -> None:
        node, named = two(), two(name="mine")
        assert isinstance(node, JobNode)
        assert (node.job.name, named.job.name) == ("two", "mine")

    def test_functions_stay_what_they_were(self) -> None:
        assert numbers.name == "numbers"
        assert numbers.__doc__ == "Some."
        assert numbers(4, by=2) == [0, 2]


@pytest.mark.parametrize("name", ["", "two\nlines"])
def test_names_of_workflows(name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        Workflow(name)
