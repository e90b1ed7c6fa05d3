"""What a whole test run shares: one Slurm with accounting, one without, an sshd, two users.

`SOJOURN_TEST_SLURM` names the file that describes it. `python -m tests.support.testbed up DIR`
makes one, `down DIR` ends it; it also ends by itself when the process that it was made for has
gone, however that ended.
"""

import argparse
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import users
from tests.support.daemons import Daemon
from tests.support.ports import free_port
from tests.support.processes import await_end, start_time
from tests.support.slurm import RealSlurm
from tests.support.slurm_packages import program
from tests.support.sshd import Sshd, configure

VARIABLE = "SOJOURN_TEST_SLURM"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Testbed:
    """The parts, as any process of the test run may use them."""

    __test__ = False

    directory: Path
    owner: int
    """The process for which it is kept."""
    port: int
    """Where the login node's sshd listens."""

    @property
    def file(self) -> Path:
        """What `SOJOURN_TEST_SLURM` names; there once all is up."""
        return self.directory / "testbed.json"

    @property
    def slurm(self) -> RealSlurm:
        """The Slurm with accounting."""
        return RealSlurm.attach(self.directory / "slurm")

    @property
    def plain_slurm(self) -> RealSlurm:
        """The Slurm without accounting."""
        return RealSlurm.attach(self.directory / "plain")

    @property
    def login_node(self) -> Sshd:
        """The sshd through which the ordinary users come; its sessions find `slurm`."""
        path, user = program("sshd"), users.USERS[0]
        return Sshd(self.directory / "login", self.port, program=path, user=user)

    @property
    def keeper(self) -> Daemon:
        """Waits for the owner's end."""
        command = [sys.executable, "-m", "tests.support.testbed", "keep", str(self.directory)]
        command += ["--owner", str(self.owner)]
        return Daemon("keeper", command, self.directory, {"PYTHONPATH": str(REPOSITORY)})

    @classmethod
    def load(cls, file: Path) -> "Testbed":
        """The one that `file` describes."""
        description = json.loads(file.read_text())
        return cls(file.parent, description["owner"], description["port"])

    @classmethod
    def new(cls, directory: Path, owner: int) -> "Testbed":
        """One that is not up yet."""
        return cls(directory, owner, free_port())

    def up(self) -> None:
        """Start everything, unless it is up.

        Raises:
            RuntimeError: something did not come up; all is down again.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        with _locked(self.directory), ExitStack() as undo:
            if self.file.exists():
                return
            undo.callback(self._end)
            users.hold(self.owner)
            for name, accounting in (("plain", False), ("slurm", True)):
                slurm = RealSlurm.create(self.directory / name, accounting=accounting)
                slurm.start(users.USERS)
            self._start_login_node()
            self.keeper.start()
            self.file.write_text(json.dumps({"owner": self.owner, "port": self.port}))
            undo.pop_all()

    def down(self) -> None:
        """Stop everything and remove the directory. May be called twice."""
        if self.directory.exists():
            with _locked(self.directory):
                self.keeper.stop()
                self._end()

    def keep(self) -> None:
        """Wait until the owner has ended, then stop everything."""
        started = start_time(self.owner)
        if started is not None:
            await_end(self.owner, started)
        with _locked(self.directory):
            self._end()

    def _start_login_node(self) -> None:
        node = self.login_node
        node.directory.mkdir()
        variables = " ".join(f"{name}={value}" for name, value in self.slurm.environment.items())
        allowed = f"AllowUsers {' '.join(users.USERS)}"
        configure(node, allowed, f"SetEnv {variables}", "MaxSessions 100")
        node.daemon.start()

    def _end(self) -> None:
        self.login_node.stop_all()
        for name in ("slurm", "plain"):
            if (self.directory / name / "layout.json").exists():
                RealSlurm.attach(self.directory / name).stop()
        users.release(self.owner)
        shutil.rmtree(self.directory)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def main() -> None:
    """Bring a testbed up or down from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("up", "down", "keep"))
    parser.add_argument("directory", type=Path)
    parser.add_argument("--owner", type=int, default=1, help="kept until this process ends")
    given = parser.parse_args()
    testbed = Testbed.new(given.directory.resolve(), given.owner)
    if testbed.file.exists():
        testbed = Testbed.load(testbed.file)
    if given.action == "up":
        testbed.up()
        print(testbed.file)
    elif given.action == "keep":
        testbed.keep()
    else:
        testbed.down()


if __name__ == "__main__":
    main()
