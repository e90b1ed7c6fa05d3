"""Values of steps between runs: what still holds, what runs again, what is stale."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sojourn import Job, Workflow, job, step
from sojourn.errors import StaleResult, WorkflowFailed
from sojourn.states import State
from sojourn.workflow.report import NodeState
from tests.core.workflow.place import Place, noting

called: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    called.clear()


@step
def make(folder: str, source: str) -> Path:
    """Writes what stands in another file, which its identity does not see."""
    called.append("make")
    target = Path(folder) / "made"
    target.write_text(Path(source).read_text())
    return target


@step
def length(file: Path) -> int:
    called.append("length")
    return len(file.read_text())


@step
def doubled(number: int) -> int:
    called.append("doubled")
    return 2 * number


@job(outputs=["out"])
def copy(file: Any, *, runs: str) -> Job:
    return Job(command=noting("copy", "cat in >out", Path(runs)), inputs={"in": file})


def steps(place: Place) -> int:
    with Workflow("steps"):
        node = doubled(length(make(str(place.folder), str(place.folder / "source"))))
    value: int = node.value
    return value


def through_a_job(place: Place, look: bool = False) -> str:
    with Workflow("job"):
        made = make(str(place.folder), str(place.folder / "source"))
        node = copy(made, runs=str(place.runs))
        if look:
            length(made)
    text: str = node.value.read_text()
    return text


class TestSteps:
    def test_a_remembered_end_asks_for_nothing_before_it(self, place: Place) -> None:
        source = place.folder / "source"
        source.write_text("abc")
        assert place.finish(lambda: steps(place)) == 6
        (place.folder / "made").unlink()
        source.unlink()
        called.clear()
        assert place.finish(lambda: steps(place)) == 6
        assert called == []
        assert place.states()["doubled"] is NodeState.REMEMBERED
        assert place.states()["make"] is NodeState.UNNEEDED

    @pytest.mark.parametrize("how", ["vanished", "changed"])
    def test_a_path_that_is_needed_and_does_not_hold_is_made_again_with_a_word(
        self, place: Place, how: str
    ) -> None:
        (place.folder / "source").write_text("abc")

        def made() -> str:
            with Workflow("one"):
                node = make(str(place.folder), str(place.folder / "source"))
            text: str = node.value.read_text()
            return text

        assert place.finish(made) == "abc"
        if how == "vanished":
            (place.folder / "made").unlink()
        else:
            (place.folder / "made").write_text("else")
        assert place.finish(made) == "abc"
        assert called == ["make", "make"]
        assert any("make runs again" in line for line in place.lines)

    def test_another_argument_or_version_is_another_step(self, place: Place) -> None:
        def flow(number: int, version: int) -> int:
            @step(version=version)
            def add(value: int) -> int:
                called.append(f"add{version}")
                return value + version

            with Workflow("versions"):
                node = add(number)
            value: int = node.value
            return value

        assert [place.finish(lambda a=a, b=b: flow(a, b)) for a, b in ((1, 1), (1, 2), (1, 1))] == [  # type: ignore[misc]
            2,
            3,
            2,
        ]
        assert called == ["add1", "add2"]

    def test_what_a_value_was_made_from_is_checked(self, place: Place) -> None:
        """A step whose upstream was made anew with other bytes is called again, and says so."""
        source = place.folder / "source"
        source.write_text("abc")
        place.finish(lambda: steps(place))
        source.write_text("abcd")
        (place.folder / "made").unlink()

        def only_the_file() -> None:
            with Workflow("one"):
                make(str(place.folder), str(source))

        place.finish(only_the_file)
        called.clear()
        assert place.finish(lambda: steps(place)) == 8
        assert called == ["length", "doubled"]
        assert any("length runs again" in line for line in place.lines)
        source.write_text("abcde")
        (place.folder / "made").unlink()
        place.finish(only_the_file)
        called.clear()
        assert place.finish(lambda: steps(place), accept_stale=True) == 8
        assert called == []

    def test_tuples_and_relative_paths_are_the_same_in_every_run(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(place.folder)
        Path("file").write_text("here")

        @step
        def several() -> Any:
            return (1, {"$path": "x"}, [Path("file")], b"\x00")

        def flow() -> Any:
            with Workflow("tuple"):
                node = several()
            return node.value

        first = place.finish(flow)
        assert first == [1, {"$path": "x"}, [place.folder / "file"], b"\x00"]
        monkeypatch.chdir("/")
        assert place.finish(flow) == first


class TestJobs:
    def test_a_known_job_needs_no_step_before_it(self, place: Place) -> None:
        (place.folder / "source").write_text("abc")
        assert place.finish(lambda: through_a_job(place)) == "abc"
        shutil.rmtree(place.home / "results")
        (place.folder / "made").unlink()
        (place.folder / "source").unlink()
        called.clear()
        assert place.finish(lambda: through_a_job(place)) == "abc"
        assert called == []
        assert place.ran() == ["copy"]

    def test_one_made_from_other_bytes_is_named_and_taken_only_if_accepted(
        self, place: Place
    ) -> None:
        source = place.folder / "source"
        source.write_text("abc")
        assert place.finish(lambda: through_a_job(place)) == "abc"
        source.write_text("other")
        (place.folder / "made").unlink()
        with pytest.raises(WorkflowFailed) as caught:
            place.finish(lambda: through_a_job(place, look=True))
        (failure,) = caught.value.failures
        assert isinstance(failure, StaleResult)
        assert "copy is stale" in str(failure)
        assert place.states()["copy"] is NodeState.STALE
        assert place.finish(lambda: through_a_job(place, look=True), accept_stale=True) == "abc"
        with place.session() as session:
            session.retry([one for one in session.store.select() if one.state is State.COMPLETED])
        assert place.finish(lambda: through_a_job(place, look=True)) == "other"
        assert place.ran() == ["copy", "copy"]
