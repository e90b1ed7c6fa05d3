"""The testbed's login node: an sshd on loopback for the ordinary users, by key alone."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support import users
from tests.support.daemons import Daemon, descendants, end
from tests.support.slurm_database import answers
from tests.support.slurm_packages import program


@dataclass(frozen=True)
class LoginNode:
    """Where it listens and what a client needs; the key fits every user of `users.USERS`."""

    directory: Path
    port: int
    host: str = "127.0.0.1"

    @property
    def identity_file(self) -> Path:
        """The client's private key, readable by root alone."""
        return self.directory / "id_ed25519"

    @property
    def known_hosts_file(self) -> Path:
        """A known_hosts file with the host key."""
        return self.directory / "known_hosts"

    def daemon(self) -> Daemon:
        """The sshd itself."""
        command = [program("sshd"), "-D", "-e", "-f", str(self.directory / "sshd_config")]
        return Daemon("sshd", command, self.directory, ready=lambda: answers(self.port))

    def stop(self) -> None:
        """End it together with the sessions that are open."""
        daemon = self.daemon()
        sessions = descendants({daemon.pid}) if daemon.pid is not None else set()
        daemon.stop()
        for pid in sessions:
            end(pid)

    def write(self, environment: Mapping[str, str]) -> None:
        """Make keys and configuration; sessions will have `environment`."""
        self.directory.mkdir(mode=0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        for key in (self.identity_file, self.directory / "host_key"):
            words = ["-q", "-t", "ed25519", "-N", "", "-C", "sojourn-tests", "-f", str(key)]
            subprocess.run([program("ssh-keygen"), *words], check=True)
        host_key = (self.directory / "host_key.pub").read_text()
        self.known_hosts_file.write_text(f"[{self.host}]:{self.port} {host_key}")
        variables = " ".join(f'"{name}={value}"' for name, value in environment.items())
        (self.directory / "sshd_config").write_text(
            f"""\
ListenAddress {self.host}:{self.port}
HostKey {self.directory}/host_key
PidFile none
AllowUsers {" ".join(users.USERS)}
AuthorizedKeysFile {self.identity_file}.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
SetEnv {variables}
"""
        )
