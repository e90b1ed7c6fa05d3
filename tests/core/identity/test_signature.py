"""Signing: what counts, what does not, and what it costs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity.digests import MemoryMemo
from sojourn.identity.scan import Entry, scan
from sojourn.identity.signature import sign, sign_many
from sojourn.values.inputs import InputLike, JobOutput, NodeOutput
from sojourn.values.job import Input, Job, Remote
from sojourn.values.messages import Blob
from sojourn.values.remote import RemoteEntry, RemotePath
from sojourn.values.resources import Resources

SIGNATURE = "5" * 64


class Node:
    """A workflow's node, which may or may not know its value yet."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked = 0

    def __sojourn_input__(self) -> object:
        self.asked += 1
        return self.answer


def signature(**words: Any) -> str:
    """The signature of a job."""
    return sign(Job(**{"command": "true", **words})).signature


@pytest.mark.parametrize(
    "words",
    [
        {"name": "a"},
        {"resources": {"tasks": 2, "memory": "1GiB"}},
        {"secret_env": ["TOKEN"]},
        {"secret_env": {"TOKEN": "x"}},
        {"parameters": {}},
        {"accept_exit": [0, 0]},
        {"setup": "  \n"},
    ],
)
def test_what_does_not_count(words: dict[str, Any]) -> None:
    assert signature(**words) == signature()


@pytest.mark.parametrize(
    "words",
    [
        {"command": "true "},
        {"command": ["true"]},
        {"setup": "module load a"},
        {"env": {"A": "1"}},
        {"parameters": {"i": None}},
        {"version": "1"},
        {"check": "true"},
        {"accept_exit": [0, 1]},
        {"outputs": ["a"]},
        {"inputs": {"a": b""}},
        {"identity": ["resources.tasks"]},
    ],
)
def test_what_counts(words: dict[str, Any]) -> None:
    assert signature(**words) != signature()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"parameters": {"a": 1, "b": [1.0]}}, {"parameters": {"b": (1,), "a": 1.0}}),
        ({"outputs": ["a", "./b//c/"]}, {"outputs": ["b/c", Remote("a"), Remote("a")]}),
        ({"setup": "a\nb"}, {"setup": ["a", "b"]}),
        ({"env": {"A": 1}}, {"env": {"A": "1"}}),
        ({"version": 3}, {"version": "3"}),
        ({"accept_exit": [2, 0]}, {"accept_exit": (0, 2, 2)}),
        ({"inputs": {"a": b"x"}}, {"inputs": {"./a": Input(b"x", readonly=True)}}),
        ({"inputs": {"a": b"x", "b": b"y"}}, {"inputs": {"b": b"y", "a": b"x"}}),
    ],
)
def test_two_ways_to_say_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert signature(**one) == signature(**other)


def test_files_count_by_content_and_bit_not_by_place(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "run").write_bytes(b"#!/bin/sh\n")
    place, other = tmp_path / "x" / "run", tmp_path / "y" / "run"
    assert signature(inputs={"run": place}) == signature(inputs={"run": other})
    assert signature(inputs={"run": place}) == signature(inputs={"run": b"#!/bin/sh\n"})
    other.chmod(0o755)
    assert signature(inputs={"run": place}) != signature(inputs={"run": other})


def test_a_resolved_file_and_directory(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"abc")
    signed = sign(
        Job(
            command="true",
            inputs={"f": tmp_path / "f", "d": Input(tmp_path / "d", readonly=True), "b": b"xy"},
        )
    )
    by_name = {found.name: found for found in signed.inputs}
    file, tree, held = by_name["f"], by_name["d"], by_name["b"]
    assert (file.kind, file.size, file.readonly) == ("file", 3, False)
    assert file.blob() == Blob(file.digest, 3, tmp_path / "f")
    assert (tree.kind, tree.readonly) == ("tree", True)
    memo = MemoryMemo()
    blob = tree.blob(memo)
    assert blob is not None
    assert (blob.tree, blob.size, blob.source) == (True, 10240, tmp_path / "d")
    assert memo.archive(tree.digest) == (blob.digest, 10240)
    assert held.blob() == Blob(held.digest, 2, b"xy")
    assert signed.consumed == {name: found.digest for name, found in by_name.items()}
    assert signed.parents == ()


