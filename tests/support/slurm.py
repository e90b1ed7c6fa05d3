"""A real Slurm on loopback: its daemons in a private directory, stopped without a trace.

Nothing of the host is used but the programs: no /etc/slurm, no /run, no service. Needs root
and the packages of `slurm_packages`.
"""

import os
import secrets
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support import slurm_database, slurm_files
from tests.support.daemons import Daemon
from tests.support.ports import free_port
from tests.support.processes import end_all, with_environment
from tests.support.slurm_conf import CPUS, Layout
from tests.support.slurm_packages import program

MARK = "SOJOURN_TEST_SLURM_DIRECTORY"
"""In the environment of every daemon, and so of what it starts for a job."""


class RealSlurm:
    """One Slurm. Several may run beside each other; each has a directory of its own.

    Holds no state of the daemons: an object of another process, made with `attach`, stops and
    starts them as well.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.directory = layout.directory
        self.bin = self.directory / "bin"
        """Wrappers of Slurm's and Torque's commands: for a machine's `path`."""
        self.munge = Daemon(
            "munged",
            [
                program("munged"),
                "--foreground",
                f"--socket={layout.munge_socket}",
                f"--key-file={self.directory}/private/munge.key",
                f"--seed-file={self.directory}/private/munge.seed",
                f"--log-file={self.directory}/private/munge.log",
                f"--pid-file={self.directory}/munge/pid",
                "--origin=127.0.0.1",
            ],
            self.directory,
            ready=lambda: slurm_database.answers(layout.munge_socket),
        )
        environment = {**self.environment, MARK: str(self.directory)}
        self.controller = Daemon(
            "slurmctld",
            [program("slurmctld"), "-D", "-f", str(layout.conf)],
            self.directory,
            environment,
            ready=lambda: self.call("scontrol", "ping", check=False).returncode == 0,
        )
        self.node = Daemon(
            "slurmd",
            [program("slurmd"), "-D", "-N", "localhost", "-f", str(layout.conf)],
            self.directory,
            environment,
            ready=self._node_is_up,
        )
        self.database = slurm_database.slurmdbd(layout) if self.has_accounting else None
        self.mariadb = slurm_database.mariadbd(layout) if self.has_accounting else None

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        accounting: bool,
        min_job_age: int = 300,
        max_array_size: int = 1001,
        cpus: int = CPUS,
    ) -> Self:
        """Write the configuration of a new one into `directory`; starts nothing."""
        layout = Layout(
            directory=directory,
            cluster=f"sj{secrets.token_hex(4)}",
            controller_port=free_port(),
            node_port=free_port(),
            database_port=free_port() if accounting else None,
            min_job_age=min_job_age,
            max_array_size=max_array_size,
            cpus=cpus,
        )
        slurm_files.write_all(layout)
        return cls(layout)

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """The one that was created in `directory`, by whatever process."""
        return cls(slurm_files.read_layout(directory))

    @property
    def has_accounting(self) -> bool:
        """Whether sacct works."""
        return self.layout.database_port is not None

    @property
    def environment(self) -> Mapping[str, str]:
        """What clients need when they are not called through `bin`."""
        return {"SLURM_CONF": str(self.layout.conf)}

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """All, in the order in which they are started."""
        found = (self.munge, self.mariadb, self.database, self.controller, self.node)
        return tuple(daemon for daemon in found if daemon is not None)

    def start(self, users: tuple[str, ...] = ()) -> None:
        """Start all daemons and wait until jobs of root and `users` can run.

        Raises:
            RuntimeError: one of them did not come up; what had been started is stopped.
        """
        with ExitStack() as undo:
            undo.callback(self.stop)
            for daemon in self.daemons:
                daemon.start()
                if daemon is self.database:
                    slurm_database.add_associations(self.sacctmgr, self.layout, ("root", *users))
            undo.pop_all()

    def stop(self) -> None:
        """Stop all daemons. Leaves no process: the jobs' ones end as well."""
        for daemon in reversed(self.daemons):
            daemon.stop()
        end_all(
            lambda: {
                *with_environment(f"{MARK}={self.directory}"),
                *with_environment(f"SLURM_CLUSTER_NAME={self.layout.cluster}"),
            }
        )

    def call(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands as this user.

        Raises:
            RuntimeError: it failed, and `check` was asked for.
        """
        environment = {**os.environ, **self.environment}
        words = [program(command[0]), *command[1:]]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done

    def sacctmgr(self, *arguments: str) -> str:
        """Change the accounting; returns what sacctmgr printed."""
        return self.call("sacctmgr", "--immediate", *arguments).stdout

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _node_is_up(self) -> bool:
        shown = self.call("sinfo", "--noheader", "--partition=normal", "--format=%t", check=False)
        return shown.stdout.strip() in {"idle", "mix", "alloc", "comp"}
