"""Real jobs behind transports that are cut on a seeded plan: the monitor brings all to its end."""

import random
from contextlib import suppress
from typing import Any

import pytest

from sojourn.errors import MachineError
from sojourn.monitor import fetching, turns, watch
from sojourn.monitor.hosting import MonitorThread
from sojourn.monitor.options import MonitorOptions
from sojourn.session import links
from sojourn.session.session import Session
from sojourn.site import claims
from sojourn.states import State
from sojourn.testing.transports.cutting import CutTransport
from sojourn.transports import local
from sojourn.values.job import Job
from tests.core.monitor.computer import Computer
from tests.support.waiting import eventually

JOBS = 6


@pytest.mark.parametrize("seed", range(3))
def test_each_job_runs_once_and_its_result_comes(
    computer: Computer, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(links, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(links, "RETRY_ATTEMPTS", 2)
    monkeypatch.setattr(watch, "FRESH", 0.05)
    for room in (turns, claims):
        monkeypatch.setattr(room, "ADOPT_AFTER", 1.0)
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.02)
    whole = local.LocalTransport

    def cut(**words: Any) -> CutTransport:
        return CutTransport.seeded(whole(**words), dice.randrange(2**32), cuts=8, within=6000)

    monkeypatch.setattr(local, "LocalTransport", cut)
    runs = computer.folder / "runs"
    jobs = [
        Job(command=f"echo {n} >>'{runs}'; echo {n} >out", outputs=["out"], parameters={"n": n})
        for n in range(JOBS)
    ]
    said: list[str] = []
    with computer.session() as session, computer.session() as its:
        with suppress(MachineError):  # what could not be handed in is the monitor's matter
            session.submit(jobs, on="here")
        options = MonitorOptions(notify=False)
        with MonitorThread(its, options, report=said.append):
            eventually(lambda: _all_here(session), timeout=90, saying=lambda: "\n".join(said))
        states = {record.state for record in session.store.select()}
        outputs = sorted(
            result["out"].read_text().strip()
            for record in session.store.select()
            if (result := session.results.get(record.signature)) is not None
        )
    assert states == {State.COMPLETED}
    assert outputs == [str(n) for n in range(JOBS)]
    assert sorted(runs.read_text().split()) == outputs
    assert said, "nothing was cut"


def _all_here(session: Session) -> bool:
    records = session.store.select()
    return len(records) == JOBS and all(
        session.results.get(record.signature) is not None for record in records
    )