def test_outputs_of_jobs_go_by_signature() -> None:
    first = Job(command="make", outputs=["a.csv", "out"])
    second = Job(command="use", inputs={"a": first.output("a.csv"), "b": first.output("out/x")})
    signed = sign(second)
    (parent,) = signed.upstream
    assert parent == sign(first)
    assert signed.parents == (parent.signature,)
    assert [(found.kind, found.output) for found in signed.inputs] == [
        ("output", "a.csv"),
        ("output", "out/x"),
    ]
    assert signed.inputs[0].blob() is None
    known: dict[str, InputLike] = {
        "a": JobOutput(name="a.csv", signature=parent.signature),
        "b": NodeOutput(parent.signature, "out/x"),
    }
    again = sign(Job(command="use", inputs=known))
    assert again.signature == signed.signature
    assert again.upstream == ()


def test_a_long_chain_of_jobs() -> None:
    job = Job(command="0", outputs=["x"])
    for number in range(1, 3000):
        job = Job(command=str(number), inputs={"x": job.output("x")}, outputs=["x"])
    signed = sign(job)
    assert signed.upstream[0].upstream[0].job.command == "2997"


def test_a_shared_upstream_job_is_signed_once() -> None:
    asked: list[str] = []
    first = Job(command="first", outputs=["x"])
    jobs = [Job(command=str(at), inputs={"x": first.output("x")}) for at in range(5)]

    def extra(job: Job) -> dict[str, Any]:
        asked.append(str(job.command))
        return {"plugin": {"command": job.command}}

    signed = sign_many(jobs, extra=extra)
    assert asked == ["first", "0", "1", "2", "3", "4"]
    assert {one.upstream[0].signature for one in signed} == {sign(first, extra=extra).signature}


def test_a_node_counts_by_signature_before_and_after_it_has_a_value(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "d").mkdir()
    values = [None, tmp_path / "f", tmp_path / "d", b"abc", Remote("/data/x")]
    nodes = [Node(NodeOutput(SIGNATURE, "0", value)) for value in values]
    signed = [sign(Job(command="true", inputs={"x": node})) for node in nodes]
    assert len({one.signature for one in signed}) == 1
    assert [one.inputs[0].kind for one in signed] == ["output", "file", "tree", "file", "remote"]
    assert [one.parents for one in signed] == [(SIGNATURE,), (), (), (), ()]
    assert {(one.inputs[0].signature, one.inputs[0].output) for one in signed} == {(SIGNATURE, "0")}
    assert [node.asked for node in nodes] == [1] * 5


