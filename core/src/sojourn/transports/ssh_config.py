"""Where an alias of `~/.ssh/config` leads: hosts, keys and known-hosts files, jump by jump."""

import getpass
import hashlib
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import ConfigError
from sojourn.home import expanded
from sojourn.transports.ssh_lookup import (
    Options,
    Reader,
    ask_ssh,
    file_option,
    first,
    ssh_options,
)

if TYPE_CHECKING:
    from sojourn.transports.config import SshConfig

_LONGEST_ROUTE = 10


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
    """The user's own files; a new key goes into the first."""
    system_known_hosts: tuple[Path, ...]
    known_hosts_command: str
    """As it is configured; "none" if it is not."""
    revoked_host_keys: Path | None
    """Keys that no server may have; no server is trusted while it cannot be read."""
    strict_host_keys: str
    """StrictHostKeyChecking, as it is configured."""
    host_key_alias: str
    address_family: str
    """any, inet or inet6."""
    proxy_command: str
    """Expanded; "" if none."""

    def looks_for(self, identity: Path) -> bool:
        """Whether that key's file is one of those that ssh looks for unless told otherwise."""
        usual = identity.parent == expanded("~/.ssh") and identity.name.startswith("id_")
        return usual and len(self.identity_files) > 1

    @property
    def key_name(self) -> str:
        """The name under which known-hosts files list it."""
        if self.host_key_alias:
            return self.host_key_alias
        return self.hostname if self.port == 22 else f"[{self.hostname}]:{self.port}"

    def __str__(self) -> str:
        return self.hostname if self.port == 22 else f"{self.hostname} port {self.port}"


def route(settings: "SshConfig") -> tuple[Host, ...]:
    """The hosts to go through, the machine itself last.

    Raises:
        ConfigError: the file cannot be read, or its jumps go in a circle.
    """
    look_up: Callable[[str, list[str]], Options] = (
        ask_ssh if shutil.which("ssh") is not None else Reader(settings)
    )
    jump_options = file_option(settings.ssh_config)

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

    *before, machine = hops(settings.host, ssh_options(settings), None, 0)
    if settings.known_hosts_file is not None:
        # `ssh -G` prints this list without quotes, so a path with a blank would be lost in it.
        machine = replace(machine, known_hosts=(settings.known_hosts_file,))
    given = settings.identity_file
    if given is not None and given not in machine.identity_files:
        # ssh leaves out one that is not there: it is tried all the same, so that this is said.
        machine = replace(machine, identity_files=(given, *machine.identity_files))
    return (*before, machine)


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


def _host(alias: str, options: Options, *, behind_jump: bool) -> Host:
    hostname = first(options, "hostname", alias)
    user = first(options, "user") or getpass.getuser()
    port = int(first(options, "port", "22"))
    key_alias = first(options, "hostkeyalias")
    tokens = _tokens(alias, hostname, port, user, key_alias, first(options, "proxyjump"))

    def path(text: str) -> Path:
        return expanded(expand(text, tokens, variables=True))

    def paths(keyword: str) -> tuple[Path, ...]:
        return tuple(path(value) for value in options.get(keyword, []) if value != "none")

    def split_paths(keyword: str) -> tuple[Path, ...]:
        return tuple(_paths([str(path(part)) for part in _words(first(options, keyword))]))

    revoked = first(options, "revokedhostkeys", "none")
    agent = first(options, "identityagent")
    if re.fullmatch(r"\$(\w+|\{\w+\})", agent):
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
        known_hosts=split_paths("userknownhostsfile"),
        system_known_hosts=split_paths("globalknownhostsfile"),
        revoked_host_keys=None if revoked == "none" else path(revoked.strip('"')),
        strict_host_keys=first(options, "stricthostkeychecking", "ask"),
        host_key_alias=key_alias,
        address_family=first(options, "addressfamily", "any"),
        known_hosts_command=first(options, "knownhostscommand", "none"),
        proxy_command="" if behind_jump or command == "none" else expand(command, tokens),
    )


def _words(text: str) -> list[str]:
    """Blank-separated words, of which some may be in double quotes."""
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]


def _paths(parts: list[str]) -> Iterator[Path]:
    """The files of a list that `ssh -G` prints without its quotes: parts that make, with blanks
    between them, the name of a file that exists, belong together."""
    while parts:
        counts = range(len(parts), 1, -1)
        count = next((n for n in counts if Path(" ".join(parts[:n])).exists()), 1)
        name, parts = " ".join(parts[:count]), parts[count:]
        if name != "none":
            yield Path(name)


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
        "d": str(expanded("~")),
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


def expand(text: str, tokens: Mapping[str, str], *, variables: bool = False) -> str:
    """`text` with ssh's %-tokens, and in a path ${VARIABLES}, replaced; an unknown token is left
    as it is.

    Raises:
        ConfigError: there is no such variable.
    """

    def value(match: re.Match[str]) -> str:
        if match[0].startswith("%"):
            return tokens.get(match[1], match[0])
        if match[2] not in os.environ:
            raise ConfigError(
                f"ssh's configuration names the variable {match[2]}, which is not set: {text}"
            )
        return os.environ[match[2]]

    return re.sub(r"%(.)|\$\{(\w+)\}" if variables else r"%(.)", value, text)
