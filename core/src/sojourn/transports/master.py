"""Master connections of the ssh program: started, found, ended."""

import hashlib
import os
import secrets
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sojourn.errors import ConfigError, HostKeyRefused, NeedsLogin, SojournError, Unreachable
from sojourn.transports import mux
from sojourn.transports.diagnosis import diagnose
from sojourn.transports.groups import end_group
from sojourn.transports.runtime import runtime_directory
from sojourn.transports.ssh_lookup import ask_ssh, command_to_try, first, ssh_options
from sojourn.transports.terminal import has_terminal

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

_IDLE_LIFE = 600
"""Seconds that a master of ours outlives its last session, should we be killed."""
_LOGIN_GRACE = 20.0
"""Seconds for the login, beyond the time to connect."""
_ASKING = ("SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY")


@dataclass(frozen=True)
class Master:
    """A master connection that answered."""

    path: Path
    pid: int
    ours: bool
    """Made for this transport, so that it ends with it."""

    def alive(self) -> bool:
        """Whether this very process still answers."""
        return mux.master_pid(self.path) == self.pid


class Masters:
    """The master connections by which one machine can be reached."""

    def __init__(self, settings: "SshConfig", machine: str, keepalive: float) -> None:
        if shutil.which("ssh") is None:
            raise ConfigError(
                f"{machine}: transport openssh needs the program ssh",
                hint="Install OpenSSH's client, or use transport: ssh.",
            )
        self._settings = settings
        self._machine = machine
        self._keepalive = keepalive
        self._arguments = ssh_options(settings)
        options = ask_ssh(settings.host, self._arguments)
        port = int(first(options, "port", "22"))
        self._again = command_to_try(settings, user=first(options, "user"), port=port)
        self._keeps_no_keys = first(options, "userknownhostsfile") in ("/dev/null", "none")
        own = first(options, "controlpath", "none")
        self._users_own = None if own == "none" else Path(own)
        # ssh shows what a jump host's ssh says only with -v.
        direct = first(options, "proxyjump", "none") == first(options, "proxycommand", "none")
        self._telling = ["-o", "LogLevel=DEBUG1"] if direct else ["-v"]
        self._sets_keepalive = first(options, "serveraliveinterval", "0") != "0"
        what = [first(options, key) for key in ("user", "hostname", "port", "proxyjump")]
        digest = hashlib.sha256("\0".join([*what, *self._arguments]).encode()).hexdigest()
        self._kept = runtime_directory() / digest[:12]

    def find(self) -> Master | None:
        """One that stands already: kept by a login, or the user's own ControlPath."""
        for path in (self._kept, self._users_own):
            if path is not None:
                pid = mux.master_pid(path)
                if pid is not None:
                    return Master(path, pid, ours=False)
        return None

    def start(self) -> Master:
        """A new one, without asking anybody anything.

        Raises:
            Unreachable, NeedsLogin, HostKeyRefused, ConfigError: what ssh said.
        """
        path = self._kept.with_name(f"{self._kept.name}-{os.getpid()}-{secrets.token_hex(3)}")
        with tempfile.TemporaryFile() as said:
            command = self._command(path, str(_IDLE_LIFE), unasked=True)
            status = self._run_unasked(command, said)
            pid = mux.master_pid(path) if status == 0 else None
            if pid is None:
                said.seek(0)
                raise self._diagnosed(said)
        return Master(path, pid, ours=True)

    def log_in(self, *, terminal: bool) -> None:
        """Open the one that is kept until `log_out`; asks at the terminal if there is one.

        Raises:
            NeedsLogin: a person is wanted and none is there, or the login was refused.
        """
        if mux.master_pid(self._kept) is not None:
            return
        self._kept.unlink(missing_ok=True)
        if not terminal or not has_terminal():
            with tempfile.TemporaryFile() as said:
                command = self._command(self._kept, "yes", unasked=True)
                if self._run_unasked(command, said) == 0:
                    return
                said.seek(0)
                error = self._diagnosed(said)
            raise error
        # What ssh prints is for the person, so none of it on our standard output.
        status = subprocess.run(self._command(self._kept, "yes"), stdout=2, check=False).returncode
        if status != 0 or mux.master_pid(self._kept) is None:
            raise NeedsLogin(
                f"ssh did not log in (status {status})",
                machine=self._machine,
                hint="What ssh itself said stands above.",
            )

    def log_out(self) -> bool:
        """End the one that is kept; whether there was one."""
        if mux.master_pid(self._kept) is None:
            self._kept.unlink(missing_ok=True)
            return False
        return mux.terminate(self._kept)

    def kept(self) -> bool:
        """Whether there is one from a login."""
        return mux.master_pid(self._kept) is not None

    def _command(self, path: Path, persist: str, *, unasked: bool = False) -> list[str]:
        settings = [
            "ControlMaster=yes",
            f"ControlPath={path}",
            f"ControlPersist={persist}",
            f"ConnectTimeout={max(1, round(self._settings.connect_timeout))}",
            "ClearAllForwardings=yes",
        ]
        if not self._sets_keepalive:
            settings.append(f"ServerAliveInterval={max(1, round(self._keepalive))}")
            settings.append("ServerAliveCountMax=3")
        words = [word for setting in settings for word in ("-o", setting)]
        if unasked:
            words += ["-o", "BatchMode=yes", *self._telling]
        return ["ssh", *self._arguments, *words, "-f", "-N", "-T", "--", self._settings.host]

    def _diagnosed(self, said: BinaryIO) -> SojournError:
        text = said.read().decode(errors="replace")
        error = diagnose(text, machine=self._machine, again=self._again)
        if isinstance(error, HostKeyRefused) and self._keeps_no_keys:
            error.hint += (
                ". Set known_hosts_file for the machine before: UserKnownHostsFile keeps no key."
            )
        return error

    def _run_unasked(self, command: list[str], said: BinaryIO) -> int:
        # In a session without a terminal, so that the ssh of a jump host cannot ask there. Its
        # words go to a file: older masters keep a pipe open for as long as they live.
        environment = {key: value for key, value in os.environ.items() if key not in _ASKING}
        limit = self._settings.connect_timeout + _LOGIN_GRACE
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Unreachable(
                f"ssh was not logged in after {limit:g} s",
                machine=self._machine,
                hint=f"Try: {shlex.join(self._again)}",
            ) from error
        finally:
            if process.poll() is None:
                end_group(process)
