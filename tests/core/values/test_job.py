"""Jobs: what can be said, in how many ways, and one line for every mistake."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sojourn.errors import EXIT_USAGE, InvalidJob
from sojourn.values.inputs import JobOutput, NodeOutput
from sojourn.values.job import Input, Job, Remote
from sojourn.values.resources import Resources


def refused(said: str, hint: str = "", **words: Any) -> None:
    """A job of these words is refused with such a reason, in one line."""
    with pytest.raises(InvalidJob, match=said) as caught:
        Job(**words)
    assert "\n" not in caught.value.message + caught.value.hint
    assert hint in caught.value.hint
    assert caught.value.exit_status == EXIT_USAGE
    assert caught.value.__cause__ is None


def test_defaults() -> None:
    job = Job(command="true")
    assert (job.inputs, job.outputs, job.setup, job.env, job.parameters) == ({}, (), (), {}, {})
    assert (job.accept_exit, job.resources, job.name, job.script) == ((0,), Resources(), None, None)


def test_command_and_script() -> None:
    refused("needs a command or a script")
    refused("either a command or a script", command="a", script="b")
    refused("command is empty", command=" \n")
    refused("command is empty", command=[])
    refused("command is empty", command=["", "a"])
    refused("command holds a NUL", command="a\0")
    refused("argument 1 of the command is 3, which is no text", command=["a", 3])
    refused("command is 3", command=3)
    refused("script is 3", script=3)
    assert Job(command=("a", "")).command == ("a", "")
    assert Job(script="x/../job.sh").script == Path.cwd() / "job.sh"
    assert Job(script=Path("/s")).command_line == ""


def test_a_list_of_arguments_as_a_line() -> None:
    arguments = ["echo", "a b", "it's", "$HOME", "", "\n"]
    assert Job(command=arguments).command_line == "echo 'a b' 'it'\"'\"'s' '$HOME' '' '\n'"
    assert Job(command="a | b").command_line == "a | b"


def test_mistaken_words_name_the_nearest() -> None:
    refused("Job has no 'comand'", "did you mean 'command'?", comand="x")
    refused("Job has no 'output'", "did you mean 'outputs'?", command="x", output=["a"])
    refused("Job has no 'zzz'", "valid: accept_exit, check, command", command="x", zzz=1)
    with pytest.raises(InvalidJob, match="takes keywords only, not 'true'") as caught:
        Job("true")  # type: ignore[call-arg]
    assert caught.value.hint == "Job(command=...)"


def test_resources() -> None:
    assert Job(command="x", resources={"memory": "1GiB"}).resources.memory == 2**30
    assert Job(command="x", resources=Resources(tasks=2)).resources.tasks == 2
    refused("Resources has no 'memry'", "'memory'", command="x", resources={"memry": 1})
    refused("resources.memory: 'x' is not a size", command="x", resources={"memory": "x"})
    refused("resources: input should be a valid dict", command="x", resources=3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/a", "name of an input is absolute: '/a'"),
        ("../a", "name of an input leaves the job's directory"),
        ("a/..", "name of an input leaves"),
        ("", "name of an input is empty"),
        ("./.", "name of an input is empty"),
        ("a\0", "name of an input holds a NUL"),
        ("\udcff", "name of an input is not UTF-8"),
        ("é" * 128, "name of an input is longer than 255 bytes"),
        (3, "name of an input is 3, which is no text"),
    ],
)
def test_names_of_inputs_that_cannot_be(name: Any, said: str) -> None:
    refused(said, command="x", inputs={name: b""})


def test_inputs_in_each_other_s_way() -> None:
    refused("two inputs are called 'a/b'", command="x", inputs={"a/b": b"", "./a//b": b""})
    refused(
        "input 'a/b/c' would lie inside input 'a'", command="x", inputs={"a": b"", "a/b/c": b""}
    )
    refused("input 'a/b' would lie inside input 'a'", command="x", inputs={"a/b": b"", "a": b""})
    assert list(Job(command="x", inputs={"a": b"", "a.b/c": b"", "ab": b""}).inputs) == [
        "a",
        "a.b/c",
        "ab",
    ]


def test_inputs_of_every_kind(tmp_path: Path) -> None:
    job = Job(
        command="x",
        inputs={
            "text": "a/b",
            "path": tmp_path,
            "home": "~/c",
            "bytes": bytearray(b"x"),
            "remote": Remote("/data"),
            "output": JobOutput(name="o", signature="a" * 64),
            "link": Input("x", readonly=True),
        },
    )
    sources = {name: given.source for name, given in job.inputs.items()}
    assert sources["text"] == Path.cwd() / "a" / "b"
    assert sources["path"] == tmp_path
    assert sources["home"] == Path(os.environ["HOME"], "c")
    assert sources["bytes"] == b"x"
    assert job.inputs["link"] == Input(Path("x").absolute(), readonly=True)
    assert Input(job.inputs["link"]).readonly
    assert "x" not in repr(Input(b"x" * 9)).removeprefix("Input(<9 bytes>")


@pytest.mark.parametrize(
    ("source", "said", "hint"),
    [
        (object(), "input 'a' is a object, which is no input", "give a path"),
        (float("nan"), "input 'a' is nan, which is not a finite number", ""),
        ({"b": Path("x")}, "input 'a'.b is of type PosixPath", ""),
        (None, "input 'a' is a NoneType, which is no input", "give a path"),
        ("", "input 'a' is no path: ''", ""),
        ("x\0", "input 'a' is no path", ""),
        (Remote("data"), "Remote path 'data' is not absolute", "whole path"),
        (Job(command="x"), "input 'a' is a Job, which is no input", "job.output('name')"),
    ],
)
def test_inputs_that_cannot_be(source: Any, said: str, hint: str) -> None:
    refused(said, hint, command="x", inputs={"a": source})


def test_inputs_are_no_list() -> None:
    refused("inputs is ", 'inputs={"name in the job": "path"}', command="x", inputs=["a"])


def test_remote_paths_that_cannot_be() -> None:
    for words, said in (
        ({"path": ""}, "is empty"),
        ({"path": "/a\0"}, "holds a NUL"),
        ({"path": 3}, "is 3, which is no text"),
        ({"path": "/a", "digest": "abc"}, "is not a SHA-256"),
        ({"path": "/a", "digest": "a" * 64, "version": "1"}, "both a digest and a version"),
        ({"path": "/a", "version": 1.5}, "version of a Remote path is 1.5"),
        ({"path": "/a", "version": ""}, "version of a Remote path is empty"),
    ):
        with pytest.raises(InvalidJob, match=said):
            Remote(**words)
    assert Remote(Path("/a"), digest="SHA256:" + "A" * 64) == Remote("/a", digest="a" * 64)  # type: ignore[arg-type]


def test_outputs() -> None:
    job = Job(command="x", outputs=["b", "./a", Remote("big/*.h5"), "b"])
    assert job.outputs == ("b", "a", Remote("big/*.h5"))
    assert (job.fetched_outputs, job.remote_outputs) == (("b", "a"), ("big/*.h5",))
    assert Job(command="x", outputs="a").outputs == ("a",)
    assert Job(command="x", outputs=Remote("a")).remote_outputs == ("a",)
    refused("output is absolute: '/a'", command="x", outputs=["/a"])
    refused("output leaves the job's directory", command="x", outputs=[Remote("../a")])
    refused("'a' is both fetched and Remote", command="x", outputs=["a", Remote("./a")])
    refused("has a digest or version", command="x", outputs=[Remote("a", version=1)])
    refused("output is 3", command="x", outputs=[3])
    refused("outputs is 3", "give a list", command="x", outputs=3)


def test_an_output_as_an_input() -> None:
    job = Job(command="x", outputs=["a", "dir", "t/*.csv", Remote("big")])
    for name in ("a", "./a", "dir/x/y", "t/1.csv", "big/z"):
        assert job.output(name).job is job
    with pytest.raises(InvalidJob, match="the job has no output 'b'") as caught:
        job.output("b")
    assert caught.value.hint == "its outputs are: a, dir, t/*.csv, big"
    with pytest.raises(InvalidJob, match="is a pattern of outputs"):
        job.output("t/*.csv")
    with pytest.raises(InvalidJob, match="leaves the job's directory"):
        job.output("../a")
    for words in ({}, {"job": job, "signature": "a" * 64}):
        with pytest.raises(InvalidJob, match="either a job or a signature"):
            JobOutput(name="a", **words)  # type: ignore[arg-type]
    with pytest.raises(InvalidJob, match="signature is not a SHA-256"):
        JobOutput(name="a", signature="abc")
    with pytest.raises(InvalidJob, match="signature of a node is not a SHA-256"):
        NodeOutput("abc")


def test_environment() -> None:
    assert Job(command="x", env={"A": "x\ny", "B_1": 3}).env == {"A": "x\ny", "B_1": "3"}
    refused(
        "name in env is not a name for a variable: '1A'",
        "no digit first",
        command="x",
        env={"1A": ""},
    )
    refused("name in env is not a name", command="x", env={"A-B": ""})
    refused("name in env is not a name", command="x", env={"": ""})
    refused("name in env is not a name", command="x", env={"A\n": ""})
    refused("env A is True, which is no text", command="x", env={"A": True})
    refused("env A is 1.5, which is no text", command="x", env={"A": 1.5})
    refused("env A holds a NUL", command="x", env={"A": "\0"})
    refused("env is ", 'env={"NAME": "value"}', command="x", env=["A=1"])


def test_secrets_are_nowhere_but_where_they_are_asked_for() -> None:
    job = Job(command="x", secret_env={"TOKEN": "hidden", "OTHER": None})
    assert job.secrets({"OTHER": "too"}) == {"TOKEN": "hidden", "OTHER": "too"}
    shown = (repr(job), str(job), json.dumps(job.to_json()), str(job.model_dump()))
    assert not any("hidden" in text for text in shown)
    assert Job(command="x", secret_env=["A", "B"]).secrets({"A": "1", "B": "", "C": "3"}) == {
        "A": "1",
        "B": "",
    }
    with pytest.raises(InvalidJob, match="the secret A is not set") as caught:
        Job(command="x", secret_env="A").secrets({})
    assert "export A=" in caught.value.hint
    refused("A stands in both env and secret_env", command="x", env={"A": 1}, secret_env=["A"])
    refused("name in secret_env is not a name", command="x", secret_env=["A B"])
    refused("^the value of secret A is no text$", command="x", secret_env={"A": 12345})
    refused("^the value of secret A is no text$", command="x", secret_env={"A": "hidden\0"})


def test_secrets_come_from_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(command="x", secret_env=["SOJOURN_TEST_TOKEN"])
    monkeypatch.setenv("SOJOURN_TEST_TOKEN", "here")
    assert job.secrets() == {"SOJOURN_TEST_TOKEN": "here"}


def test_parameters() -> None:
    assert Job(command="x", parameters={"a": (1, {"b": None})}).parameters == {
        "a": [1, {"b": None}]
    }
    refused("parameters is 3", 'parameters={"replicate": 3}', command="x", parameters=3)
    refused("parameters.a is nan", command="x", parameters={"a": float("nan")})
    refused(
        r"parameters.a\[1\].b is of type PosixPath",
        command="x",
        parameters={"a": [0, {"b": Path()}]},
    )
    refused("parameters has the key 1", command="x", parameters={1: 2})


def test_what_is_given_may_change_afterwards() -> None:
    inputs: dict[str, Any] = {"a": b""}
    parameters: dict[str, Any] = {"a": [1]}
    job = Job(command="x", inputs=inputs, parameters=parameters)
    inputs["b"] = b""
    parameters["a"].append(2)
    assert (list(job.inputs), job.parameters) == (["a"], {"a": [1]})
    with pytest.raises(ValidationError):
        job.command = "y"


def test_the_rest() -> None:
    job = Job(
        command="x",
        setup=["a\nb\n", " ", "c"],
        version=2,
        identity=["resources.tasks", "machine", "machine"],
        accept_exit=[3, 0, 3],
        name="a b",
    )
    assert job.setup == ("a\nb", "c")
    assert job.version == "2"
    assert job.identity == ("machine", "resources.tasks")
    assert job.accept_exit == (0, 3)
    assert Job(command="x", accept_exit=1).accept_exit == (1,)
    refused("setup is 3", command="x", setup=3)
    refused("setup is 3", command="x", setup=[3])
    refused("version is 1.5", "as text", command="x", version=1.5)
    refused("version is True", command="x", version=True)
    refused(
        "cannot draw in 'resources.task'",
        "'resources.tasks'",
        command="x",
        identity=["resources.task"],
    )
    refused("cannot draw in 3", command="x", identity=[3])
    refused("accept_exit holds 256", command="x", accept_exit=[256])
    refused("accept_exit holds True", command="x", accept_exit=[True])
    refused("accept_exit holds '0'", command="x", accept_exit=["0"])
    refused("accept_exit is empty", command="x", accept_exit=[])
    refused("check is empty", command="x", check=" ")
    refused("name is empty", command="x", name="")
    refused("name is not UTF-8", command="x", name="\ud800")


AWKWARD = (
    "a b",
    'it\'s "quoted"',
    "new\nline",
    "-n",
    "--",
    "été ☃ 😀",
    "x" * 200,
    "$(rm)",
    "a\\b",
    "*?[",
)


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_work_everywhere(name: str) -> None:
    job = Job(
        command=["cat", name], inputs={name: b"", f"d/{name}": b""}, outputs=[name], name=name,
        env={"A": name}, parameters={name: name},
    )  # fmt: skip
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
    assert list(job.inputs) == [name, f"d/{name}"]


def test_replace_validates_again() -> None:
    job = Job(command="x", resources={"tasks": 2}, inputs={"a": b""}, secret_env={"A": "1"})
    more = job.replace(resources={"memory": "1GiB"}, name="n")
    assert more.resources.given() == {"memory": 2**30}
    assert (more.inputs, more.secrets()) == (job.inputs, {"A": "1"})
    assert job.replace(command=None, script="s").command is None
    with pytest.raises(InvalidJob, match="Job has no 'nam'"):
        job.replace(nam="n")


def test_a_job_can_be_sent_to_another_process() -> None:
    job = Job(command="x", inputs={"a": b"", "b": Remote("/x")}, secret_env={"A": "1"})
    assert pickle.loads(pickle.dumps(job)) == job


class Node:
    """A workflow's node."""

    def __sojourn_input__(self) -> object:
        return NodeOutput("b" * 64, "x")