def test_a_node_may_stand_for_anything_else(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    for answer in (tmp_path / "f", str(tmp_path / "f"), Node(b"abc"), Input(b"abc")):
        assert signature(inputs={"x": Node(answer)}) == signature(inputs={"x": b"abc"})
    assert signature(inputs={"x": Node({"a": 3})}) == signature(inputs={"x": b'{"a": 3}'})
    with pytest.raises(InvalidJob, match="input 'x' is a object, which is no input"):
        signature(inputs={"x": Node(object())})
    endless = Node(None)
    endless.answer = endless
    with pytest.raises(InvalidJob, match="only ever names another node"):
        signature(inputs={"x": endless})


def test_jobs_in_a_circle() -> None:
    node = Node(None)
    job = Job(command="true", inputs={"x": node}, outputs=["y"])
    node.answer = job.output("y")
    with pytest.raises(InvalidJob, match="take each other's outputs"):
        sign(job)


class Machine:
    """Answers for paths on a machine, and counts the questions."""

    def __init__(self, files: dict[str, RemotePath | None]) -> None:
        self.files = files
        self.asked: list[list[str]] = []

    def __call__(self, paths: list[str]) -> dict[str, RemotePath | None]:
        self.asked.append(paths)
        return {path: self.files[path] for path in paths if path in self.files}


def there(path: str, size: int, mtime: int, real: str = "") -> RemotePath:
    return RemotePath(RemoteEntry("file", size, mtime), real or path)


def test_all_remote_paths_of_a_batch_are_asked_for_at_once() -> None:
    machine = Machine({"/a": there("/a", 1, 100), "/b": there("/b", 2, 200)})
    jobs = [
        Job(command="1", inputs={"x": Remote("/b"), "y": Remote("/a")}),
        Job(command="2", inputs={"x": Remote("/a")}),
        Job(command="3", inputs={"x": Remote("/c", version=1), "y": Remote("/d", digest="a" * 64)}),
    ]
    signed = sign_many(jobs, identify_remote=machine)
    assert machine.asked == [["/a", "/b"]]
    assert signed[1].components["inputs"]["x"] == {
        "kind": "remote", "path": "/a", "size": 1, "mtime": 100,
    }  # fmt: skip
    assert signed[0].inputs[0].remote == "/b"
    assert signed[0].inputs[0].blob() is None
    machine.files["/a"] = there("/a", 1, 101)
    assert sign(jobs[1], identify_remote=machine).signature != signed[1].signature
    sign(jobs[2], identify_remote=machine)
    assert len(machine.asked) == 2  # what has a version or a digest needs no question


@pytest.mark.parametrize("machine", [Machine({}), Machine({"/a": None})])
def test_a_remote_path_that_is_not_there(machine: Machine) -> None:
    with pytest.raises(InvalidJob, match="there is no '/a' on the machine"):
        sign(Job(command="true", inputs={"x": Remote("/a")}), identify_remote=machine)


def remote_signature(found: RemotePath) -> str:
    job = Job(command="true", inputs={"x": Remote("/d")})
    return sign(job, identify_remote=Machine({"/d": found})).signature


@given(st.data())
def test_whatever_changes_in_a_remote_directory_changes_its_identity(data: st.DataObject) -> None:
    entries = st.builds(
        RemoteEntry,
        kind=st.just("file"),
        size=st.integers(0, 3),
        mtime=st.integers(0, 3),
        executable=st.booleans(),
        target=st.sampled_from(["", "a", "b"]),
    )
    listings = st.dictionaries(st.sampled_from(["a", "b", "c/d"]), entries)
    first, second = data.draw(listings), data.draw(listings)
    same = data.draw(st.booleans())
    found = [
        remote_signature(RemotePath(RemoteEntry("directory"), "/d", one))
        for one in (first, first if same else second)
    ]
    assert (found[0] == found[1]) == (same or first == second)


def test_a_remote_link_that_leads_elsewhere_changes_the_identity() -> None:
    found = [remote_signature(there("/d", 1, 2, real)) for real in ("", "/v1", "/v2")]
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("too many", "'/d' on the machine holds too much to be listed"),
        ("find: './x': Permission denied", r"cannot be listed: find: './x': Permission denied"),
    ],
)
def test_a_remote_directory_that_cannot_be_listed(error: str, said: str) -> None:
    with pytest.raises(InvalidJob, match=said) as caught:
        remote_signature(RemotePath(RemoteEntry("directory"), "/d", {}, error))
    assert "version=" in caught.value.hint


def test_a_remote_directory_with_a_name_that_is_not_utf8() -> None:
    with pytest.raises(InvalidJob, match="not UTF-8"):
        remote_signature(
            RemotePath(RemoteEntry("directory"), "/d", {"\udcff": RemoteEntry("file")})
        )


def test_a_remote_path_without_a_machine() -> None:
    with pytest.raises(InvalidJob, match="can only be asked of its machine") as caught:
        sign(Job(command="true", inputs={"x": Remote("/a")}))
    assert "digest=" in caught.value.hint


def test_identity_draws_in_what_is_asked_for() -> None:
    job = Job(
        command="true",
        name="n",
        resources={"tasks": 4, "native": ["-x"]},
        identity=["machine", "resources.tasks", "resources.memory", "resources.native"],
    )
    defaults = Resources(memory="1GiB", native=["-y"])
    signed = sign(job, machine="hpc", defaults=defaults)
    assert signed.components["identity"] == {
        "machine": "hpc",
        "resources.tasks": 4,
        "resources.memory": 2**30,
        "resources.native": ["-y", "-x"],
    }
    assert sign(job, machine="other", defaults=defaults).signature != signed.signature
    more = job.replace(resources={"tasks": 8})
    assert sign(more, machine="hpc").signature != sign(job, machine="hpc").signature
    with pytest.raises(InvalidJob, match="none is named"):
        sign(job)


