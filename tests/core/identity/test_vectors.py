"""docs/identity-vectors.json against the code, and against an implementation of the page alone."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.identity.archive import archive_digest
from sojourn.identity.canonical import canonical, signature_of
from sojourn.identity.digests import Digests
from sojourn.identity.directives import published
from sojourn.identity.script_text import without_directives
from sojourn.identity.signature import sign
from sojourn.identity.trees import read_tree
from sojourn.values.remote import RemotePath
from sojourn.values.resources import Resources
from tests.core.identity import independent
from tests.core.identity.described import make_directory, make_job, remote_path

DOCS = Path(__file__).resolve().parents[3] / "docs"
VECTORS = json.loads((DOCS / "identity-vectors.json").read_text())


def each(section: str) -> pytest.MarkDecorator:
    """Run a test with every vector of a section."""
    vectors = VECTORS[section]
    return pytest.mark.parametrize("vector", vectors, ids=[one["name"] for one in vectors])


def test_there_are_enough_of_each() -> None:
    assert {
        section: len(found) for section, found in VECTORS.items() if isinstance(found, list)
    } == {
        "canonical": 14,
        "refused": 7,
        "directories": 7,
        "directories_refused": 5,
        "scripts": 13,
        "jobs": 28,
        "steps": 4,
    }


@each("canonical")
def test_canonical_text(vector: dict[str, Any]) -> None:
    assert canonical(vector["value"]).decode() == vector["canonical"]
    assert independent.canonical(vector["value"]) == vector["canonical"]
    assert hashlib.sha256(vector["canonical"].encode()).hexdigest() == vector["sha256"]


@each("refused")
def test_what_cannot_be_written(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidJob):
        canonical(json.loads(vector["json"]))


@each("directories")
def test_a_directory(vector: dict[str, Any], tmp_path: Path) -> None:
    root = make_directory(tmp_path / "d", vector["entries"])
    tree = read_tree(root, Digests(), "directory")
    assert canonical(tree.entries).decode() == vector["listing"]
    assert tree.digest == vector["digest"]
    assert independent.canonical(independent.listing(vector["entries"])) == vector["listing"]
    assert hashlib.sha256(vector["listing"].encode()).hexdigest() == vector["digest"]
    archive = vector["archive"]
    assert archive_digest(root, tree.digest, None) == (archive["sha256"], archive["size"])


@each("directories_refused")
def test_a_directory_without_identity(vector: dict[str, Any], tmp_path: Path) -> None:
    root = make_directory(tmp_path / "d", vector["entries"])
    with pytest.raises(InvalidJob, match="leads out of the directory"):
        read_tree(root, Digests(), "directory")


def test_the_tables_of_directives_are_published() -> None:
    assert (DOCS / "identity-directives.json").read_text() == published()


@each("scripts")
def test_a_script_without_its_directives(vector: dict[str, Any]) -> None:
    assert without_directives(vector["text"]) == vector["identity"]
    assert independent.script_text(vector["text"]) == vector["identity"]


@each("jobs")
def test_a_job(vector: dict[str, Any], tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def identify_remote(paths: list[str]) -> dict[str, RemotePath]:
        asked.append(paths)
        return {path: remote_path(vector["remote"][path]) for path in paths}

    signed = sign(
        make_job(tmp_path, vector["job"]),
        identify_remote=identify_remote,
        extra=lambda _: vector.get("plugins", {}),
        machine=vector.get("machine"),
        defaults=Resources(**vector.get("defaults", {})),
    )
    assert signed.components == vector["components"]
    assert signed.signature == vector["signature"]
    assert asked == ([list(vector["remote"])] if "remote" in vector else [])


@each("jobs")
def test_a_job_by_the_page_alone(vector: dict[str, Any]) -> None:
    components = independent.job(vector)
    assert components == vector["components"]
    assert independent.canonical(components) == vector["canonical"]
    assert hashlib.sha256(vector["canonical"].encode()).hexdigest() == vector["signature"]


@each("steps")
def test_a_step(vector: dict[str, Any]) -> None:
    assert canonical(vector["components"]).decode() == vector["canonical"]
    assert independent.canonical(vector["components"]) == vector["canonical"]
    assert signature_of(vector["components"]) == vector["signature"]
    assert independent.digest(vector["components"]) == vector["signature"]


def test_all_signatures_differ_but_those_said_to_be_equal() -> None:
    by_signature: dict[str, list[str]] = {}
    for vector in VECTORS["jobs"] + VECTORS["steps"]:
        by_signature.setdefault(vector["signature"], []).append(vector["name"])
    assert [names for names in by_signature.values() if len(names) > 1] == [
        ["smallest", "name and resources do not count", "empty is not given"],
        ["bytes are a file", "the same as a file"],
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_both_implementations_write_every_value_alike(value: Any) -> None:
    assert independent.canonical(value) == canonical(value).decode()


MARKS = [mark for table in independent.DIRECTIVES for mark in table["marks"]]
WORDS = ["-t", "5", "-t5", "--time=5", "--uid=3", "--time", "-l", "walltime=1,foo=2", "--x", "-h"]
WORDS += ["#", "#c", "'a", "'a'", "--mem='4'", "a\\", "-pe", "select=1:ncpus=2:image=x", "-q", "-H"]
DIRECTIVE = st.tuples(
    st.sampled_from(["", "", " "]),
    st.sampled_from(MARKS),
    st.sampled_from(["", " ", "\t", "\v", "\u00a0"]),
    st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
).map("".join)
PLAIN = st.sampled_from(["", " # c", "ls", "#!/bin/sh", "\t", "x\r", ": x"])


@given(st.lists(DIRECTIVE | DIRECTIVE | PLAIN))
def test_both_implementations_read_every_script_alike(lines: list[str]) -> None:
    for text in ("\n".join(lines), "".join(f"{line}\n" for line in lines)):
        assert independent.script_text(text) == without_directives(text)
