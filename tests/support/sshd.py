"""Sshds on loopback for the transports' tests: each with its own keys, port and configuration.

They run as whoever runs the tests and let that user in. One that asks for a one-time code needs
root, since its PAM service is a file under /etc/pam.d.
"""

import getpass
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.support.daemons import Daemon
from tests.support.ports import free_port
from tests.support.processes import descendants, end
from tests.support.slurm_packages import program

ACTIVE_CODES = "codes"
"""File of the one-time codes that are still good, one a line; a used one is taken out."""

_PAM = """\
auth required pam_exec.so quiet expose_authtok {check}
auth required pam_permit.so
account required pam_permit.so
session required pam_permit.so
"""

_CHECK = """\
#!/bin/sh
# Good once: a code that is accepted is taken out of the list.
code=$(tr -d '\\0')
[ -n "$code" ] && grep -qxF -- "$code" {codes} || exit 1
grep -vxF -- "$code" {codes} > {codes}.new
mv {codes}.new {codes}
"""


@dataclass(frozen=True)
class Sshd:
    """One sshd: where it is, and what a client needs."""

    directory: Path
    port: int
    host: str = "127.0.0.1"
    program: str = "sshd"
    """The path under which it is run."""
    user: str = getpass.getuser()

    @property
    def identity_file(self) -> Path:
        """The private key that opens it."""
        return self.directory / "id_ed25519"

    @property
    def authorized_keys(self) -> Path:
        """The public keys that it lets in."""
        return self.directory / "authorized_keys"

    @property
    def known_hosts_file(self) -> Path:
        """A known-hosts file with its key."""
        return self.directory / "known_hosts"

    @property
    def codes(self) -> Path:
        """The one-time codes that are still good, for `asking_for_a_code`."""
        return self.directory / ACTIVE_CODES

    @property
    def host_key(self) -> Path:
        """Its private host key."""
        return self.directory / "host_key"

    @property
    def name(self) -> str:
        """As known-hosts files name it."""
        return f"[{self.host}]:{self.port}"

    @cached_property
    def daemon(self) -> Daemon:
        """The process."""
        command = [self.program, "-D", "-e", "-f", str(self.directory / "sshd_config")]
        return Daemon("sshd", command, self.directory, ready=self._answers)

    def stop_all(self) -> None:
        """End it with every session that it serves."""
        pid = self.daemon.pid
        served = descendants({pid}) if pid is not None else set()
        self.daemon.stop()
        for session in served - {pid}:
            end(session)

    def end_sessions(self) -> None:
        """Kill what serves the connections that are open now; new ones are accepted.

        Programs are left to find out: one that is killed would be a program's orderly end.
        """
        pid = self.daemon.pid
        for child in descendants({pid}) - {pid} if pid is not None else ():
            with suppress(OSError):
                if Path(f"/proc/{child}/comm").read_text().startswith("sshd"):
                    os.kill(child, signal.SIGKILL)

    def connections(self) -> int:
        """How many logins it has accepted so far."""
        return len(re.findall(r"^Accepted \S+ for ", self.daemon.log.read_text(), re.MULTILINE))

    def config(self, alias: str, **more: str) -> str:
        """A `Host` block of an ssh_config for it; a keyword of `more` replaces the usual."""
        keywords = {
            "HostName": self.host,
            "Port": str(self.port),
            "User": self.user,
            "IdentityFile": str(self.identity_file),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.known_hosts_file),
            "GlobalKnownHostsFile": "none",
            **more,
        }
        lines = [f"  {keyword} {value}" for keyword, value in keywords.items() if value]
        return "\n".join([f"Host {alias}", *lines, ""])

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 1.0) as stream:
                return stream.recv(4) == b"SSH-"
        except OSError:
            return False


def make_key(file: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new private key in `file`, with its public part beside it."""
    words = ["-q", "-t", kind, "-N", passphrase, "-C", file.name, "-f", str(file)]
    subprocess.run([program("ssh-keygen"), *words], check=True)
    return file


def configure(sshd: Sshd, *options: str) -> None:
    """Write its keys and its configuration; of several lines for one thing sshd takes the first."""
    make_key(sshd.identity_file)
    make_key(sshd.host_key)
    sshd.authorized_keys.write_text(Path(f"{sshd.identity_file}.pub").read_text())
    sshd.known_hosts_file.write_text(f"{sshd.name} {Path(f'{sshd.host_key}.pub').read_text()}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    lines = [
        *options,
        f"ListenAddress {sshd.name}",
        f"HostKey {sshd.host_key}",
        "PidFile none",
        f"AllowUsers {sshd.user}",
        f"AuthorizedKeysFile {sshd.authorized_keys}",
        "StrictModes no",
        "PermitRootLogin yes",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 100",
        "UseDNS no",
        "Subsystem sftp internal-sftp",
    ]
    (sshd.directory / "sshd_config").write_text("\n".join([*lines, ""]))


@contextmanager
def running(
    directory: Path, *options: str, host: str = "127.0.0.1", code: bool = False
) -> Iterator[Sshd]:
    """An sshd with these lines in its configuration, before the usual ones.

    With `code` it asks for a one-time code after the key; see `Sshd.codes`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    service = f"sojourn-test-{secrets.token_hex(6)}"
    path = _sshd_with_service(directory, service) if code else program("sshd")
    sshd = Sshd(directory, free_port(), host, path)
    lines: list[str] = []
    if code:
        lines = ["AuthenticationMethods publickey,keyboard-interactive"]
        lines += ["UsePAM yes", "KbdInteractiveAuthentication yes"]
        if _knows("PAMServiceName"):
            lines.append(f"PAMServiceName {service}")
    configure(sshd, *options, *lines)
    with _pam_service(sshd, service) if code else nullcontext():
        sshd.daemon.start()
        try:
            yield sshd
        finally:
            sshd.stop_all()


def _sshd_with_service(directory: Path, service: str) -> str:
    """Until OpenSSH 9.8 the PAM service is named as the program is; later there is an option."""
    if os.geteuid() != 0:
        pytest.skip("an sshd that asks for a one-time code needs root")
    if not any(Path("/usr").glob("lib*/**/security/pam_exec.so")):
        pytest.skip("an sshd that asks for a one-time code needs pam_exec (libpam-modules)")
    if _knows("PAMServiceName"):
        return program("sshd")
    link = directory / service
    link.symlink_to(program("sshd"))
    return str(link)


@contextmanager
def _pam_service(sshd: Sshd, service: str) -> Iterator[None]:
    """A PAM service that takes each code of `sshd.codes` once."""
    check = sshd.directory / "check"
    sshd.codes.write_text("")
    check.write_text(_CHECK.format(codes=shlex.quote(str(sshd.codes))))
    check.chmod(0o755)
    file = Path("/etc/pam.d") / service
    file.write_text(_PAM.format(check=check))
    try:
        yield
    finally:
        file.unlink()


def _knows(keyword: str) -> bool:
    test = [program("sshd"), "-t", "-o", f"{keyword}=x"]
    done = subprocess.run(test, capture_output=True, text=True, check=False)
    return f"bad configuration option: {keyword}".lower() not in done.stderr.lower()
