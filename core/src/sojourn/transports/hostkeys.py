"""Known-hosts files: whether a server's key is the one that was written down for it."""

import base64
import binascii
import hashlib
import hmac
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sojourn.errors import HostKeyRefused


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
    known: Iterable[KnownKey],
    *,
    name: str,
    kind: str,
    blob: bytes,
    file: Path,
    machine: str = "",
) -> None:
    """Accept the key that a server presented, or say why not and how to add it.

    `known` are the lines of all known-hosts files, `file` the one that the key would go into.

    Raises:
        HostKeyRefused: the key is unknown, revoked or not the one that is known.
    """
    listed = keys_for(known, name)
    revoked = any(key.marker == "@revoked" and key.blob == blob for key in listed)
    plain = [key for key in listed if not key.marker]
    if not revoked and any(key.blob == blob for key in plain):
        return
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
    raise HostKeyRefused(
        f"the host key of {name} is not known: {shown}",
        machine=machine,
        hint=f"Compare the fingerprint with the one that the site publishes, then: {add}",
    )


def _add_command(name: str, kind: str, blob: bytes, file: Path) -> str:
    line = f"{name} {kind} {base64.b64encode(blob).decode()}"
    return f"echo {shlex.quote(line)} >> {shlex.quote(str(file))}"


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
