"""The program behind the toy's commands, and its daemon, which lives as long as there are jobs.

Everything is in one SQLite file. Needs nothing but the standard library.
"""

import argparse
import fcntl
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

TABLE = """create table if not exists jobs (
  number integer, task integer, name text, state text, held integer default 0, after text,
  seconds integer, folder text, script text, pid integer, status integer, reason text default '',
  submitted real, started real, finished real, primary key (number, task))"""
QUEUES = ("main", "slow")
SHOWN = """select number, task, case when state = 'W' and held then 'H' else state end, name,
  coalesce(status, '-'), cast(submitted as integer), cast(coalesce(started, 0) as integer),
  cast(coalesce(finished, 0) as integer), reason from jobs where """
OPTIONS = {
    "N": "name", "a": "array", "w": "after", "t": "time", "m": "memory", "q": "queue", "A": "account",
}  # fmt: skip
GRACE = 1.0
"""Seconds between asking a job to end and killing it."""


class Refusal(Exception):
    """What a command says before it ends with status 1."""


@contextmanager
def queue(directory: Path) -> Iterator[sqlite3.Connection]:
    """The queue, for one transaction."""
    with closing(sqlite3.connect(directory / "queue", timeout=60, isolation_level=None)) as jobs:
        jobs.execute("begin immediate")
        jobs.execute(TABLE)
        yield jobs
        jobs.execute("commit")


# --- commands -----------------------------------------------------------------------------------------


def options(words: Sequence[str]) -> argparse.Namespace:
    """What toysub is told."""
    parser = argparse.ArgumentParser("toysub", exit_on_error=False)
    for letter, name in zip(
        "NawtmqA", ["name", "array", "after", "time", "memory", "queue", "account"], strict=True
    ):
        parser.add_argument(f"-{letter}", dest=name)
    parser.add_argument("script", nargs="?")
    return parser.parse_args(list(words))


def submit(directory: Path, words: Sequence[str]) -> None:
    """Put a job, or each task of an array, into the queue."""
    given = options(words)
    script = Path(given.script or "").absolute()
    for line in script.read_text(errors="surrogateescape").splitlines():
        if line.startswith("#TOY "):
            for name, value in vars(options(shlex.split(line)[1:])).items():
                if value is not None and getattr(given, name) is None:
                    setattr(given, name, value)
    if given.queue not in (None, *QUEUES):
        raise Refusal(f"toysub: no queue called {given.queue}")
    first, _, last = (given.array or "-1").rpartition("-")
    tasks = range(int(first), int(last) + 1) if given.array else [-1]
    with queue(directory) as jobs:
        (number,) = jobs.execute("select coalesce(max(number), 100) + 1 from jobs").fetchone()
        for task in tasks:
            row = (number, task, given.name or script.name, given.after or "", given.time)
            jobs.execute(
                "insert into jobs (number, task, name, after, seconds, state, folder, script, submitted)"
                " values (?, ?, ?, ?, ?, 'W', ?, ?, ?)",
                (*row, str(Path.cwd()), str(script), time.time()),
            )
    print(number)
    wake(directory)


def show(directory: Path, words: Sequence[str]) -> None:
    """A line a job: id, state, name, exit status, times, reason."""
    name = words[1] if words[:1] == ["-n"] else None
    ids = [] if name else words
    where = "name = ?" if name else " or ".join(["(number = ? and task = ?)"] * len(ids)) or "1"
    values = [name] if name else [part for one in ids for part in parts(one)]
    with queue(directory) as jobs:
        for row in jobs.execute(SHOWN + where, values):
            number, task, *rest = row
            print(f"{number}" if task < 0 else f"{number}.{task}", *rest, sep="\t")
    wake(directory)


def change(directory: Path, words: Sequence[str], how: str) -> None:
    """toydel, toyhold and toyrel: a line for every id that could not be changed."""
    with queue(directory) as jobs:
        for one in words:
            number, task = parts(one)
            rows = jobs.execute(
                "select task, state, pid from jobs where number = ? and (task = ? or ? < 0)",
                (number, task, task),
            ).fetchall()
            if not rows:
                print(f"{one}: unknown")
            for each, state, pid in rows:
                said = apply(jobs, (number, each), state, pid, how)
                if said:
                    print(f"{one}: {said}")
    wake(directory)


def apply(jobs: sqlite3.Connection, key: tuple[int, int], state: str, pid: int, how: str) -> str:
    """Change one job; what to say if that cannot be."""
    if state in "CD":
        return "finished"
    if how == "toydel":
        if state == "W":
            end(jobs, key, "D", None, "deleted before it started")
        else:
            jobs.execute("update jobs set reason = 'deleted' where number = ? and task = ?", key)
            kill(pid, signal.SIGTERM)
        return ""
    if state == "R":
        return "running"
    jobs.execute(
        "update jobs set held = ? where number = ? and task = ?", (int(how == "toyhold"), *key)
    )
    return ""


