"""What Sojourn costs a machine with a batch scheduler, against the plain commands over ssh."""

import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import peers, transfer
from benchmarks.figures import Figure, seconds
from sojourn import Job, Session, State
from sojourn.store.records import JobRecord

BULK = 1_000
TRIVIAL = 50
WAITING = 10_000


@dataclass(frozen=True)
class Plain:
    """The same machine by hand: the ssh command, and how its scheduler is asked."""

    ssh: tuple[str, ...]
    scp: tuple[str, ...]
    target: str
    submit: str
    """Hands in the script `job.sh` of the current directory."""
    queue: str
    """Prints a line for each job of the user that has not ended."""
    path: str = ""
    """Where the scheduler's commands are, if not on PATH."""
    partition: str | None = None
    """Slurm's partition for other libraries ("" for the default one); None where it is no Slurm."""

    def run(self, command: str) -> None:
        """One command over one connection."""
        command = f"PATH={self.path}:$PATH; {command}" if self.path else command
        subprocess.run([*self.ssh, self.target, command], check=True, stdout=subprocess.DEVNULL)


def figures(machine: str, plain: Plain) -> Iterator[Figure]:
    """All of them on one machine, in a home of their own."""
    with tempfile.TemporaryDirectory(prefix="sojourn-bench-") as name:
        os.environ["SOJOURN_HOME"] = f"{name}/home"
        plain.run("mkdir -p bench && cd bench && printf '#!/bin/sh\\ntrue\\n' > job.sh")
        with Session() as session:
            yield _bulk(session, machine, plain)
            trivial, alike = _trivial(session, machine, plain)
            yield trivial
            yield from alike
            if plain.partition is not None:
                yield from peers.figures(plain, TRIVIAL, trivial.base, plain.partition)
            yield _one(machine, plain)
            yield _polling(session, machine)
            yield from transfer.figures(session, machine, plain, Path(name))
        plain.run("rm -rf bench")


def _jobs(number: int, **words: object) -> list[Job]:
    tag = secrets.token_hex(8)
    return [Job(command="true", parameters={"n": n, "tag": tag}, **words) for n in range(number)]  # type: ignore[arg-type]


def _trips(session: Session, machine: str) -> int:
    record = session.store.machine(machine)
    return record.trips if record is not None else 0


def _bulk(session: Session, machine: str, plain: Plain) -> Figure:
    loop = f"cd bench; for i in $(seq {BULK // 5}); do {plain.submit} job.sh; done"
    base = (BULK // 5) / seconds(lambda: plain.run(loop))
    jobs = _jobs(BULK)
    trips = _trips(session, machine)
    ours = BULK / seconds(lambda: session.submit(jobs, on=machine))
    used = _trips(session, machine) - trips
    session.cancel(session.store.select(machine=machine, states=[State.QUEUED, State.RUNNING]))
    return Figure(
        f"{BULK:,} jobs handed in",
        ours,
        base,
        "jobs/s",
        f"a remote loop of {plain.submit.split()[0]} over one connection",
        "20 or more",
        note=f"{used} trips (aim: 3 or fewer)",
    )


def _trivial(session: Session, machine: str, plain: Plain) -> tuple[Figure, list[Figure]]:
    """Against the plain loop, and on Slurm against one whose jobs do not inherit the submitter's
    environment either: Slurm then starts a login shell for each."""
    drained = f'while [ -n "$({plain.queue})" ]; do sleep 0.2; done'

    def loop(submit: str) -> float:
        plain.run(drained)
        submits = f"cd bench; for i in $(seq {TRIVIAL}); do {submit} job.sh; done"
        return seconds(lambda: plain.run(f"{submits}; {drained}"))

    base = loop(plain.submit)
    before = session.store.machine(machine)

    def whole() -> None:
        jobs = _jobs(TRIVIAL, outputs=["o"])
        jobs = [job.replace(command="echo 1 > o") for job in jobs]
        handles = session.submit(jobs, on=machine)
        records = [session.record(handle.signature, machine) for handle in handles]
        session.fetch_results(session.wait(records))

    ours = seconds(whole)
    after = session.store.machine(machine)
    assert after is not None
    old = before or after
    cost = (
        f"{after.connections - old.connections} connections, {after.trips - old.trips} trips, "
        f"{after.scheduler_calls - old.scheduler_calls} scheduler calls"
    )
    figure = Figure(
        f"{TRIVIAL} trivial jobs, to the last fetched result",
        ours,
        base,
        "s",
        f"a loop of {plain.submit.split()[0]}, then asking the queue until it is empty",
        "at most 1.3",
        note=cost,
    )
    if plain.partition is None:
        return figure, []
    fresh = f"{plain.submit} --export=NONE"
    against = f"the same loop of `{fresh}`, whose jobs inherit no environment either"
    return figure, [replace(figure, base=loop(fresh), against=against, aim="", note="")]


def _one(machine: str, plain: Plain) -> Figure:
    base = seconds(lambda: plain.run(f"cd bench; {plain.submit} job.sh"))
    sojourn = str(Path(sys.executable).with_name("sojourn"))
    command = [sojourn, "submit", "-m", machine, "--", "echo", secrets.token_hex(8)]
    ours = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    return Figure("one submit from the command line", ours, base, "s", "ssh HOST submit")


def _polling(session: Session, machine: str) -> Figure:
    """Jobs that the machine does not know: the question is as long, and every file is looked for."""
    known = session.store.select(machine=machine, limit=1)[0]
    records = [
        JobRecord(
            f"{n:064x}", machine, state=State.QUEUED, scheduler_id=f"9{n:06}", token="0" * 32,
            backend=known.backend, submitted_at=time.time(),
        )
        for n in range(WAITING)
    ]  # fmt: skip
    session.store.put_jobs(records)
    trips, cpu = _trips(session, machine), resource.getrusage(resource.RUSAGE_SELF)
    wall = seconds(lambda: session.refresh_each(records))
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    for record in records:
        session.store.delete_job(record.signature, machine)
    return Figure(
        f"poll {WAITING:,} jobs: client CPU",
        spent,
        wall,
        "s",
        "its wall time",
        note=f"{_trips(session, machine) - trips} trip (aim: 1)",
    )
