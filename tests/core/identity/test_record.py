"""Signed jobs, written down and read back by another process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sojourn.errors import InvalidJob
from sojourn.identity import record
from sojourn.identity.signature import SignedJob, sign
from sojourn.values.inputs import NodeOutput
from sojourn.values.job import Input, Job, Remote


@pytest.fixture
def signed(tmp_path: Path) -> SignedJob:
    """A signed job with inputs of every kind."""
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "f").chmod(0o755)
    (tmp_path / "d").mkdir()
    (tmp_path / "s.sh").write_text("#!/bin/sh\n#SBATCH -n 1\nx\n")
    first = Job(command="first", outputs=["o"])
    job = Job(
        script=tmp_path / "s.sh",
        inputs={
            "f": Input(tmp_path / "f", readonly=True),
            "d": tmp_path / "d",
            "b": b"\0\xff",
            "r": Remote("/data", version="1"),
            "o": first.output("o"),
            "n": NodeOutput("a" * 64, "x"),
            "v": NodeOutput("b" * 64, "", tmp_path / "f"),
            "w": NodeOutput("c" * 64, "", b"w"),
        },
        parameters={"big": 5.906182580631357e16, "one": 1.0},
        secret_env={"TOKEN": "hidden"},
        env={"A": "1"},
    )
    return sign(job)


def through_json(signed: SignedJob) -> SignedJob:
    """What another process reads."""
    return record.from_json(json.loads(json.dumps(record.to_json(signed))))


def test_it_comes_back_whole_without_looking_at_a_file(signed: SignedJob, tmp_path: Path) -> None:
    for name in ("f", "s.sh"):
        (tmp_path / name).unlink()
    (tmp_path / "d").rmdir()
    found = through_json(signed)
    assert found.signature == signed.signature
    assert found.components == signed.components
    assert found.inputs == signed.inputs
    assert found.script == signed.script
    assert found.parents == signed.parents
    assert through_json(found) == found


def test_no_value_of_a_secret_is_written(signed: SignedJob) -> None:
    written = json.dumps(record.to_json(signed))
    assert "hidden" not in written
    found = through_json(signed).job
    assert found.secrets({"TOKEN": "again"}) == {"TOKEN": "again"}
    with pytest.raises(InvalidJob, match="the secret TOKEN is not set"):
        found.secrets({})


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "components": lambda entry: entry["components"].update(env={"A": "2"}),
    "no signature": lambda entry: entry.pop("signature"),
    "no job": lambda entry: entry.pop("job"),
    "job of a later release": lambda entry: entry["job"].update(format=2),
    "later word": lambda entry: entry["job"].update(container="x"),
    "input without component": lambda entry: entry["inputs"].update(z={"kind": "file"}),
    "input of another kind": lambda entry: entry["inputs"]["r"].update(kind="tree"),
    "output of a file": lambda entry: entry["inputs"]["f"].update(kind="output"),
    "inputs are a list": lambda entry: entry.update(inputs=[]),
    "bytes": lambda entry: entry["job"]["inputs"]["b"].update(base64="?"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_refused(
    damage: Callable[[dict[str, Any]], object], signed: SignedJob
) -> None:
    written = json.loads(json.dumps(record.to_json(signed)))
    damage(written)
    with pytest.raises(InvalidJob):
        record.from_json(written)