def test_records(tmp_path: Path) -> None:
    first = Job(command="first", outputs=["o"])
    job = Job(
        command=["a", "b"],
        inputs={
            "p": tmp_path,
            "b": Input(b"\xff", readonly=True),
            "r": Remote("/r", version=1),
            "d": Remote("/r", digest="c" * 64),
            "o": first.output("o"),
            "n": Node(),
            "v": NodeOutput("d" * 64, "", tmp_path),
        },
        outputs=["x", Remote("y")],
        resources={"memory": "1GiB", "native": ["-x"], "requeue": False},
        setup="s",
        env={"A": 1},
        secret_env={"B": "hidden"},
        parameters={"p": [1.5]},
        version=1,
        identity=["machine"],
        check="c",
        accept_exit=[0, 1],
        name="n",
    )
    with pytest.raises(InvalidJob, match="input 'o' comes from a job that has not been signed"):
        job.to_json()
    record = json.loads(json.dumps(job.to_json({id(first): "a" * 64})))
    found = Job.from_json(record)
    for word in Job.model_fields.keys() - {"inputs", "secret_env"}:
        assert getattr(found, word) == getattr(job, word), word
    assert found.secret_env == {"B": None}
    assert found.inputs == {
        **job.inputs,
        "o": Input(JobOutput(name="o", signature="a" * 64)),
        "n": Input(NodeOutput("b" * 64, "x")),
    }
    assert found.to_json() == record
    script = Job(script=tmp_path / "s")
    assert Job.from_json(script.to_json()) == script


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"new": 1},
        {"command": None},
        {"inputs": {"a": {}}},
        {"inputs": {"a": {"base64": "§"}}},
        {"inputs": {"a": {"base64": 3}}},
        {"inputs": {"a": {"output": "x"}}},
        {"inputs": {"a": {"path": 3}}},
        {"inputs": {"a": "x"}},
        {
            "inputs": {
                "a": {"node": "a" * 64, "output": "", "value": {"of": "a" * 64, "output": "x"}}
            }
        },
        {"inputs": ["a"]},
        {"outputs": [{"local": "x"}]},
        {"resources": {"tasks": "x"}},
    ],
)
def test_records_that_cannot_be_read(change: dict[str, Any]) -> None:
    record = {**Job(command="x").to_json(), **change}
    with pytest.raises(InvalidJob):
        Job.from_json(record)


