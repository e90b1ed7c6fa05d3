"""Jobs by their handles: listed, found, waited for, changed and read."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sojourn import Job, JobHandle, JobSuspended, Remote, State
from sojourn.errors import AmbiguousSignature, JobFailed, NoSuchJob
from tests.core.workflow.place import Place
from tests.support.waiting import eventually


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A computer with one machine, `here`."""
    return Place(tmp_path / "place")


def waits_for(file: Path, output: str = "") -> str:
    return f"while [ ! -e '{file}' ]; do sleep 0.05; done{output}"


def test_jobs_are_listed_and_found_without_the_store(place: Place) -> None:
    with place.session() as session:
        good, bad = session.submit([Job(command="true", name="a"), Job(command="exit 3", name="b")])
        ended = session.wait([good, bad], timeout=60)
        assert [(job.state, job.exit_code) for job in ended] == [
            (State.COMPLETED, 0), (State.FAILED, 3),
        ]  # fmt: skip
        assert all(job.is_final for job in ended)
        assert session.jobs(state=State.FAILED) == session.jobs(name="b") == [ended[1]]
        assert session.jobs(state=[State.FAILED, State.COMPLETED]) == ended[::-1]
        assert session.jobs(scheduler_id=ended[0].scheduler_id, machine="here") == [ended[0]]
        assert session.jobs(workflow="none") == session.jobs(machine="none") == []
        for word in (good, good.signature[:8], f"here:{ended[0].scheduler_id}"):
            assert session.job(word) == ended[0]
        with pytest.raises(NoSuchJob, match="there is no job"):
            session.job(JobHandle("0" * 64, "here"))
        with pytest.raises((NoSuchJob, AmbiguousSignature)):
            session.cancel(["", good])
        assert JobHandle.from_json(json.loads(json.dumps(ended[1].to_json()))) == ended[1]


def test_a_job_is_changed_and_read_by_its_handle_or_its_signature(place: Place) -> None:
    with place.session() as session:
        (handle,) = session.submit([Job(command="echo said; sleep 600")])
        eventually(lambda: session.log(handle).data == b"said\n")
        session.cancel(handle)
        (ended,) = session.wait(handle.signature[:8], timeout=60)
        assert ended.state is State.CANCELLED
        (again,) = session.retry(ended)
        assert (again.attempt, again.is_final) == (2, False)
        session.cancel([again.signature])
        assert session.wait(again, timeout=60)[0].state is State.CANCELLED


def test_a_run_that_waits_shows_its_progress_and_stops_when_time_is_up(place: Place) -> None:
    go = place.folder / "go"
    job = Job(command=waits_for(go, "; echo 1 >o"), outputs=["o"])
    seen: list[State] = []

    def look(handles: list[JobHandle]) -> None:
        seen.extend(handle.state for handle in handles)
        if State.RUNNING in seen:
            go.touch()

    with place.session() as session:
        with pytest.raises(JobSuspended):
            session.run(job, wait=True, timeout=0.1)
        assert session.run(job, wait=True, progress=look)["o"].read_text() == "1\n"
        assert seen[-1] is State.COMPLETED
        with pytest.raises(JobFailed):
            session.run(Job(command="exit 3"), wait=True)


def test_async_forms_leave_the_loop_free(place: Place) -> None:
    """The job ends only because the loop does something else while it is waited for."""
    go = place.folder / "go"
    job = Job(command=waits_for(go, "; echo 1 >o"), outputs=["o"])
    running = asyncio.Event()

    def look(handles: list[JobHandle]) -> None:
        if handles[0].state is State.RUNNING:
            running.set()

    async def main() -> None:
        async def release() -> None:
            await running.wait()
            go.touch()

        with place.session() as session:
            result, _ = await asyncio.gather(
                session.run_async(job, wait=True, progress=look), release()
            )
            assert result["o"].read_text() == "1\n"
            (long,) = await session.submit_async([Job(command="sleep 600")])
            waiting = asyncio.create_task(session.wait_async(long))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await session.cancel_async(long)
            (ended,) = await session.wait_async(long, timeout=60)
            assert ended.state is State.CANCELLED
            with pytest.raises(JobSuspended):
                await session.run_async(Job(command=waits_for(place.folder / "never"), name="n"))
            await session.cancel_async(session.jobs(name="n"))

    asyncio.run(main())


def test_many_threads_use_one_session_and_each_job_runs_once(place: Place) -> None:
    together = threading.Barrier(6)
    jobs = [Job(command=f"echo {n} >>'{place.runs}'; echo {n} >o", outputs=["o"]) for n in range(3)]

    def work(number: int) -> str:
        together.wait()
        result = session.run(jobs[number % 3], wait=True)
        assert len(session.jobs()) >= 1
        return result["o"].read_text().strip()

    with place.session() as session, ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(6))) == ["0", "1", "2", "0", "1", "2"]
    assert sorted(place.runs.read_text().split()) == ["0", "1", "2"]


@pytest.mark.parametrize("stays", [False, True])
def test_streams_that_are_outputs_are_read_as_logs(place: Place, stays: bool) -> None:
    name = "it's out.txt"
    job = Job(
        command="echo said; echo wrong >&2",
        outputs=[Remote(name), Remote("err")] if stays else [name, "err"],
        stdout=name,
        stderr="err",
    )
    with place.session() as session:
        session.run(job, wait=True)
        assert session.log(session.jobs()[0]).data == b"said\n"
        assert session.log(session.jobs()[0], "stderr").data == b"wrong\n"
        failing = Job(command="echo why >&2; exit 3", outputs=["err"], stderr="err")
        with pytest.raises(JobFailed) as caught:
            session.run(failing, wait=True)
        assert caught.value.stderr_tail == "why"
        early = Job(command="true", outputs=["err"], stderr="err", setup="echo early >&2; false")
        with pytest.raises(JobFailed) as caught:
            session.run(early, wait=True)
        assert "early" in caught.value.stderr_tail
