"""The private keys with which to log in: the agent's, certified ones, files."""

import base64
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
from paramiko.agent import AgentKey, AgentSSH

from sojourn.transports.ssh_config import Host

_KEY_CLASSES: tuple[type[paramiko.PKey], ...] = (
    paramiko.Ed25519Key,
    paramiko.ECDSAKey,
    paramiko.RSAKey,
)


class Locked(Exception):
    """A private key's file is encrypted, and the passphrase is missing or wrong."""


class _AgentAt(AgentSSH):
    """The agent behind a given socket (`IdentityAgent`)."""

    def __init__(self, path: str) -> None:
        super().__init__()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self._connect(connection)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]


@contextlib.contextmanager
def agent_keys(host: Host) -> Iterator[tuple[AgentKey, ...]]:
    """The keys of the user's agent, usable inside the block; none where there is no agent."""
    if host.identity_agent == "none":
        yield ()
        return
    try:
        agent = _AgentAt(host.identity_agent) if host.identity_agent else paramiko.Agent()
    except (OSError, paramiko.SSHException):
        yield ()
        return
    try:
        yield tuple(agent.get_keys())
    finally:
        agent.close()


def load_key(path: Path, passphrase: str | None = None) -> paramiko.PKey | None:
    """The private key in `path`; None where there is none that can be read.

    Raises:
        Locked: it is encrypted, and `passphrase` is not the right one.
    """
    if not path.is_file():
        return None
    encrypted = False
    for key_class in _KEY_CLASSES:
        try:
            return key_class.from_private_key_file(str(path), passphrase)
        except paramiko.PasswordRequiredException:
            encrypted = True
        except (paramiko.SSHException, ValueError, OSError):
            # Another class's key, or a wrong passphrase: they look alike here.
            continue
    if encrypted or passphrase is not None:
        raise Locked(str(path))
    return None


def public_part(path: Path) -> bytes | None:
    """The public key beside a private one: tells which of the agent's keys is meant."""
    try:
        text = path.with_name(path.name + ".pub").read_text(errors="replace")
        return base64.b64decode(text.split()[1], validate=True)
    except (OSError, ValueError, IndexError):
        return None


def with_certificates(
    key: paramiko.PKey, host: Host, identity: Path | None
) -> Iterator[paramiko.PKey]:
    """`key` with each certificate that belongs to it, if any, then `key` alone."""
    candidates = list(host.certificate_files)
    if identity is not None:
        candidates.append(identity.with_name(identity.name + "-cert.pub"))
    for file in candidates:
        if not file.is_file():
            continue
        try:
            key.load_certificate(str(file))
        except (paramiko.SSHException, ValueError, OSError):
            continue
        if key.public_blob is not None and _certified(key.public_blob.key_blob) == key.asbytes():
            yield key
        key.public_blob = None
    yield key


def _certified(certificate: bytes) -> bytes | None:
    """The public key that a certificate is about."""
    for key_class in _KEY_CLASSES:
        try:
            return key_class(msg=paramiko.Message(certificate)).asbytes()
        except (paramiko.SSHException, ValueError):
            continue
    return None