WORDS = st.fixed_dictionaries(
    {"command": st.sampled_from(["x", ["a", "b"]])},
    optional={
        "inputs": st.dictionaries(st.sampled_from(["a", "b c", "é"]), st.binary(max_size=3)),
        "outputs": st.lists(st.sampled_from(["a", "*.x", Remote("r")])),
        "resources": st.fixed_dictionaries(
            {},
            optional={
                "tasks": st.integers(1, 3),
                "exclusive": st.booleans(),
                "walltime": st.just("2h"),
            },
        ),
        "setup": st.lists(st.sampled_from(["a", "b\nc", ""])),
        "env": st.dictionaries(st.sampled_from("AB"), st.text("x\n'", max_size=3)),
        "secret_env": st.lists(st.sampled_from("CD")),
        "parameters": st.dictionaries(st.text(max_size=2), st.integers() | st.floats() | st.none()),
        "version": st.integers() | st.text(max_size=2),
        "accept_exit": st.lists(st.integers(0, 255), max_size=3),
        "name": st.text(max_size=3),
    },
)


@given(WORDS)
def test_every_job_comes_back_from_its_record(words: dict[str, Any]) -> None:
    try:
        job = Job(**words)
    except InvalidJob:
        assume(False)
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_inputs_that_are_values() -> None:
    job = Job(
        command="x",
        inputs={
            "dict": {"b": [1, 2.5, None], "a": "ä"},
            "list": [],
            "tuple": (1,),
            "number": 3,
            "switch": True,
            "text": Input(text="a = ä\n"),
            "json": Input(json="a/b", readonly=True),
            "null": Input(json=None),
        },
    )
    assert {name: given.source for name, given in job.inputs.items()} == {
        "dict": b'{"a": "\\u00e4", "b": [1, 2.5, null]}',
        "list": b"[]",
        "tuple": b"[1]",
        "number": b"3",
        "switch": b"true",
        "text": "a = ä\n".encode(),
        "json": b'"a/b"',
        "null": b"null",
    }
    assert job.inputs["json"].readonly
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_an_input_is_one_thing() -> None:
    wrong: list[dict[str, Any]] = [{}, {"source": "a", "text": "b"}, {"text": "a", "json": 1}]
    for words in wrong:
        with pytest.raises(InvalidJob, match="exactly one of a source, text= and json="):
            Input(**words)
    with pytest.raises(InvalidJob, match="text= of an Input is 3"):
        Input(text=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidJob, match="not UTF-8"):
        Input(text="\ud800")