def parts(one: str) -> tuple[int, int]:
    """Number and task of an id; -1 for a job of its own or a whole array."""
    number, _, task = one.partition(".")
    if not (number.isdigit() and (task.isdigit() or not task)):
        raise Refusal(f"{one}: not an id")
    return int(number), int(task or -1)


# --- the daemon -----------------------------------------------------------------------------------


def wake(directory: Path) -> None:
    """See that there is a daemon if there is something to do."""
    if daemon_lock(directory, peek=True):
        words = (sys.executable, "-I", "-S", __file__, "toyd", str(directory))
        command = ["/bin/sh", "-c", '"$0" "$@" &', *words]
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, check=True, cwd="/",
        )  # fmt: skip


def daemon_lock(directory: Path, *, peek: bool = False) -> int | None:
    """The one daemon's lock; None if another holds it. With `peek` it is only looked at."""
    lock = os.open(directory / "daemon", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    if peek:
        os.close(lock)
        return 1
    return lock


def serve(directory: Path) -> None:
    """Start jobs, watch them, and end when none is left."""
    if daemon_lock(directory) is None:
        return
    running: dict[tuple[int, int], subprocess.Popen[bytes]] = {}
    slots = int(os.environ.get("TOY_SLOTS", "4"))
    idle = 0
    while idle < 20:
        with queue(directory) as jobs:
            for key, process in list(running.items()):
                watch(jobs, key, process, running)
            for row in jobs.execute(
                "select number, task, after, folder, script from jobs"
                " where state = 'W' and not held order by number, task"
            ).fetchall():
                if len(running) < slots and not blocked(jobs, row[2]):
                    start(jobs, row, running)
            (left,) = jobs.execute("select count(*) from jobs where state in ('W', 'R')").fetchone()
        idle = 0 if left else idle + 1
        time.sleep(0.05)


def blocked(jobs: sqlite3.Connection, after: str) -> bool:
    """Whether a job that this one waits for has not ended."""
    for number, task in map(parts, filter(None, after.split(":"))):
        (left,) = jobs.execute(
            "select count(*) from jobs where number = ? and (task = ? or ? < 0) and state in ('W', 'R')",
            (number, task, task),
        ).fetchone()
        if left:
            return True
    return False


def start(
    jobs: sqlite3.Connection,
    row: Sequence[object],
    running: dict[tuple[int, int], "subprocess.Popen[bytes]"],
) -> None:
    """Start one job, in a process group of its own."""
    number, task, _, folder, script = row
    assert isinstance(number, int)
    assert isinstance(task, int)
    words = {name: os.environ[name] for name in ("HOME", "PATH", "USER") if name in os.environ}
    words |= {"TOY_JOB": str(number), "TOY_ID": str(number) if task < 0 else f"{number}.{task}"}
    if task >= 0:
        words["TOY_INDEX"] = str(task)
    process = subprocess.Popen(
        ["/bin/sh", str(script)], cwd=str(folder), env=words, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    running[number, task] = process
    jobs.execute(
        "update jobs set state = 'R', pid = ?, started = ? where number = ? and task = ?",
        (process.pid, time.time(), number, task),
    )


def watch(
    jobs: sqlite3.Connection,
    key: tuple[int, int],
    process: "subprocess.Popen[bytes]",
    running: dict[tuple[int, int], "subprocess.Popen[bytes]"],
) -> None:
    """Look after a running job: its end, its time, and whether it was deleted."""
    seconds, started, reason = jobs.execute(
        "select seconds, started, reason from jobs where number = ? and task = ?", key
    ).fetchone()
    over = time.time() - started - (seconds or float("inf"))
    if over > 0 and not reason:
        jobs.execute("update jobs set reason = 'walltime' where number = ? and task = ?", key)
        kill(process.pid, signal.SIGTERM)
    if over > GRACE or reason == "deleted":
        kill(process.pid, signal.SIGKILL if over > GRACE else signal.SIGTERM)
    if process.poll() is not None:
        kill(process.pid, signal.SIGKILL)  # what it has left behind
        state = "D" if reason == "deleted" else "C"
        end(jobs, key, state, process.returncode, reason)
        del running[key]


def end(
    jobs: sqlite3.Connection, key: tuple[int, int], state: str, status: int | None, reason: str
) -> None:
    """Write down how a job has ended."""
    jobs.execute(
        "update jobs set state = ?, status = ?, reason = ?, finished = ? where number = ? and task = ?",
        (state, status, reason, time.time(), *key),
    )


def kill(pid: int, number: int) -> None:
    """Send a signal to a job's processes."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def main(command: str, directory: Path, words: Sequence[str]) -> int:
    """Do what one of the commands does; its exit status."""
    try:
        match command:
            case "toyd":
                serve(directory)
            case "toysub":
                submit(directory, words)
            case "toystat":
                show(directory, words)
            case _:
                change(directory, words, command)
    except (Refusal, OSError, argparse.ArgumentError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
