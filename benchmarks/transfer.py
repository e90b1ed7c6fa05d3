"""Files to a machine and back, against scp and tar over ssh.

Every round has files of its own, so that nothing is there already; the two sides take turns in
it, each beginning with a disk that has nothing left to write. Medians of the rounds are shown.

A plain command makes its connection, as it does for whoever types it; a session has one that
stands. So tar is measured over a standing one, too. Ours also hands in a job, so that tar does
that beside; and ours has the result on the disk when it is there, so that tar does that beside
as well where it says so. A directory is unpacked on the machine when the job starts: not timed.
"""

import os
import shlex
import shutil
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, seconds
from sojourn import Job, Session
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from benchmarks.remote import Plain

BIG = 1 << 30
MANY, SMALL = 5_000, 4096
BIG_ROUNDS, MANY_ROUNDS = 3, 5


class Rounds:
    """Seconds of what was measured, by name."""

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = defaultdict(list)

    def measure(self, name: str, function: Callable[[], object]) -> None:
        """Run it once, when nothing is left to be written to the disk."""
        os.sync()
        self._times[name].append(seconds(function))

    def figure(self, name: str, theirs: str, ours: str, against: str, aim: str) -> Figure:
        """The speed of ours over theirs; beside it the best and the worst round."""
        pairs = list(zip(self._times[theirs], self._times[ours], strict=True))
        ratios = sorted(their / our for their, our in pairs)
        return Figure(
            name,
            statistics.median(self._times[theirs]),
            statistics.median(self._times[ours]),
            "s",
            f"ours; speed over {against}",
            aim,
            note=f"in single rounds {ratios[0]:.2f} to {ratios[-1]:.2f}",
        )


def figures(session: Session, machine: str, plain: "Plain", folder: Path) -> Iterator[Figure]:
    """All of them, with files in `folder` and in `bench` on the machine."""
    yield from _big(session, machine, plain, folder)
    yield from _many(session, machine, plain, folder)


def _big(session: Session, machine: str, plain: "Plain", folder: Path) -> Iterator[Figure]:
    rounds, scp = Rounds(), shlex.join(plain.scp)
    for _ in range(BIG_ROUNDS):
        with (folder / "big").open("wb") as out:
            for _ in range(BIG >> 20):
                out.write(os.urandom(1 << 20))
        job = Job(command="mv big out", inputs={"big": folder / "big"}, outputs=["out"])
        rounds.measure("scp up", partial(_here, folder, f"{scp} big {plain.target}:bench/"))
        rounds.measure("up", partial(session.submit, [job], on=machine))
        record = _ended(session, job, machine)
        rounds.measure("scp down", partial(_here, folder, f"{scp} {plain.target}:bench/big back"))
        rounds.measure("down", partial(session.fetch_results, [record]))
        _clear(session, record, plain, folder)
    yield rounds.figure("1 GiB up", "scp up", "up", "scp's", "0.9 or more")
    yield rounds.figure("1 GiB down", "scp down", "down", "scp's", "0.9 or more")


def _many(session: Session, machine: str, plain: "Plain", folder: Path) -> Iterator[Figure]:
    rounds, scp = Rounds(), shlex.join(plain.scp)
    fresh = shlex.join([*plain.ssh, plain.target])
    take = "mkdir -p bench/t && tar xf - -C bench/t"
    path = f"PATH={plain.path}:$PATH; " if plain.path else ""
    up = f"{path}{take} && cd bench && {plain.submit} job.sh >/dev/null"
    give = "tar cf - -C bench/t many"
    with _standing(plain) as standing:
        for _ in range(MANY_ROUNDS):
            (folder / "many").mkdir()
            for n in range(MANY):
                (folder / "many" / f"{n:05}").write_bytes(os.urandom(SMALL))
            job = Job(command="mv many out", inputs={"many": folder / "many"}, outputs=["out"])
            rounds.measure("scp", partial(_here, folder, f"{scp} -r many {plain.target}:bench/"))
            for name, ssh in (("tar", fresh), ("standing tar", standing)):
                plain.run("rm -rf bench/t")
                command = f"tar cf - many | {ssh} {shlex.quote(up)}"
                rounds.measure(f"{name} up", partial(_here, folder, command))
            rounds.measure("up", partial(session.submit, [job], on=machine))
            record = _ended(session, job, machine)
            for name, ssh, after in (("tar", fresh, ""), ("standing tar", standing, "; sync -f t")):
                _here(folder, "rm -rf t; mkdir t")
                command = f"{ssh} {shlex.quote(give)} | tar xf - -C t{after}"
                rounds.measure(f"{name} down", partial(_here, folder, command))
            rounds.measure("down", partial(session.fetch_results, [record]))
            _clear(session, record, plain, folder)
    what, aim, stands = f"{MANY:,} files", "0.9 or more", "over a connection that stands"
    yield rounds.figure(f"{what} up", "scp", "up", "scp -r's", "10 or more")
    yield rounds.figure(f"{what} up", "tar up", "up", "tar | ssh's", aim)
    yield rounds.figure(f"{what} up", "standing tar up", "up", f"tar | ssh's {stands}", "")
    yield rounds.figure(f"{what} down", "tar down", "down", "ssh | tar's", aim)
    yield rounds.figure(
        f"{what} down", "standing tar down", "down", f"ssh | tar; sync's {stands}", ""
    )


@contextmanager
def _standing(plain: "Plain") -> Iterator[str]:
    """The ssh command over a connection that is there already."""
    with tempfile.TemporaryDirectory(prefix="sj") as folder:
        options = ["-o", f"ControlPath={folder}/c", "-o", "ControlPersist=yes"]
        command = [*plain.ssh, *options, "-o", "ControlMaster=auto", plain.target]
        subprocess.run([*command, "true"], check=True, stderr=subprocess.DEVNULL)
        try:
            yield shlex.join(command)
        finally:
            end = [*plain.ssh, *options, "-O", "exit", plain.target]
            subprocess.run(end, check=True, stderr=subprocess.DEVNULL)


def _here(folder: Path, command: str) -> None:
    subprocess.run(command, shell=True, check=True, cwd=folder)


def _ended(session: Session, job: Job, machine: str) -> JobRecord:
    (record,) = session.wait([session.record(session.sign([job], machine)[0].signature)])
    return record


def _clear(session: Session, record: JobRecord, plain: "Plain", folder: Path) -> None:
    session.results.remove(record.signature)
    plain.run("cd bench && find . -mindepth 1 ! -name job.sh -delete")
    for name in ("big", "back"):
        (folder / name).unlink(missing_ok=True)
    for name in ("many", "t"):
        shutil.rmtree(folder / name, ignore_errors=True)
