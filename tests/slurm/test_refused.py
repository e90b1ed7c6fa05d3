"""A job that the scheduler refuses is asked for once, not again at every contact."""

import pytest

from sojourn import Job, Session, State
from sojourn.errors import SubmitRefused


class TestRefused:
    kinds = ("slurm-local",)

    def test_it_stays_new_and_is_left_alone_until_asked_for(self, machine: str) -> None:
        job = Job(command="true", resources={"queue": "nosuch"})
        with Session() as session:
            with pytest.raises(SubmitRefused, match="nosuch"):
                session.submit([job], on=machine)
            (record,) = session.store.select()
            assert (record.state, record.refused) == (State.NEW, True)
            before = session.store.machines()[machine].trips
            (waited,) = session.poll_until_final([record], timeout=60)
            session.submit_waiting(machine)
            assert waited.state is State.NEW
            assert session.store.machines()[machine].trips == before
            with pytest.raises(SubmitRefused):
                session.submit([job], on=machine)
            better = job.replace(resources={"queue": "normal"})
            session.submit([better], on=machine)
            (ended,) = session.poll_until_final(session.store.select(), timeout=60)
            assert (ended.state, ended.refused) == (State.COMPLETED, False)
