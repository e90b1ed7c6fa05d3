"""Logs and outputs that a job has swapped for what never ends: they are not read, and the others are."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sojourn.site.context import MachineContext
from sojourn.site.evidence import close, read_evidence
from sojourn.site.fetching import fetch
from sojourn.site.logs import read_log, read_tails
from sojourn.site.survey import survey
from sojourn.transports.local import LocalTransport
from sojourn.values.messages import FetchRequest, JobOrder
from tests.support.site import context, job_dir, order, run_one

LARGE = 5 << 20


def pipe(path: Path) -> None:
    os.mkfifo(path)


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def device(path: Path) -> None:
    os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero


SWAPS = [pytest.param(pipe), pytest.param(zeros), pytest.param(device, marks=pytest.mark.root)]


@pytest.fixture
def where(tmp_path: Path) -> Iterator[MachineContext]:
    """A machine on which what hangs is given up soon."""
    made = context(tmp_path / "root")
    transport = LocalTransport(idle_timeout=20)
    made.transport = transport
    yield made
    transport.close()


def fetched(where: MachineContext, jobs: list[JobOrder], folder: Path) -> list[str]:
    requests = [
        FetchRequest(one.signature, 1, folder / str(n), folder / f"logs{n}")
        for n, one in enumerate(jobs)
    ]
    with where.trip() as dialogue:
        return [answer.error for answer in fetch(dialogue, where, requests)]


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("size", [5, LARGE], ids=["small", "large"])
def test_an_output(
    where: MachineContext, tmp_path: Path, swap: Callable[[Path], None], size: int
) -> None:
    bad, good = (
        order(n, f"head -c {size} /dev/zero >o; echo 1 >p", outputs=("o", "p")) for n in (1, 2)
    )
    for one in (bad, good):
        run_one(where, one)
    path = job_dir(where, bad) / "work" / "o"
    path.unlink()
    swap(path)
    errors = fetched(where, [bad, good], tmp_path / "here")
    assert "'o' is not on the machine any more" in errors[0]
    assert errors[1] == ""
    assert (tmp_path / "here" / "1" / "o").stat().st_size == size


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_log(
    where: MachineContext, tmp_path: Path, swap: Callable[[Path], None], name: str
) -> None:
    bad, good = (order(n, "echo out; echo err >&2; echo 1 >o", outputs=("o",)) for n in (1, 2))
    for one in (bad, good):
        run_one(where, one)
    (job_dir(where, bad) / name).unlink()
    swap(job_dir(where, bad) / name)
    assert fetched(where, [bad, good], tmp_path / "here") == ["", ""]
    assert (tmp_path / "here" / "logs1" / name).read_text() == f"{name[3:]}\n"
    with where.trip() as dialogue:
        tails = read_tails(dialogue, [(one.signature, 1, name) for one in (bad, good)], 100)
        piece = read_log(dialogue, bad.signature, 1, name, 0)
    assert tails == ["", f"{name[3:]}\n"]
    assert not piece.there


@pytest.mark.parametrize("swap", SWAPS)
@pytest.mark.parametrize("name", ["claim", "id", "started", "exit", "cancelled"])
def test_what_sojourn_itself_has_written(
    where: MachineContext, swap: Callable[[Path], None], name: str
) -> None:
    bad, good = order(1), order(2)
    for one in (bad, good):
        run_one(where, one)
    path = job_dir(where, bad) / name
    path.unlink(missing_ok=True)
    swap(path)
    attempts = [(bad.signature, 1), (good.signature, 1)]
    with where.trip() as dialogue:
        seen = read_evidence(dialogue, attempts)
        shut = close(dialogue, attempts)
        found = {job.signature: job for job in survey(dialogue)}
    assert seen[attempts[1]].exit is not None
    assert found.keys() == {bad.signature, good.signature}
    assert not shut[attempts[0]]
    if name == "exit":
        assert "no regular file" in seen[attempts[0]].exit_error
        assert "no regular file" in found[bad.signature].attempts[1].exit_error


@pytest.mark.parametrize("swap", SWAPS)
def test_the_next_attempt_s_claim_laid_out_by_a_job(
    where: MachineContext, swap: Callable[[Path], None]
) -> None:
    run_one(where, order(1))
    again = order(1, attempt=2)
    job_dir(where, again).mkdir()
    swap(job_dir(where, again) / "claim")
    begun = time.monotonic()
    seen = run_one(where, again)
    assert seen.exit is None
    assert time.monotonic() - begun < 15, "it waited for the idle time-out"
