"""Suspensions in workers that pass on ordinary exceptions only."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sojourn.suspension import JobHandle, JobSuspended, suspend


def waits(signature: str) -> None:
    """What `session.run` does when the job is not finished."""
    suspend(JobSuspended(JobHandle(signature, "here")))


PROGRAM = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.pool import ThreadPool
from sojourn import JobSuspended
from sojourn.errors import NotPossible
from tests.core.test_pools import waits

if __name__ == "__main__":
    kind = sys.argv[1]
    pool = ThreadPool(2) if kind == "threads" else multiprocessing.get_context(kind).Pool(2)
    with pool as workers:
        try:
            workers.map_async(waits, ["a" * 64, "b" * 64]).get(timeout=60)
        except NotPossible as error:
            print(error)
    if kind != "threads":
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(kind)) as workers:
            try:
                workers.submit(waits, "a" * 64).result(timeout=60)
            except JobSuspended as suspended:
                print("out of a future:", suspended)
"""


@pytest.mark.parametrize("kind", ["threads", "fork", "spawn", "forkserver"])
def test_a_pool_says_at_once_that_it_cannot_suspend(kind: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program, kind],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "pool cannot suspend" in done.stdout, done
    assert kind == "threads" or "out of a future: waiting for job aaaaaaaa" in done.stdout, done


def test_a_future_carries_a_suspension() -> None:
    with ThreadPoolExecutor(1) as workers, pytest.raises(JobSuspended):
        workers.submit(waits, "a" * 64).result(timeout=60)


def test_a_thread_of_its_own_suspends() -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            waits("a" * 64)
        except JobSuspended as suspended:
            caught.append(suspended)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(caught) == 1