def test_streams_and_working_directory() -> None:
    words: dict[str, Any] = {
        "workdir": "./a//b/",
        "stdin": "in",
        "stdout": "out/x",
        "stderr": "out/x",
    }
    job = Job(command="x", inputs={"in": b""}, outputs=["out"], **words)
    assert (job.workdir, job.stdin, job.stdout, job.stderr) == ("a/b", "in", "out/x", "out/x")
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
    assert Job(command="x", inputs={"d": b""}, stdin="d/f").stdin == "d/f"
    assert Job(command="x", outputs=[Remote("*.log")], stdout="a.log").stdout == "a.log"
    for word in words:
        refused(f"{word} is absolute", command="x", **{word: "/a"})
        refused(f"{word} leaves the job's directory", command="x", **{word: "../a"})
        number: dict[str, Any] = {word: 3}
        refused(f"{word} is 3", command="x", **number)
    refused("stdin is 'i', which is not an input", "inputs={'i': PATH}", command="x", stdin="i")
    refused("stdin is 'ab'", command="x", inputs={"a": b""}, stdin="ab")
    refused("stdout is 'o', which is not an output", "outputs=['o']", command="x", stdout="o")
    refused("stderr is 'o', which is not an output", "outputs=['o']", command="x", stderr="o")
    refused("overwrite 'a'", command="x", inputs={"a": b""}, outputs=["a"], stdin="a", stdout="a")
