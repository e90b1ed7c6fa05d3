"""What Sojourn costs a machine with a batch scheduler, against the plain commands over ssh."""

import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import peers, transfer
from benchmarks.figures import Figure, medians, seconds
from sojourn import Job, Session, State
from sojourn.states import HANDED_IN
from sojourn.store.records import JobRecord

BULK, BULK_ROUNDS = 1_000, 3
TRIVIAL, TRIVIAL_ROUNDS = 50, 3
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

    def drain(self) -> None:
        """Wait until the queue is empty, and the disk has nothing left to write."""
        self.run(self.drained)
        os.sync()

    @property
    def drained(self) -> str:
        """The command that does."""
        return f'while [ -n "$({self.queue})" ]; do sleep 0.2; done'


PARTS = ("bulk", "trivial", "peers", "single", "poll", "big", "many")
"""What can be measured by itself."""


def figures(machine: str, plain: Plain, parts: Collection[str] = PARTS) -> Iterator[Figure]:
    """Those parts on one machine, in a home of their own."""
    with tempfile.TemporaryDirectory(prefix="sojourn-bench-") as name:
        os.environ["SOJOURN_HOME"] = f"{name}/home"
        plain.run("mkdir -p bench && cd bench && printf '#!/bin/sh\\ntrue\\n' > job.sh")
        if "bulk" in parts:
            yield _bulk(machine, plain)
        with Session() as session:
            if "trivial" in parts or "peers" in parts:
                trivial, alike = _trivial(session, machine, plain)
                yield trivial
                yield from alike
                if "peers" in parts and plain.partition is not None:
                    yield from peers.figures(plain, TRIVIAL, trivial.base, plain.partition)
            if "single" in parts:
                yield _one(machine, plain)
            if "poll" in parts:
                yield _polling(session, machine)
            if "big" in parts:
                yield from transfer.big(session, machine, plain, Path(name))
            if "many" in parts:
                yield from transfer.many(session, machine, plain, Path(name))
        plain.run("rm -rf bench")


def _jobs(number: int, **words: object) -> list[Job]:
    tag = secrets.token_hex(8)
    return [Job(command="true", parameters={"n": n, "tag": tag}, **words) for n in range(number)]  # type: ignore[arg-type]


def _trips(session: Session, machine: str) -> int:
    record = session.store.machine(machine)
    return record.trips if record is not None else 0


def _bulk(machine: str, plain: Plain) -> Figure:
    """Both make their connection; both begin when no job is left from the other."""
    loop = f"cd bench; for i in $(seq {BULK // 5}); do {plain.submit} job.sh; done"
    bases, ours, used = [], [], 0
    for _ in range(BULK_ROUNDS):
        plain.drain()
        bases.append((BULK // 5) / seconds(lambda: plain.run(loop)))
        plain.drain()
        with Session() as session:
            jobs, trips = _jobs(BULK), _trips(session, machine)
            ours.append(BULK / seconds(partial(session.submit, jobs, on=machine)))
            used = _trips(session, machine) - trips
            session.cancel(session.store.select(machine=machine, states=[*HANDED_IN]))
    rates = ", ".join(f"{rate:,.0f}" for rate in sorted(ours))
    return Figure(
        f"{BULK:,} jobs handed in",
        statistics.median(ours),
        statistics.median(bases),
        "jobs/s",
        f"a remote loop of {plain.submit.split()[0]} over one connection",
        "20 or more",
        note=f"{used} trips (aim: 3 or fewer); in single rounds {rates} jobs/s",
    )


def _trivial(session: Session, machine: str, plain: Plain) -> tuple[Figure, list[Figure]]:
    """Against the plain loop; on Slurm, where a job of ours gets the environment of a fresh
    login, which costs a login shell each, also with and against what each does by default."""

    def loop(submit: str) -> float:
        plain.run(plain.drained)
        submits = f"cd bench; for i in $(seq {TRIVIAL}); do {submit} job.sh; done"
        return seconds(lambda: plain.run(f"{submits}; {plain.drained}"))

    def whole(*native: str) -> float:
        plain.drain()
        jobs = _jobs(TRIVIAL, outputs=["o"], resources={"native": native})
        jobs = [job.replace(command="echo 1 > o") for job in jobs]
        return seconds(partial(_to_results, session, machine, jobs))

    whole()  # connects
    before = session.store.machine(machine)
    base, ours = medians(lambda: loop(plain.submit), whole, TRIVIAL_ROUNDS)
    after = session.store.machine(machine)
    assert before is not None
    assert after is not None
    calls = after.scheduler_calls - before.scheduler_calls
    cost = (
        f"{after.connections - before.connections} connections, "
        f"{(after.trips - before.trips) / TRIVIAL_ROUNDS:.0f} trips, "
        f"{calls / TRIVIAL_ROUNDS:.0f} scheduler calls"
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
    base, ours = medians(lambda: loop(plain.submit), lambda: whole("--export=ALL"), TRIVIAL_ROUNDS)
    inherited = "the same loop, ours with `native: --export=ALL`: both inherit the environment"
    fresh = f"{plain.submit} --export=NONE"
    against = f"the same loop of `{fresh}`, whose jobs inherit no environment either"
    return figure, [
        replace(figure, value=ours, base=base, against=inherited, note=""),
        replace(figure, base=loop(fresh), against=against, aim="", note=""),
    ]


def _to_results(session: Session, machine: str, jobs: list[Job]) -> None:
    handles = session.submit(jobs, on=machine)
    records = [session.record(handle.signature, machine) for handle in handles]
    session.fetch_results(session.poll_until_final(records))


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
