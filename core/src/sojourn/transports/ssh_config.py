"""Where an alias of `~/.ssh/config` leads: hosts, keys and known-hosts files, jump by jump.

The ssh program itself is the resolver (`ssh -G`), so that Include, Match and everything else
mean what they mean there. Where there is no such program, paramiko's reader stands in; it knows
no Include.
"""

import getpass
import hashlib
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import ConfigError

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

_LONGEST_ROUTE = 10
_RESOLVE_TIMEOUT = 30.0
"""Seconds for `ssh -G`, which may run commands of `Match exec`."""

Options = Mapping[str, Sequence[str]]
"""Lower-case keyword -> its values, in order."""


@dataclass(frozen=True)
class Host:
    """One ssh server on the way, with all that is needed to log in there."""

    alias: str
    hostname: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    certificate_files: tuple[Path, ...]
    identities_only: bool
    identity_agent: str
    """A socket's path, "none", or "" for the one that SSH_AUTH_SOCK names."""
    known_hosts: tuple[Path, ...]
    host_key_alias: str
    address_family: str
    """any, inet or inet6."""
    proxy_command: str
    """Expanded; "" if none."""

    @property
    def key_name(self) -> str:
        """The name under which known-hosts files list it."""
        if self.host_key_alias:
            return self.host_key_alias
        return self.hostname if self.port == 22 else f"[{self.hostname}]:{self.port}"

    def __str__(self) -> str:
        return self.hostname if self.port == 22 else f"{self.hostname} port {self.port}"


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


def file_option(config: Path) -> list[str]:
    """`-F FILE`, but nothing for the file that ssh reads anyway, with the system's after it."""
    usual = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"
    return [] if config == usual else ["-F", str(config)]


def route(settings: "SshConfig") -> tuple[Host, ...]:
    """The hosts to go through, the machine itself last.

    Raises:
        ConfigError: the file cannot be read, or its jumps go in a circle.
    """
    look_up: Callable[[str, list[str]], Options]
    if shutil.which("ssh") is not None:
        look_up = ask_ssh
        options = ssh_options(settings)
    else:
        look_up = _Reader(settings)
        options = []
    jump_options = file_option(settings.ssh_config) if options else []

    def hops(name: str, own: list[str], through: list[str] | None, depth: int) -> list[Host]:
        if depth > _LONGEST_ROUTE:
            raise ConfigError(
                f"ProxyJump goes through more than {_LONGEST_ROUTE} hosts, or in a circle",
                file=settings.ssh_config,
            )
        found = look_up(name, own)
        if through is None:
            through = _jumps(found)
        before: list[Host] = []
        if through:
            # As ssh -J does: the last one is reached through those before it, the first one
            # as its own configuration says.
            *earlier, last = through
            target, arguments = _jump(last)
            before = hops(target, jump_options + arguments, earlier or None, depth + 1)
        return [*before, _host(name, found, behind_jump=bool(before))]

    return tuple(hops(settings.host, options, None, 0))


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
            timeout=_RESOLVE_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"ssh -G {name} takes longer than {_RESOLVE_TIMEOUT:g} s") from error
    if answer.returncode != 0:
        said = [line for line in answer.stderr.splitlines() if "Pseudo-terminal" not in line]
        raise ConfigError("ssh: " + "; ".join(said), hint=f"try: ssh -G {name}")
    return parse_ssh_g(answer.stdout)


class _Reader:
    """Looks names up with paramiko, for computers without the ssh program."""

    def __init__(self, settings: "SshConfig") -> None:
        import paramiko

        self._settings = settings
        self._config = paramiko.SSHConfig()
        try:
            if settings.ssh_config.exists():
                self._config = paramiko.SSHConfig.from_path(str(settings.ssh_config))
        except (OSError, UnicodeDecodeError, paramiko.SSHException) as error:
            raise ConfigError(str(error), file=settings.ssh_config) from error

    def __call__(self, name: str, options: list[str]) -> Options:
        found: dict[str, list[str]] = {}
        for keyword, value in self._config.lookup(name).items():
            if value is not None:
                found[keyword] = value if isinstance(value, list) else [value]
        for flag, keyword in (("-l", "user"), ("-p", "port")):
            if flag in options:
                found[keyword] = [options[options.index(flag) + 1]]
        if name == self._settings.host:
            self._prefer_settings(found)
        found.setdefault(
            "identityfile", [f"~/.ssh/id_{kind}" for kind in ("rsa", "ecdsa", "ed25519")]
        )
        found.setdefault("userknownhostsfile", ["~/.ssh/known_hosts ~/.ssh/known_hosts2"])
        found.setdefault("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts"])
        return found

    def _prefer_settings(self, found: dict[str, list[str]]) -> None:
        own = self._settings
        if own.user is not None:
            found["user"] = [own.user]
        if own.port is not None:
            found["port"] = [str(own.port)]
        if own.identity_file is not None:
            found["identityfile"] = [str(own.identity_file), *found.get("identityfile", [])]
        if own.known_hosts_file is not None:
            found["userknownhostsfile"] = [f'"{own.known_hosts_file}"']


