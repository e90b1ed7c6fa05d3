"""What is configured for one name: asked of the ssh program, or read by paramiko.

`ssh -G` is the resolver, so that Include, Match and everything else mean what they mean there.
Where there is no such program, paramiko's reader stands in; it knows no Include.
"""

import os
import pwd
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from sojourn.errors import ConfigError
from sojourn.home import expanded

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

_TIMEOUT = 30.0
"""Seconds for `ssh -G`, which may run commands of `Match exec`."""

Options = Mapping[str, Sequence[str]]
"""Lower-case keyword -> its values, in order."""


def ssh_options(settings: "SshConfig") -> list[str]:
    """What the ssh program needs on its command line for these settings, without the host."""
    options = file_option(settings.ssh_config)
    if settings.user is not None:
        options += ["-l", settings.user]
    if settings.port is not None:
        options += ["-p", str(settings.port)]
    if settings.identity_file is not None:
        options += ["-i", str(settings.identity_file)]
    if settings.known_hosts_file is not None:
        options += ["-o", f'UserKnownHostsFile="{settings.known_hosts_file}"']
    return options


def command_to_try(settings: "SshConfig", *, user: str, port: int) -> list[str]:
    """A command line by which a person sees for themselves how a login goes."""
    options = ssh_options(settings)
    if settings.user is None:
        options += ["-l", user]
    if settings.port is None:
        options += ["-p", str(port)]
    return ["ssh", *options, settings.host, "true"]


def file_option(config: Path) -> list[str]:
    """`-F FILE`, but nothing for the file that ssh reads anyway, with the system's after it.

    Nor for the default where there is no such file, as when HOME is not the user's own.
    """
    if config == expanded("~/.ssh/config") and not config.exists():
        return []
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container may run as a user that nobody knows
        return ["-F", str(config)]
    return [] if config == Path(home) / ".ssh" / "config" else ["-F", str(config)]


def first(options: Options, keyword: str, default: str = "") -> str:
    """The first value of a keyword."""
    values = options.get(keyword)
    return values[0] if values else default


def parse_ssh_g(text: str) -> dict[str, list[str]]:
    """What `ssh -G` prints: a keyword and its value a line."""
    options: dict[str, list[str]] = {}
    for line in text.splitlines():
        keyword, _, value = line.partition(" ")
        options.setdefault(keyword.lower(), []).append(value)
    return options


def ask_ssh(name: str, options: list[str]) -> Options:
    """What the ssh program makes of `name` with these options.

    Raises:
        ConfigError: what ssh says is wrong with its configuration.
    """
    try:
        answer = subprocess.run(
            ["ssh", *options, "-G", "--", name],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"ssh -G {name} takes longer than {_TIMEOUT:g} s") from error
    if answer.returncode != 0:
        said = [line for line in answer.stderr.splitlines() if "Pseudo-terminal" not in line]
        raise ConfigError(
            "ssh: " + "; ".join(said), hint=f"try: {join(('ssh', *options, '-G', name))}"
        )
    return parse_ssh_g(answer.stdout)


_INCLUDE = re.compile(r"^\s*include[\s=]", re.IGNORECASE | re.MULTILINE)


class Reader:
    """Looks names up with paramiko, for computers without the ssh program."""

    def __init__(self, settings: "SshConfig") -> None:
        self._file = settings.ssh_config
        try:
            self._text = self._file.read_text() if self._file.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(error), file=self._file) from error

    def __call__(self, name: str, options: list[str]) -> Options:
        """What is configured for `name`, with options as `ssh_options` makes them."""
        import paramiko

        if _INCLUDE.search(self._text):
            raise ConfigError(
                "Include is read by the ssh program only, which is not installed",
                file=self._file,
                hint="Install OpenSSH's client, or set ssh_config to a file without Include.",
            )

        # The first value that is found holds, as on ssh's command line.
        given = "".join(f"{line}\n" for line in _as_lines(options))
        try:
            config = paramiko.SSHConfig.from_text(given + self._text)
            values = config.lookup(name)
        except paramiko.SSHException as error:
            raise ConfigError(str(error), file=self._file) from error
        found: dict[str, list[str]] = {}
        for keyword, value in values.items():
            if value is not None:
                found[keyword] = value if isinstance(value, list) else [value]
        found.setdefault(
            "identityfile", [f"~/.ssh/id_{kind}" for kind in ("rsa", "ecdsa", "ed25519")]
        )
        found.setdefault("userknownhostsfile", ["~/.ssh/known_hosts ~/.ssh/known_hosts2"])
        found.setdefault("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts"])
        return found


def _as_lines(options: list[str]) -> list[str]:
    """The lines of an ssh_config that say the same as these options."""
    keywords = {"-l": "User ", "-p": "Port ", "-i": "IdentityFile ", "-o": ""}
    pairs = zip(options[::2], options[1::2], strict=True)
    return [keywords[flag] + value for flag, value in pairs if flag in keywords]
