"""Identity of steps: the function, its version or source, and its arguments."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity.canonical import canonical
from sojourn.identity.digests import Digests
from sojourn.identity.resolve import Resolver
from sojourn.identity.steps import function_component, sign_step
from sojourn.values.inputs import Input, JobOutput, NodeOutput, Remote
from sojourn.values.job import Job

SIGNATURE = "5" * 64


def split(csv: Path, parts: int) -> list[Path]:
    """A step."""
    return [csv] * parts


class Outer:
    """Holds a step, indented."""

    @staticmethod
    def inner() -> int:
        # a comment
        return 1


def components(**arguments: Any) -> dict[str, Any]:
    """How arguments are written."""
    written: dict[str, Any] = sign_step(split, arguments, "1")[1]["arguments"]
    return written


def test_module_name_and_version() -> None:
    assert function_component(split, 2) == {"module": __name__, "name": "split", "version": "2"}


def test_source_where_there_is_no_version() -> None:
    assert function_component(Outer.inner) == {
        "module": __name__,
        "name": "Outer.inner",
        "source": "@staticmethod\ndef inner() -> int:\n    # a comment\n    return 1\n",
    }


def test_a_wrapped_function_is_the_one_inside() -> None:
    @functools.wraps(split)
    def wrapped(*arguments: Any) -> Any:
        return split(*arguments)

    assert function_component(wrapped) == function_component(split)


def test_functions_without_identity() -> None:
    with pytest.raises(InvalidJob, match="a lambda as a step needs a version"):
        function_component(lambda: 1)
    with pytest.raises(InvalidJob, match="source of step len is not to be had") as caught:
        function_component(len)
    assert "version=" in caught.value.hint
    assert function_component(len, "1") == {"module": "builtins", "name": "len", "version": "1"}
    with pytest.raises(InvalidJob, match="is no function"):
        function_component(functools.partial(split), "1")
    with pytest.raises(InvalidJob, match="version of step split"):
        function_component(split, 1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidJob, match="version of step split is empty"):
        function_component(split, "")


def test_whole_components() -> None:
    signature, found = sign_step(split, {}, "1")
    step = {"module": __name__, "name": "split", "version": "1"}
    assert found == {"format": 2, "step": step}
    assert signature == sign_step(split, {}, "1")[0] != sign_step(split, {}, "2")[0]


def test_values_stand_for_themselves() -> None:
    value: dict[str, Any] = {"a": [1, 2.5, None, True, "x"], "b": (1, {"c": {}})}
    assert components(v=value) == {"v": {"a": [1, 2.5, None, True, "x"], "b": [1, {"c": {}}]}}


def test_paths_count_by_content_and_strings_do_not(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "d").mkdir()
    found = components(a=tmp_path / "f", b=b"abc", c=str(tmp_path / "f"), d=[tmp_path / "d"])
    assert found["a"] == found["b"] == components(x=Input(tmp_path / "f"))["x"]
    assert found["a"]["$input"]["kind"] == "file"
    assert found["c"] == str(tmp_path / "f")
    assert found["d"][0]["$input"]["kind"] == "directory"
    with pytest.raises(InvalidJob, match=r"(?m)^argument v\[1\].x: there is no file '.*gone'$"):
        components(v=[1, {"x": tmp_path / "gone"}])


class Node:
    """A node of a workflow."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __sojourn_input__(self) -> object:
        return self.answer


class Handle:
    """Something with a signature."""

    signature = SIGNATURE


class Grid:
    """Something with an identity of its own."""

    def __sojourn_identity__(self) -> object:
        return {"cells": (4, 4)}


def test_nodes_outputs_and_objects() -> None:
    found = components(
        node=Node(NodeOutput(SIGNATURE, "x", Path("/gone"))),
        output=JobOutput(name="x", signature=SIGNATURE),
        handle=Handle(),
        grid=Grid(),
        remote=Remote("/data"),
        known=Remote("/data", version=2),
    )
    output = {"$input": {"kind": "output", "signature": SIGNATURE, "output": "x"}}
    assert found["node"] == found["output"] == output
    assert found["handle"] == {"$input": {"kind": "output", "signature": SIGNATURE, "output": ""}}
    assert found["grid"] == {"$object": [f"{__name__}.Grid", {"cells": [4, 4]}]}
    assert found["remote"] == {"$input": {"kind": "remote", "path": "/data"}}
    assert found["known"] == {"$input": {"kind": "remote", "path": "/data", "version": "2"}}


def test_an_output_of_a_job_object_needs_its_signature() -> None:
    job = Job(command="true", outputs=["x"])
    with pytest.raises(InvalidJob, match="output of a job not yet signed"):
        components(x=job.output("x"))
    resolver = Resolver(Digests(), signatures={id(job): SIGNATURE})
    found = sign_step(split, {"x": job.output("x")}, "1", resolver=resolver)[1]["arguments"]
    assert found == components(x=JobOutput(name="x", signature=SIGNATURE))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "argument v is a object, which has no identity"),
        ([{1, 2}], r"argument v\[0\] is a set"),
        ({"a": {1: 2}}, "argument v.a has the key 1"),
        (float("nan"), "argument v is nan"),
        (2**53, "argument v is an integer beyond"),
        ("\ud800", "argument v is not UTF-8"),
    ],
)
def test_arguments_without_identity_are_named(value: Any, said: str) -> None:
    with pytest.raises(InvalidJob, match=said):
        components(v=value)


def test_an_argument_that_holds_itself() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidJob, match="nested deeper"):
        components(v=value)


KEYS = st.sampled_from(["a", "$input", "$$input", "$object", "kind"])
VALUES = st.recursive(
    st.sampled_from([0, "x", b"x", b"y"])
    | st.builds(NodeOutput, st.sampled_from(["a" * 64, "b" * 64]), st.sampled_from(["", "x"])),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
)


@given(VALUES, VALUES)
def test_no_two_arguments_are_written_alike(one: Any, other: Any) -> None:
    assert (canonical(components(v=one)) == canonical(components(v=other))) == (one == other)


SCRIPT = """
import json, sys
from sojourn.identity.steps import sign_step
def f(x): return x
print(json.dumps(sign_step(f, {"x": 1})))
"""


def test_a_script_is_named_after_its_file_however_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "co2.py").write_text(SCRIPT)
    commands = (["co2.py"], ["-m", "co2"], ["-c", "import co2"], [str(tmp_path / "co2.py")])
    answers = [
        json.loads(subprocess.check_output([sys.executable, *command], cwd=tmp_path, text=True))
        for command in commands
    ]
    assert answers[0][1]["step"]["module"] == "co2"
    assert answers[1:] == answers[:1] * 3
