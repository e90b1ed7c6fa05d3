"""Paths on the machine as inputs: what changes there makes another job."""

import os
from pathlib import Path

import pytest

from sojourn import Job, Remote
from sojourn.errors import InvalidJob
from tests.core.workflow.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def signature(place: Place, source: Remote) -> str:
    with place.session() as session:
        (signed,) = session.sign([Job(command="ls d", inputs={"d": source})])
    return signed.signature


def test_an_edit_below_a_directory_makes_another_job(place: Place) -> None:
    deep = place.folder / "data" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "f").write_text("1")
    os.utime(deep / "f", (1, 1))
    directory = Remote(str(place.folder / "data"))
    first = signature(place, directory)
    assert signature(place, directory) == first
    (deep / "f").write_text("22")
    os.utime(deep / "f", (1, 1))
    second = signature(place, directory)
    os.utime(deep / "f", (2, 2))
    third = signature(place, directory)
    (deep / "g").mkdir()
    assert len({first, second, third, signature(place, directory)}) == 4
    labelled = Remote(directory.path, version="1")
    before = signature(place, labelled)
    (deep / "h").write_text("")
    assert signature(place, labelled) == before


def test_a_link_that_is_pointed_elsewhere_makes_another_job(place: Place) -> None:
    for name in ("v1", "v2"):
        (place.folder / name).mkdir()
        (place.folder / name / "f").write_text("same")
        os.utime(place.folder / name / "f", (1, 1))
    link = place.folder / "current"
    link.symlink_to("v1")
    sources = [Remote(str(link)), Remote(str(link / "f"))]
    before = [signature(place, one) for one in sources]
    link.unlink()
    link.symlink_to("v2")
    after = [signature(place, one) for one in sources]
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_a_directory_that_cannot_be_listed_is_an_error_with_a_way_out(place: Place) -> None:
    (place.folder / "data").mkdir()
    (place.folder / "data" / "loop").symlink_to(".")
    with pytest.raises(InvalidJob, match=r"cannot be listed: find: .*loop") as caught:
        signature(place, Remote(str(place.folder / "data")))
    assert "version=" in caught.value.hint
