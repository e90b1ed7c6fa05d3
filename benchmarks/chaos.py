"""Ends many jobs in the middle, as walltimes, people and broken nodes do, and counts what is false.

Each job is `sleep …; echo 1 >o`, whose shell goes on after its killed child and ends with status
0. Most sleep for longer than the round takes; some end near the moment at which the cause comes.
A *false end* is a job shown COMPLETED whose sleep was cut. *Spared* ones ended by themselves and
are shown as something else, which is allowed; *lost* is LOST, *stuck* has no final state when the
time is up, and *twice* is a command that ran more than once.

WHERE is `slurm` or `torque` (its commands), on a Slurm that is started for it, as root on Debian;
`local`; or the name of a machine in the file SOJOURN_TEST_MACHINES, for which `--do` says what
deletes a job there and what kills its node's daemon.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn import Session
    from sojourn.store.records import JobRecord
    from tests.support.slurm import RealSlurm

CAUSES = ("walltime", "deleted", "cancelled", "node")
LONG = 600
PATIENCE = 240.0
"""Seconds after the cause in which every job must come to its end."""

Do = Callable[[Sequence[str]], None]
"""What a cause does to jobs, by their ids in the queue."""


@dataclass
class Tally:
    """What came of the jobs of one machine and one cause."""

    where: str
    cause: str
    load: int
    jobs: int = 0
    false_ends: int = 0
    spared: int = 0
    lost: int = 0
    stuck: int = 0
    twice: int = 0
    recovery: list[float] = field(default_factory=list)
    """Seconds from the cause to the last job's final state, one a round."""
    states: dict[str, int] = field(default_factory=dict)

    def row(self) -> str:
        """One line of the table."""
        seconds = statistics.median(self.recovery) if self.recovery else 0.0
        states = " ".join(f"{state}:{n}" for state, n in sorted(self.states.items()))
        return (
            f"{self.where:<12} {self.cause:<10} {self.load:>4} {self.false_ends:>5} of {self.jobs:<6}"
            f" {self.spared:>6} {self.lost:>4} {self.stuck:>5} {self.twice:>5} {seconds:>8.1f} s"
            f"  {states}"
        )


@dataclass(frozen=True)
class Place:
    """A machine, what each cause does on it, and the shortest walltime it enforces."""

    name: str
    entry: Mapping[str, Any]
    causes: Mapping[str, Do]
    walltime: int


