"""The monitor with 10,000 waiting jobs on 20 machines: its share of one core, and its memory.

Each machine is the real Slurm backend over a channel to this computer, where a program prints
what squeue would: what runs on a machine's side is not the monitor's, and not counted. The
monitor is a process of its own and polls at the default interval.
"""

import argparse
import json
import os
import resource
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, show

if TYPE_CHECKING:
    from sojourn.store.machines import MachineRecord

MACHINES = 20
JOBS = 500
"""On each machine."""
CORE_SHARE = 0.05
MEMORY = 150.0
"""MiB."""
WATCHED = 100.0
"""Seconds of watching that are measured: three polls of each machine."""

_SQUEUE = "#!/bin/sh\nexec cat '{folder}/queue'\n"
_SCONTROL = "#!/bin/sh\necho 'AccountingStorageType = accounting_storage/none'\n"
_SBATCH = "#!/bin/sh\necho 'slurm-wlm 22.05.8'\n"


def main() -> None:
    """Make the jobs, watch them, and show what that has cost."""
    with tempfile.TemporaryDirectory(prefix="sojourn-bench-") as name:
        show(figures(Path(name)))


def figures(folder: Path, watched: float = WATCHED) -> Iterator[Figure]:
    """CPU share and memory of a monitor that watches for so many seconds."""
    environment = {
        **os.environ,
        "SOJOURN_HOME": str(folder / "home"),
        "SOJOURN_MACHINES": str(folder / "machines.yaml"),
    }
    _write_machines(folder)
    _run(environment, "fill", str(folder))
    told = json.loads(_run(environment, "watch", str(watched)))
    jobs = f"{MACHINES * JOBS:,} jobs on {MACHINES} machines"
    share = Figure(
        f"monitor of {jobs}: CPU",
        told["cpu"],
        told["wall"],
        "s",
        "seconds of one core that passed",
        f"at most {CORE_SHARE}",
        note=f"{told['polls']} polls, {1000 * told['cpu'] / max(told['polls'], 1):.0f} ms each; "
        f"the first look took {told['start']:.1f} s of CPU",
    )
    yield share
    yield Figure(
        f"monitor of {jobs}: memory",
        told["memory"],
        MEMORY,
        "MiB",
        "what it may take",
        "at most 1",
        note=f"{told['bare']:.0f} MiB before it began",
    )


def _run(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "benchmarks.monitor", *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout


def _write_machines(folder: Path) -> None:
    entries = {}
    for number in range(MACHINES):
        place = folder / f"m{number}"
        (place / "bin").mkdir(parents=True)
        programs = {"squeue": _SQUEUE, "sacct": _SQUEUE, "scontrol": _SCONTROL, "sbatch": _SBATCH}
        for name, text in programs.items():
            program = place / "bin" / name
            program.write_text(text.format(folder=place))
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        entries[f"m{number}"] = {
            "backend": "slurm",
            "transport": "local",
            "root": str(place / "root"),
            "path": [str(place / "bin")],
        }
    (folder / "machines.yaml").write_text(json.dumps({"machines": entries}))


# --- in processes of their own --------------------------------------------------------------------


def fill(folder: Path) -> None:
    """Record jobs that wait in the queue of every machine."""
    from sojourn import Job, Session, State
    from sojourn.store.records import StateChange

    now = time.time()
    with Session(interactive=False) as session:
        for number in range(MACHINES):
            machine, place = f"m{number}", folder / f"m{number}"
            jobs = [
                Job(
                    command=f"./solve --case {n} mesh.dat > field.csv",
                    inputs={"mesh.dat": f"mesh {number}".encode(), "solve": b"#!/bin/sh\n"},
                    outputs=["field.csv"],
                    resources={"cpus_per_task": 8, "memory": "16GiB", "walltime": "2h"},
                    parameters={"machine": number, "case": n},
                    name=f"case {n}",
                )
                for n in range(JOBS)
            ]
            signed = session.sign(jobs, machine)
            session.submitter(session.link(machine)).enter(signed, {})
            lines, changes = [], []
            for n, one in enumerate(signed):
                identity = str(100_000 * (number + 1) + n)
                fields = {"scheduler_id": identity, "token": f"{n:032x}", "submitted_at": now}
                key = (one.signature, machine, State.NEW, 1, State.QUEUED, now)
                changes.append(StateChange(*key, source="submit", fields=fields))
                lines.append(f"{identity}|PENDING|{now:.0f}|N/A|N/A|0||Priority|")
            session.store.change_many(changes)
            (place / "queue").write_text("\n".join([*lines, ""]))


def watch(seconds: float) -> None:
    """Watch for so many seconds, and print what that has cost."""
    from sojourn import Session
    from sojourn.monitor.monitor import Monitor
    from sojourn.monitor.options import MonitorOptions

    with Session(interactive=False) as session:
        bare = _memory()
        options = MonitorOptions(notify=False)
        monitor = Monitor(session, options, report=lambda line: print(line, file=sys.stderr))
        thread = threading.Thread(target=monitor.run)
        begun = time.process_time()
        thread.start()
        while _trips(session.store.machines()) < MACHINES:
            time.sleep(0.2)
        time.sleep(2.0)  # the last of them is recorded
        start, before = time.process_time(), time.monotonic()
        polls = _trips(session.store.machines())
        time.sleep(seconds)
        told = {
            "cpu": time.process_time() - start,
            "wall": time.monotonic() - before,
            "start": start - begun,
            "polls": _trips(session.store.machines()) - polls,
            "memory": _memory(),
            "bare": bare,
        }
        unasked = [r.machine for r in session.store.select() if r.polled_at is None]
        assert not unasked, f"not polled: {len(unasked)} jobs, on {unasked[0]}"
        monitor.stop()
        thread.join()
    print(json.dumps(told))


def _trips(machines: "Mapping[str, MachineRecord]") -> int:
    return sum(machine.trips for machine in machines.values())


def _memory() -> float:
    """The most that this process has taken so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    words = parser.parse_args().words
    if not words:
        main()
    elif words[0] == "fill":
        fill(Path(words[1]))
    else:
        watch(float(words[1]))
