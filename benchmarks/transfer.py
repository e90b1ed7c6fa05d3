"""Files to a machine and back, against scp and tar over ssh.

Every round has files of its own, so that nothing is there already; the two sides take turns in
it, each beginning with a disk that has nothing left to write. Each is first with a big file as
often as the other, since memory may have forgotten it by the second turn. Of thousands of files
none is deleted before the end, so that no file system has that to do while the next round is
measured. Medians of the rounds are shown.

A plain command makes its connection, as it does for whoever types it; a session has one that
stands. So tar is measured over a standing one, too. Ours also hands in a job, so that tar does
that beside; and ours has the result on the disk when it is there, so that tar does that beside
as well where it says so. A directory is unpacked on the machine when the job starts: not timed.
"""

import os
import shlex
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
BIG_ROUNDS, MANY_ROUNDS = 4, 5


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


def big(session: Session, machine: str, plain: "Plain", folder: Path) -> Iterator[Figure]:
    """One big file, made in `folder`; `bench` on the machine takes scp's."""
    rounds, scp = Rounds(), shlex.join(plain.scp)
    for number in range(BIG_ROUNDS):
        with (folder / "big").open("wb") as out:
            for _ in range(BIG >> 20):
                out.write(os.urandom(1 << 20))
        job = Job(command="mv big out", inputs={"big": folder / "big"}, outputs=["out"])
        sides: list[tuple[str, Callable[[], object]]] = [
            ("scp up", partial(_here, folder, f"{scp} big {plain.target}:bench/")),
            ("up", partial(session.submit, [job], on=machine)),
        ]
        for name, side in sides if number % 2 else sides[::-1]:
            rounds.measure(name, side)
        record = _ended(session, job, machine)
        rounds.measure("scp down", partial(_here, folder, f"{scp} {plain.target}:bench/big back"))
        rounds.measure("down", partial(session.fetch_results, [record]))
        session.results.remove(record.signature)
        plain.run("rm bench/big")
        (folder / "back").unlink()
    yield rounds.figure("1 GiB up", "scp up", "up", "scp's", "0.9 or more")
    yield rounds.figure("1 GiB down", "scp down", "down", "scp's", "0.9 or more")


def many(session: Session, machine: str, plain: "Plain", folder: Path) -> Iterator[Figure]:
    """A directory of many files, made in `folder`; `bench` on the machine takes tar's."""
    rounds, scp = Rounds(), shlex.join(plain.scp)
    fresh = shlex.join([*plain.ssh, plain.target])
    path = f"PATH={plain.path}:$PATH; " if plain.path else ""
    hand_in = f"{plain.submit} job.sh >/dev/null"
    with _standing(plain) as standing:
        for number in range(MANY_ROUNDS):
            tree = folder / f"many{number}"
            tree.mkdir()
            for n in range(MANY):
                (tree / f"{n:05}").write_bytes(os.urandom(SMALL))
            job = Job(command="mv many out", inputs={"many": tree}, outputs=["out"])
            up = f"{scp} -r {tree.name} {plain.target}:bench/"
            rounds.measure("scp", partial(_here, folder, up))
            for name, ssh in (("tar", fresh), ("standing tar", standing)):
                place = f"t{number}.{len(name)}"
                take = f"{path}cd bench && mkdir {place} && tar xf - -C {place} && {hand_in}"
                up = f"tar cf - {tree.name} | {ssh} {shlex.quote(take)}"
                rounds.measure(f"{name} up", partial(_here, folder, up))
            rounds.measure("up", partial(session.submit, [job], on=machine))
            record = _ended(session, job, machine)
            give = shlex.quote(f"tar cf - -C bench {tree.name}")
            for name, ssh, after in (
                ("tar", fresh, ""),
                ("standing tar", standing, " && sync -f {place}"),
            ):
                place = f"t{number}.{len(name)}"
                then = after.format(place=place)
                down = f"mkdir {place} && {ssh} {give} | tar xf - -C {place}{then}"
                rounds.measure(f"{name} down", partial(_here, folder, down))
            rounds.measure("down", partial(session.fetch_results, [record]))
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
    (record,) = session.poll_until_final(
        [session.record(session.sign([job], machine)[0].signature)]
    )
    return record