def main(arguments: Sequence[str]) -> None:
    """Run the rounds and print the table; status 1 if anything was false, lost, stuck or twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks chaos", description=__doc__)
    parser.add_argument("where", nargs="*", default=["slurm", "torque"])
    parser.add_argument("--rounds", type=int, default=1, help="of each cause on each machine")
    parser.add_argument("--jobs", type=int, default=100, help="in each round, all at once")
    parser.add_argument("--cause", action="append", choices=CAUSES)
    parser.add_argument("--load", type=int, default=2, help="busy loops for each core")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--srun", action="store_true", help="Slurm: the sleep is a step of its own")
    parser.add_argument(
        "--do", action="append", default=[], metavar="CAUSE=COMMAND",
        help="on a machine of SOJOURN_TEST_MACHINES: a shell command, {ids} the jobs' ids",
    )  # fmt: skip
    asked = parser.parse_args(arguments)
    tallies = []
    with ExitStack() as stack:
        stack.enter_context(_busy(asked.load * (os.cpu_count() or 1)))
        for where in asked.where:
            place = stack.enter_context(_place(where, asked))
            for cause in asked.cause or CAUSES:
                if cause not in place.causes:
                    continue
                tally = Tally(where, cause, asked.load)
                for number in range(asked.rounds):
                    _round(place, cause, asked, f"{asked.seed}-{number}", tally)
                    print(tally.row(), flush=True)
                tallies.append(tally)
    print(json.dumps([asdict(tally) for tally in tallies]))
    if any(t.false_ends or t.lost or t.stuck or t.twice for t in tallies):
        sys.exit(1)


def _round(place: Place, cause: str, asked: argparse.Namespace, seed: str, tally: Tally) -> None:
    from sojourn import Job, Session
    from sojourn.states import FINAL

    chance = random.Random(f"{place.name} {cause} {seed}")
    limit = place.walltime if cause == "walltime" else LONG
    after = chance.uniform(2, 8)
    near = limit if cause == "walltime" else after
    with tempfile.TemporaryDirectory(prefix="sojourn-chaos-") as name:
        machines = Path(name) / "machines.yaml"
        root = f"{place.entry['root']}/{cause}-{seed}-{os.getpid()}"
        machines.write_text(json.dumps({"machines": {"it": {**place.entry, "root": root}}}))
        os.environ |= {"SOJOURN_HOME": f"{name}/home", "SOJOURN_MACHINES": str(machines)}
        with Session() as session:
            sleep = "srun --overlap -n1 sleep" if asked.srun else "sleep"
            jobs = [
                Job(
                    command='echo >>"$SOJOURN_JOB_DIR/ran"; '
                    f"{sleep} {_length(chance, near)} && : >whole; echo 1 >o",
                    outputs=["o"],
                    parameters={"seed": seed, "n": n},
                    resources={"walltime": limit},
                )
                for n in range(asked.jobs)
            ]
            session.submit(jobs, on="it")
            _await_start(session)
            if cause != "walltime":
                time.sleep(after)
            began = time.monotonic() + (max(0.0, limit - 5) if cause == "walltime" else 0.0)
            if cause == "cancelled":
                session.cancel(session.store.select(machine="it"))
            else:
                place.causes[cause]([r.scheduler_id for r in session.store.select(machine="it")])
            patience = PATIENCE + (limit if cause == "walltime" else 0)
            ended = session.poll_until_final(session.store.select(machine="it"), timeout=patience)
            tally.recovery.append(time.monotonic() - began)
            _count(session, ended, tally)
            # What its scheduler has started again, say, does not run into the next round.
            session.cancel([record for record in ended if record.state not in FINAL])


def _length(chance: random.Random, near: float) -> str:
    """Seconds to sleep: one job in five ends at about the moment of the cause."""
    return f"{near + chance.gauss(0, 1):.2f}" if chance.random() < 0.2 else str(LONG)


def _await_start(session: "Session") -> None:
    """Until most run, and each that does has started its command."""
    from sojourn.states import State

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        records = list(session.store.select(machine="it"))
        if all(
            record.state not in (State.NEW, State.SUBMITTING, State.QUEUED) for record in records
        ):
            return
        time.sleep(0.5)
        session.refresh_each(records)
        session.submit_waiting("it")


def _count(session: "Session", records: Sequence["JobRecord"], tally: Tally) -> None:
    from sojourn.states import FINAL, State

    shell = (
        "find jobs -path '*/work*/whole' | sed 's/^/whole /'; "
        "find jobs -name ran -size +1c | sed 's/^/twice /'"
    )
    with session._links.get("it").context.trip() as dialogue:
        found = dialogue.run(shell).stdout.splitlines()
    whole = {line.split("/")[2] for line in found if line.startswith("whole")}
    tally.twice += sum(line.startswith("twice") for line in found)
    tally.jobs += len(records)
    for record in records:
        tally.states[record.state] = tally.states.get(record.state, 0) + 1
        done = record.state is State.COMPLETED
        tally.false_ends += done and record.signature not in whole
        tally.spared += not done and record.state in FINAL and record.signature in whole
        tally.lost += record.state is State.LOST
        tally.stuck += record.state not in FINAL
        if done and record.signature not in whole:
            print(f"false: {record.scheduler_id} {record.job_dir}", file=sys.stderr)


# --- places ---------------------------------------------------------------------------------------


@contextmanager
def _place(where: str, asked: argparse.Namespace) -> Iterator[Place]:
    nothing: dict[str, Do] = {"walltime": lambda _: None, "cancelled": lambda _: None}
    with tempfile.TemporaryDirectory(prefix="sojourn-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        entry: dict[str, Any] = {"poll": {"interval": "0.5s"}, "root": f"{name}/root"}
        if where == "local":
            entry |= {"backend": "local", "slots": asked.jobs}
            yield Place(where, entry, nothing, 5)
        elif where in ("slurm", "torque"):
            with _slurm(folder / "slurm", asked.jobs) as slurm:
                entry |= {
                    "backend": "slurm" if where == "slurm" else "pbs",
                    "path": [str(slurm.bin)],
                    "defaults": {"queue": "normal"},
                }
                causes = {**nothing, "deleted": _deleted(slurm), "node": _node_dies(slurm)}
                yield Place(where, entry, causes, 60)
        else:
            from tests.support.machines import real_machines

            done = dict(one.split("=", 1) for one in asked.do)
            real = real_machines()[where]
            yield Place(
                where,
                {**real, "root": f"{real.get('root', '~/.sojourn')}-chaos"},
                nothing | {cause: _command(text) for cause, text in done.items()},
                int(done.pop("walltime", "10")),
            )


@contextmanager
def _slurm(directory: Path, jobs: int) -> Iterator["RealSlurm"]:
    from tests.support.slurm import RealSlurm
    from tests.support.slurm_packages import install_missing

    if reason := install_missing():
        sys.exit(f"left out: {reason}")
    with RealSlurm.create(directory, accounting=False, cpus=jobs) as slurm:
        yield slurm


def _deleted(slurm: "RealSlurm") -> Do:
    return lambda ids: _in_pieces(ids, lambda some: slurm.call("scancel", *some, check=False))


def _in_pieces(ids: Sequence[str], do: Callable[[Sequence[str]], object]) -> None:
    for at in range(0, len(ids), 10):
        do(ids[at : at + 10])


def _node_dies(slurm: "RealSlurm") -> Do:
    def node_dies(_: Sequence[str]) -> None:
        slurm.node.kill()
        node = ("update", "NodeName=localhost")
        slurm.call("scontrol", *node, "State=DOWN", "Reason=chaos")
        slurm.node.start()
        slurm.call("scontrol", *node, "State=RESUME", check=False)

    return node_dies


def _command(text: str) -> Do:
    def run(ids: Sequence[str]) -> None:
        _in_pieces(ids, lambda some: _shell(text.replace("{ids}", " ".join(some))))

    return run if "{ids}" in text else lambda _: _shell(text)


def _shell(text: str) -> None:
    subprocess.run(text, shell=True, check=False)


@contextmanager
def _busy(loops: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()
