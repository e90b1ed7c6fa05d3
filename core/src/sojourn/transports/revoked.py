"""`RevokedHostKeys` of ssh's configuration: a file of keys that no server may have."""

import base64
import binascii
from pathlib import Path

from sojourn.errors import HostKeyRefused
from sojourn.transports.hostkeys import fingerprint

_BINARY = b"SSHKRL\n\0"
"""How a list begins that `ssh-keygen -k` makes."""


def refuse_revoked(file: Path | None, *, name: str, blob: bytes, machine: str = "") -> None:
    """Refuse a server's key that `file` lists, one public key a line; nothing where it is None.

    As with ssh, no server is trusted while the file cannot be read (ssh_config(5)).

    Raises:
        HostKeyRefused: the key is revoked, or the file does not tell.
    """
    if file is None:
        return
    try:
        content = file.read_bytes()
    except OSError as error:
        raise HostKeyRefused(
            f"RevokedHostKeys {file} cannot be read: {error.strerror}",
            machine=machine,
            hint="Correct or remove RevokedHostKeys in ssh's configuration.",
        ) from error
    if content.startswith(_BINARY):
        raise HostKeyRefused(
            f"RevokedHostKeys {file} is a binary list, which only the ssh program can read",
            machine=machine,
            hint="Use transport: openssh for this machine.",
        )
    if blob in _keys(content):
        raise HostKeyRefused(
            f"the host key of {name} is revoked by {file}: {fingerprint(blob)}",
            machine=machine,
            hint="Do not log in there; ask the site.",
        )


def _keys(content: bytes) -> set[bytes]:
    found = set()
    for line in content.splitlines():
        for word in line.split()[:2]:
            try:
                found.add(base64.b64decode(word, validate=True))
            except binascii.Error:
                continue
    return found
