"""Known-hosts files: whether a server's key is the one that was written down for it."""

import base64
import binascii
import hashlib
import hmac
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sojourn.errors import HostKeyRefused
from sojourn.home import expanded

_LAX = ("no", "off", "false", "accept-new")
"""Words of StrictHostKeyChecking with which ssh takes an unknown key; `ssh -G` prints `false`."""

DEFAULT_KNOWN_HOSTS = Path("~/.ssh/known_hosts")


@dataclass(frozen=True)
class KnownKey:
    """One line of a known-hosts file."""

    marker: str
    """"", "@cert-authority" or "@revoked"."""
    patterns: tuple[str, ...]
    kind: str
    blob: bytes
    file: Path

    def names(self, name: str) -> bool:
        """Whether the line is about the host `name` (`host` or `[host]:port`)."""
        found = False
        for pattern in self.patterns:
            if pattern.startswith("!"):
                if _matches(pattern[1:], name):
                    return False
            else:
                found = found or _matches(pattern, name)
        return found


def parse_known_hosts(text: str, file: Path) -> list[KnownKey]:
    """The lines that can be understood; others are passed over, as ssh does."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#"):
            continue
        try:
            blob = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        found.append(KnownKey(marker, tuple(fields[0].split(",")), fields[1], blob, file))
    return found


def read_known_hosts(files: Iterable[Path]) -> list[KnownKey]:
    """All lines of all files that exist and can be read."""
    found = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found += parse_known_hosts(text, file)
    return found


def keys_for(known: Iterable[KnownKey], name: str) -> list[KnownKey]:
    """The lines about `name`; for a port of its own, those of the plain host if there are none."""
    listed = list(known)
    found = [key for key in listed if key.names(name)]
    if not found and name.startswith("["):
        plain = name[1:].partition("]")[0]
        found = [key for key in listed if key.names(plain)]
    return found


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` prints it: SHA256 and 43 characters."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def check_host_key(
    known: Sequence[KnownKey],
    *,
    name: str,
    kind: str,
    blob: bytes,
    file: Path | None,
    machine: str = "",
    command: str = "none",
    strict: str = "ask",
) -> None:
    """Accept the key that a server presented, or say why not and how to add it.

    `known` are the lines of all known-hosts files, `file` the one that the key would go into;
    None where none is kept. `command` is a KnownHostsCommand, which is not run; `strict` is
    StrictHostKeyChecking, which lets no unknown key pass here.

    Raises:
        HostKeyRefused: the key is unknown, revoked or not the one that is known.
    """
    listed = keys_for(known, name)
    revoked = any(key.marker == "@revoked" and key.blob == blob for key in listed)
    if not revoked and any(key.blob == blob and not key.marker for key in listed):
        return
    # Another key of the plain host says nothing about a port of its own.
    plain = [key for key in listed if not key.marker and key.names(name)]
    shown = f"{kind} {fingerprint(blob)}"
    if revoked:
        raise HostKeyRefused(
            f"the host key of {name} is revoked: {shown}",
            machine=machine,
            hint="Do not log in there; ask the site.",
        )
    add = _add_command(name, kind, blob, file)
    if plain:
        others = ", ".join(f"{key.kind} {fingerprint(key.blob)}" for key in plain)
        remove = " && ".join(
            f"ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(str(source))}"
            for source in dict.fromkeys(key.file for key in plain)
        )
        raise HostKeyRefused(
            f"the host key of {name} has changed: it is {shown}, known is {others}",
            machine=machine,
            hint="Someone may be listening in. If the site confirms the new fingerprint: "
            f"{remove} && {add}",
        )
    if any(key.marker == "@cert-authority" for key in listed):
        raise HostKeyRefused(
            f"the host key of {name} is certified by an authority, which only the ssh program "
            f"can check: {shown}",
            machine=machine,
            hint="Use transport: openssh for this machine.",
        )
    if command != "none":
        raise HostKeyRefused(
            f"the host key of {name} is not known: {shown}; KnownHostsCommand was not run",
            machine=machine,
            hint="Only the ssh program runs it: use transport: openssh for this machine. Or "
            f"compare the fingerprint with the one that the site publishes, then: {add}",
        )
    lax = strict in _LAX
    ignored = f"; StrictHostKeyChecking {strict} does not count here" if lax else ""
    raise HostKeyRefused(
        f"the host key of {name} is not known: {shown}{ignored}",
        machine=machine,
        hint=f"Compare the fingerprint with the one that the site publishes, then: {add}",
    )


def keeping(files: Sequence[Path]) -> Path | None:
    """The first of these known-hosts files that a key can be added to; `/dev/null` keeps none."""
    return next((file for file in files if not file.exists() or file.is_file()), None)


def _add_command(name: str, kind: str, blob: bytes, file: Path | None) -> str:
    """What a person types to add the key, whatever the file is like."""
    line = shlex.quote(f"{name} {kind} {base64.b64encode(blob).decode()}")
    instead = ""
    if file is None:
        file = expanded(DEFAULT_KNOWN_HOSTS)
        instead = f"set known_hosts_file: {file} for the machine, since UserKnownHostsFile keeps no key; and "
    text = shlex.quote(str(file))
    steps = []
    if not file.parent.exists():
        steps.append(f"mkdir -p -m 700 {shlex.quote(str(file.parent))}")
    if _lacks_newline(file):
        steps.append(f"echo >> {text}")
    return instead + " && ".join([*steps, f"echo {line} >> {text}"])


def _lacks_newline(file: Path) -> bool:
    try:
        return file.read_bytes()[-1:] not in (b"", b"\n")
    except OSError:
        return False


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _hash_matches(pattern, name)
    # ssh knows * and ? only; a bracket stands for itself.
    literal = pattern.lower().replace("[", "[[]")
    return fnmatchcase(name.lower(), literal)


def _hash_matches(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        expected = base64.b64decode(digest, validate=True)
        key = base64.b64decode(salt, validate=True)
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.new(key, name.lower().encode(), "sha1").digest(), expected)
