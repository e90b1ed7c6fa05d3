"""What a poll tells beyond the state of a job."""

from pathlib import Path

import pytest

from tests.core.monitor.stage import Stage, submit


@pytest.mark.parametrize("earlier", [90.0, 1.0, -30.0])
def test_who_takes_a_job_over_learns_when_it_was_handed_in(tmp_path: Path, earlier: float) -> None:
    stage = Stage(tmp_path, "a")
    with stage.session() as session:
        (record,) = submit(session, "a")
        assert record.submitted_at is not None
        stage.puppet.at("a").submitted_at = record.submitted_at - earlier
        session.refresh([record])
        known = session.record(record.signature, "a")
        expected = record.submitted_at - (earlier if earlier > 2 else 0.0)
        assert known.submitted_at == pytest.approx(expected)
