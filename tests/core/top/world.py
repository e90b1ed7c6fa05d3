"""A store filled with records whose times are fixed: what screens and pages are tested with."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from sojourn.states import State
from sojourn.store.plans import Membership, WorkflowRecord
from sojourn.store.records import JobRecord
from sojourn.store.store import Store

NOW = 1_700_000_000.0
"""What time it is: 2023-11-14 22:13:20 UTC."""

HOUR = 3600.0


def signature(word: object) -> str:
    """A signature like a real one."""
    return hashlib.sha256(str(word).encode()).hexdigest()


def job(word: str, state: State, machine: str = "hpc", **values: Any) -> JobRecord:
    """A job as it would be after an hour: times as its state has them."""
    started = state not in (State.NEW, State.SUBMITTING, State.QUEUED, State.HELD)
    ended = state in (State.COMPLETED, State.FAILED, State.TIMEOUT, State.OUT_OF_MEMORY)
    record = JobRecord(
        signature(word),
        machine,
        name=word,
        backend="slurm",
        state=state,
        scheduler_id="" if state is State.NEW else str(8000 + len(word) * 7),
        created_at=NOW - HOUR,
        submitted_at=None if state is State.NEW else NOW - HOUR,
        started_at=NOW - 0.5 * HOUR if started else None,
        finished_at=NOW - 600 if ended else None,
        polled_at=NOW - 20,
        user="maria",
        resources=json.dumps({"cpus_per_task": 4, "memory": 8 << 30, "walltime": 7200}),
        job=json.dumps({"command": f"./fit {word}", "outputs": ["fit.json"]}),
    )
    return replace(record, **values)


def fill(store: Store) -> None:
    """Two workflows that share a job, a nested loop, two machines, and jobs of no workflow."""
    usage = json.dumps({"elapsed": 1200, "cpu": 4000, "max_memory": 6 << 30})
    fits = [
        job("fit 0", State.COMPLETED, exit_code=0, usage=usage),
        job("fit 1", State.RUNNING),
        job("fit 2", State.OUT_OF_MEMORY, exit_code=137, reason="more than 8 GiB", usage=usage),
        job("fit 3", State.QUEUED, reason="Priority"),
        job("fit 10", State.QUEUED, reason="Resources"),
    ]
    fits = [replace(one, workflow="co2", step="fit", workflow_version="1.2") for one in fits]
    shared = job("mesh", State.COMPLETED, "cluster", workflow="co2", step="mesh", exit_code=0)
    nested = replace(job("sample", State.HELD, "cluster"), workflow="world", step="sample")
    loose = [
        job("render [bold]", State.RUNNING, "cluster"),
        job("backup", State.NEW, "here", reason="the queue is full"),
    ]
    store.put_jobs([*fits, shared, nested, *loose])
    for name, status, ago in (("co2", "suspended", 100), ("world", "suspended", 4000)):
        store.put_workflow(
            WorkflowRecord(
                name, "1.2", f"{name}.py", '["8"]', f"/home/maria/{name}", status=status,
                suspended_on=tuple(one.signature for one in fits[1:2]), created_at=NOW - HOUR,
                last_run_at=NOW - ago,
            )
        )  # fmt: skip
    numbers = (0, 1, 2, 3, 10)
    store.join(
        [
            *(
                Membership("co2", f"fit[{n}]", one.signature, one.machine, "fit", NOW - 100)
                for n, one in zip(numbers, fits, strict=True)
            ),
            Membership("co2", "mesh", shared.signature, "cluster", "mesh", NOW - 100),
            Membership("world", "mesh", shared.signature, "cluster", "mesh", NOW - 4000),
            Membership(
                "world", "site#2/sample[0]", nested.signature, "cluster", "sample", NOW - 4000
            ),
        ]
    )
    store.set_machine_state("hpc", "ok", at=NOW - 20)
    store.set_machine_state("cluster", "unreachable", at=NOW - 900, detail="no route to host")


def many(store: Store, number: int = 10_000) -> None:
    """Jobs of ten workflows on twenty machines, in loops."""
    states = list(State)
    jobs = [
        job(
            f"job {n}", states[n % len(states)], f"m{n % 20}", workflow=f"w{n % 10}", step="fit",
            reason="Priority",
        )
        for n in range(number)
    ]  # fmt: skip
    store.put_jobs(jobs)
    for n in range(10):
        store.put_workflow(WorkflowRecord(f"w{n}", status="suspended", created_at=NOW))
    store.join(
        Membership(j.workflow, f"site/fit[{n}]", j.signature, j.machine, "fit", NOW)
        for n, j in enumerate(jobs)
    )
