"""Deleting jobs and workflows: what others share is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sojourn import Job
from sojourn.garbage.forget import delete_jobs, delete_workflow
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.store.plans import Membership, WorkflowRecord
from tests.core.top import world
from tests.core.workflow.place import Place


class TestHere:
    @pytest.fixture
    def session(self, tmp_path: Path) -> Iterator[Session]:
        with Place(tmp_path / "place").session() as session:
            world.fill(session.store)
            yield session

    def test_a_workflow_goes_its_shared_jobs_stay(self, session: Session) -> None:
        store = session.store
        deleted = delete_workflow(session, "co2")
        assert str(deleted) == "5 deleted; 1 shared with other workflows kept"
        assert store.workflow("co2") is None
        assert [job.name for job in store.select(workflow="world")] == ["sample", "mesh"] or {
            job.name for job in store.select(workflow="world")
        } == {"sample", "mesh"}
        assert {job.name for job in store.select()} == {
            "mesh", "sample", "render [bold]", "backup",
        }  # fmt: skip

    def test_a_job_goes_from_all_workflows(self, session: Session) -> None:
        mesh = session.record(world.signature("mesh"))
        assert delete_jobs(session, [mesh]).jobs == 1
        assert session.store.by_signature(mesh.signature) == ()
        assert session.store.memberships(mesh.signature) == ()
        assert len(session.store.members("co2")) == 5

    def test_steps_of_other_workflows_are_untouched(self, session: Session) -> None:
        before = session.store.members("world")
        delete_jobs(session, [session.record(world.signature("fit 1"))])
        assert session.store.members("world") == before


class TestOnTheMachine:
    def place(self, tmp_path: Path) -> Place:
        return Place(tmp_path / "place")

    def test_a_running_job_is_ended_and_kept_until_it_has(self, tmp_path: Path) -> None:
        place = self.place(tmp_path)
        with place.session() as session:
            session.submit([Job(command="sleep 300", name="long")], on="here")
            record = session.store.select()[0]
            said = str(delete_jobs(session, [record], there=True))
            if "asked to end" in said:
                session.poll_until_final([record], timeout=30)
                said = str(delete_jobs(session, session.again([record]), there=True))
            assert said == "1 deleted"
            assert session.store.select() == ()
        jobs = place.folder / "root-here" / "jobs"
        assert list(jobs.glob("*/*")) == []

    def test_a_machine_that_does_not_answer_keeps_its_jobs(self, tmp_path: Path) -> None:
        place = self.place(tmp_path)
        with place.session() as session:
            gone = world.job("on a machine that was removed", State.COMPLETED, "gone")
            session.store.put_jobs([gone])
            deleted = delete_jobs(session, [gone], there=True)
            assert deleted.jobs == 0
            assert "1 kept" in str(deleted)
            assert "gone" in str(deleted)
            assert len(session.store.select()) == 1
            assert delete_jobs(session, [gone]).jobs == 1

    def test_a_workflow_with_its_directories(self, tmp_path: Path) -> None:
        place = self.place(tmp_path)
        with place.session() as session:
            session.submit([Job(command=f"echo {n}", name=f"job {n}") for n in range(2)], on="here")
            records = session.poll_until_final(session.store.select(), timeout=30)
            for name, some in (("one", records), ("two", records[:1])):
                session.store.put_workflow(WorkflowRecord(name))
                session.store.join(
                    Membership(name, r.name, r.signature, r.machine, "step") for r in some
                )
            said = str(delete_workflow(session, "one", there=True))
            assert said == "1 deleted; 1 shared with other workflows kept"
            jobs = place.folder / "root-here" / "jobs"
            assert [path.name for path in jobs.glob("*/*")] == [records[0].signature]