@pytest.mark.parametrize("part", [None, "", {}, [], (), 0, False, "x"])
def test_a_plugin_adds_nothing_just_if_its_part_is_empty(part: Any) -> None:
    added = sign(Job(command="true"), extra=lambda _: {"p": part}).components.get("plugins")
    assert added == (None if part in (None, "", {}, [], ()) else {"p": part})


@pytest.mark.parametrize(
    ("part", "said"),
    [({"a": object()}, "plugins.p.a is of type object"), (float("nan"), "plugins.p is nan")],
)
def test_what_a_plugin_adds_must_be_json(part: Any, said: str) -> None:
    with pytest.raises(InvalidJob, match=said):
        sign(Job(command="true"), extra=lambda _: {"p": part})


def test_a_script_counts_without_its_directives(tmp_path: Path) -> None:
    path = tmp_path / "job.sh"
    path.write_text("#!/bin/sh\n#SBATCH -n 4\nsrun x\n")
    signed = sign(Job(script=path))
    assert signed.components == {"format": 2, "script": "#!/bin/sh\nsrun x\n"}
    assert signed.script == "#!/bin/sh\n#SBATCH -n 4\nsrun x\n"
    path.write_text("#!/bin/sh\n#PBS -l select=1\nsrun x\n")
    assert sign(Job(script=path)).signature == signed.signature


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no file"), (b"\xff", "not UTF-8"), (b" \n", "no text"), (b"a\0", "no text")],
)
def test_scripts_that_cannot_be(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "s").write_bytes(content)
    with pytest.raises(InvalidJob, match=f"script.*{said}"):
        sign(Job(script=tmp_path / "s"))


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidJob, match=r"(?m)^input 'mesh.dat': there is no file '.*/gone'$"):
        sign(Job(command="true", inputs={"mesh.dat": tmp_path / "gone"}))


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1)


@given(st.dictionaries(NAMES.filter(lambda name: name not in (".", "..")), st.binary(), max_size=5))
def test_any_sound_name_can_be_an_input(contents: dict[str, bytes]) -> None:
    inputs = {name[:60]: content for name, content in contents.items()}
    signed = sign(Job(command="true", inputs=inputs))
    assert [(found.name, found.content) for found in signed.inputs] == list(inputs.items())


@given(
    st.lists(
        st.fixed_dictionaries(
            {"command": st.sampled_from(["a", "b"])},
            optional={
                "parameters": st.dictionaries(st.sampled_from("ab"), st.integers(0, 1)),
                "version": st.integers(0, 1),
                "outputs": st.lists(st.sampled_from("ab")),
                "check": st.sampled_from("ab"),
                "env": st.dictionaries(st.sampled_from("AB"), st.sampled_from("ab")),
            },
        ),
        min_size=2,
        max_size=2,
    )
)
def test_signatures_are_equal_just_if_the_meaning_is(pair: list[dict[str, Any]]) -> None:
    def meaning(words: dict[str, Any]) -> tuple[Any, ...]:
        words = {key: value for key, value in words.items() if value or value == 0}
        return tuple(
            sorted(
                (key, sorted(set(value)) if key == "outputs" else value)
                for key, value in words.items()
            )
        )

    one, other = (signature(**words) for words in pair)
    assert (one == other) == (meaning(pair[0]) == meaning(pair[1]))


def test_a_batch_is_answered_in_its_order(tmp_path: Path) -> None:
    jobs = [Job(command=f"echo {at}") for at in range(20)]
    assert [one.job for one in sign_many([*jobs, jobs[0]])] == [*jobs, jobs[0]]
    assert sign_many([]) == []


def test_a_directory_shared_by_many_jobs_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    scanned: list[Path] = []

    def counting(root: Path, what: str) -> list[Entry]:
        scanned.append(root)
        return scan(root, what)

    monkeypatch.setattr("sojourn.identity.trees.scan", counting)
    sign_many([Job(command=str(at), inputs={"d": tmp_path}) for at in range(5)])
    assert scanned == [tmp_path]