def _jumps(options: Options) -> list[str]:
    text = first(options, "proxyjump")
    return [] if text in ("", "none") else [part.strip() for part in text.split(",")]


_JUMP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?:\[(?P<address>[^\]]+)\]|(?P<name>[^:\s]+))(?::(?P<port>\d+))?/?"
)


def _jump(text: str) -> tuple[str, list[str]]:
    match = _JUMP.fullmatch(text)
    name = match and (match["address"] or match["name"])
    if match is None or not name or name.startswith("-"):
        raise ConfigError(f"ProxyJump {text!r} is not [USER@]HOST[:PORT]")
    arguments = ["-l", match["user"]] if match["user"] else []
    arguments += ["-p", match["port"]] if match["port"] else []
    return name, arguments


def first(options: Options, keyword: str, default: str = "") -> str:
    """The first value of a keyword."""
    values = options.get(keyword)
    return values[0] if values else default


def _host(alias: str, options: Options, *, behind_jump: bool) -> Host:
    hostname = first(options, "hostname", alias)
    user = first(options, "user") or getpass.getuser()
    port = int(first(options, "port", "22"))
    key_alias = first(options, "hostkeyalias")
    tokens = _tokens(alias, hostname, port, user, key_alias, first(options, "proxyjump"))

    def path(text: str) -> Path:
        return Path(expand(text, tokens)).expanduser()

    def paths(keyword: str) -> tuple[Path, ...]:
        return tuple(path(value) for value in options.get(keyword, []) if value != "none")

    def split_paths(keyword: str) -> list[Path]:
        return [path(part) for part in _words(first(options, keyword)) if part != "none"]

    agent = first(options, "identityagent")
    if agent.startswith("$"):
        agent = os.environ.get(agent[1:].strip("{}"), "none")
    command = first(options, "proxycommand")
    return Host(
        alias=alias,
        hostname=hostname,
        port=port,
        user=user,
        identity_files=paths("identityfile"),
        certificate_files=paths("certificatefile"),
        identities_only=first(options, "identitiesonly") == "yes",
        identity_agent=""
        if agent in ("", "SSH_AUTH_SOCK")
        else agent
        if agent == "none"
        else str(path(agent)),
        known_hosts=(*split_paths("userknownhostsfile"), *split_paths("globalknownhostsfile")),
        host_key_alias=key_alias,
        address_family=first(options, "addressfamily", "any"),
        proxy_command="" if behind_jump or command == "none" else expand(command, tokens),
    )


def _words(text: str) -> list[str]:
    """Blank-separated words, of which some may be in double quotes."""
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]


def _tokens(
    alias: str, hostname: str, port: int, user: str, key_alias: str, jump: str
) -> dict[str, str]:
    local = socket.gethostname()
    digest = hashlib.sha1(
        f"{local}{hostname}{port}{user}{jump}".encode(), usedforsecurity=False
    ).hexdigest()
    return {
        "%": "%",
        "C": digest,
        "d": str(Path.home()),
        "h": hostname,
        "i": str(os.getuid()),
        "j": jump,
        "k": key_alias or alias,
        "L": local.partition(".")[0],
        "l": local,
        "n": alias,
        "p": str(port),
        "r": user,
        "u": getpass.getuser(),
    }


def expand(text: str, tokens: Mapping[str, str]) -> str:
    """`text` with ssh's %-tokens replaced; an unknown one is left as it is."""
    return re.sub(r"%(.)", lambda match: tokens.get(match[1], match[0]), text)
