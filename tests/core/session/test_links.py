"""Symbolic links that a job leaves in its outputs."""

import os
from pathlib import Path

import pytest

from sojourn import Job
from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def test_links_that_lead_out_are_left_out_and_all_else_comes(place: Place) -> None:
    job = Job(
        command=(
            "mkdir -p d/e; echo x >d/f; ln -s f d/in; ln -s ../f d/e/up; ln -s .. d/e/top;"
            "ln -s /etc/passwd d/absolute; ln -s ../../../f d/e/far; ln -s top/../.. d/e/trick"
        ),
        outputs=["d"],
        name="linked",
    )
    with place.session() as session:
        handle = session.submit([job])[0]
        session.poll_until_final([session.record(handle.signature)], timeout=60)
        result = session.run(job)
        there = {path.relative_to(result.path).as_posix() for path in result.path.rglob("*")}
        record = session.record(handle.signature)
        assert session.run(job).path == result.path
    assert there == {"d", "d/e", "d/f", "d/in", "d/e/up", "d/e/top"}
    assert (result.path / "d/e/up").read_text() == "x\n"
    assert record.reason.startswith("its result is without 3 links that lead out of it: ")
    assert "'d/absolute' to '/etc/passwd'" in record.reason
    assert any(line.startswith("job linked: its result is without 3 links") for line in place.lines)


def test_an_output_that_is_itself_a_link_is_what_it_leads_to(place: Place) -> None:
    data = place.folder / "data"
    data.write_text("far away\n")
    job = Job(command=["ln", "-s", os.fspath(data), "out"], outputs=["out"])
    with place.session() as session:
        handle = session.submit([job])[0]
        session.poll_until_final([session.record(handle.signature)], timeout=60)
        result = session.run(job)
    assert result["out"].read_text() == "far away\n"
    assert not result["out"].is_symlink()
