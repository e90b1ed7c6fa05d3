"""The accounting of the real Slurm: a private MariaDB without network, and slurmdbd."""

import socket
import subprocess
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from tests.support import slurm_conf
from tests.support.daemons import Daemon
from tests.support.slurm_conf import Layout
from tests.support.slurm_packages import program

SMALL = (
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-lock-wait-timeout=900",
    "--innodb-fast-shutdown=2",
    "--performance-schema=OFF",
)
"""The data live as long as the tests, so nothing is spent on keeping them."""


def answers(address: Path | int) -> bool:
    """Whether something listens on a Unix socket, or on a port of loopback."""
    is_port = isinstance(address, int)
    with closing(socket.socket(socket.AF_INET if is_port else socket.AF_UNIX)) as probe:
        probe.settimeout(5)
        where = ("127.0.0.1", address) if is_port else str(address)
        return probe.connect_ex(where) == 0


def create_database(layout: Layout) -> None:
    """Make the data directory."""
    command = ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db"]
    command += [f"--datadir={layout.directory}/mysql", "--auth-root-authentication-method=socket"]
    command[0] = program(command[0])
    subprocess.run(command, check=True, capture_output=True)


def mariadbd(layout: Layout) -> Daemon:
    """The database, reached through its socket by root alone, with no password."""
    return Daemon(
        "mariadbd",
        [
            program("mariadbd"),
            "--no-defaults",
            "--user=root",
            "--skip-networking",
            f"--datadir={layout.directory}/mysql",
            f"--socket={layout.mysql_socket}",
            f"--pid-file={layout.directory}/mysql.pid",
            *SMALL,
        ],
        layout.directory,
        ready=lambda: answers(layout.mysql_socket),
    )


def slurmdbd(layout: Layout) -> Daemon:
    """Slurm's own daemon before the database."""
    port = layout.database_port
    if port is None:
        raise ValueError("this layout is one without accounting")
    return Daemon(
        "slurmdbd",
        [program("slurmdbd"), "-D"],
        layout.directory,
        environment={
            "SLURM_CONF": str(layout.conf),
            "MYSQL_UNIX_PORT": str(layout.mysql_socket),
        },
        ready=lambda: answers(port),
    )


def add_associations(sacctmgr: Callable[..., object], layout: Layout, users: Iterable[str]) -> None:
    """Make the cluster, the account, the QOS and the users known to the accounting."""
    small, account = slurm_conf.QOS_SMALL, slurm_conf.ACCOUNT
    sacctmgr("add", "cluster", layout.cluster)
    sacctmgr("add", "qos", small, f"MaxSubmitJobsPerUser={slurm_conf.SUBMIT_LIMIT}")
    sacctmgr("add", "account", account, f"Cluster={layout.cluster}")
    names = ",".join(users)
    sacctmgr("add", "user", names, f"Account={account}", f"QOS=normal,{small}", "DefaultQOS=normal")
