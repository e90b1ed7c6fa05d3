"""The private keys with which to log in: the agent's, certified ones, files."""

import base64
import binascii
import contextlib
import os
import re
import shlex
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
from paramiko.agent import AgentKey, AgentSSH

from sojourn.transports.ssh_config import Host

_LIST_LIMIT = 10.0
"""Seconds in which an agent lists its keys: one that was forwarded may have lost its other end."""
_SIGN_LIMIT = 60.0
"""Seconds for a signature, for which an agent may ask a person, or for a touch."""

_KEY_CLASSES: tuple[type[paramiko.PKey], ...] = (
    paramiko.Ed25519Key,
    paramiko.ECDSAKey,
    paramiko.RSAKey,
)


class Unusable(Exception):
    """A key's file that cannot be used; the text says why, and what to do."""


class Absent(Unusable):
    """There is no such file."""


class Locked(Exception):
    """A private key's file is encrypted, and the passphrase is missing or wrong."""


class _Agent(AgentSSH):
    """The agent behind a socket, which has to answer in time."""

    def __init__(self, path: str) -> None:
        super().__init__()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_LIST_LIMIT)
        try:
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]
        except BaseException:
            connection.close()
            raise
        connection.settimeout(_SIGN_LIMIT)

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]


@contextlib.contextmanager
def agent_keys(host: Host) -> Iterator[tuple[AgentKey, ...]]:
    """The keys of the user's agent, usable inside the block; none where there is no agent.

    Raises:
        Unusable: there is one, but it does not answer.
    """
    path = host.identity_agent or os.environ.get("SSH_AUTH_SOCK", "")
    if path in ("", "none"):
        yield ()
        return
    try:
        agent = _Agent(path)
    except TimeoutError as error:
        limit = f"within {_LIST_LIMIT:g} s"
        raise Unusable(f"the ssh-agent at {path} does not answer {limit}") from error
    except (OSError, paramiko.SSHException, struct.error, IndexError):
        yield ()
        return
    try:
        yield tuple(agent.get_keys())
    finally:
        agent.close()


def load_key(path: Path, passphrase: str | None = None) -> paramiko.PKey:
    """The private key in `path`.

    Raises:
        Locked: it is encrypted, and `passphrase` is not the right one.
        Unusable: it is no private key that paramiko can use, or cannot be read.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError as error:
        raise Absent(f"{path} does not exist") from error
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from error
    foreign = _not_for_paramiko(text, path)
    if foreign:
        raise Unusable(foreign)
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
    raise Unusable(f"{path} is no private key of a kind that paramiko can read")


_PUBLIC = re.compile(r"(?:ssh|ecdsa|sk)-\S+ AAAA|-+ ?BEGIN (?:SSH2 |RSA )?PUBLIC KEY")


def _not_for_paramiko(text: str, path: Path) -> str:
    """What a key's file is instead of a private key that paramiko can use; "" if that is not
    known."""
    if _PUBLIC.match(text):
        private = path.with_suffix("")
        other = f"; the private one may be {private}" if private != path else ""
        return f"{path} is the public half of a key{other}"
    if text.startswith("PuTTY-User-Key-File-"):
        convert = f"puttygen {shlex.quote(str(path))} -O private-openssh -o FILE"
        return f"{path} is a key of PuTTY's; convert it: {convert}"
    with contextlib.suppress(binascii.Error):
        body = base64.b64decode("".join(text.split("\n")[1:-2]))
        if b"sk-ssh-ed25519@" in body or b"sk-ecdsa-sha2-" in body:
            return f"{path} is of a FIDO security key: use transport: openssh for this machine"
    return ""


def public_part(path: Path) -> bytes | None:
    """The public key beside a private one: tells which of the agent's keys is meant."""
    try:
        text = path.with_name(path.name + ".pub").read_text(errors="replace")
        return base64.b64decode(text.split()[1], validate=True)
    except (OSError, ValueError, IndexError):
        return None


def with_certificates(
    key: paramiko.PKey,
    host: Host,
    identity: Path | None,
    note: Callable[[Unusable], None],
) -> Iterator[paramiko.PKey]:
    """`key` with each certificate that belongs to it, if any, then `key` alone; `note` is told of
    certificates that cannot be used."""
    candidates = list(host.certificate_files)
    if identity is not None:
        candidates.append(identity.with_name(identity.name + "-cert.pub"))
    for file in candidates:
        if not file.exists():  # paramiko would take the name itself for a certificate
            if file in host.certificate_files:
                note(Unusable(f"CertificateFile {file} does not exist"))
            continue
        try:
            key.load_certificate(str(file))
        except (paramiko.SSHException, ValueError, IndexError, OSError) as error:
            note(Unusable(f"the certificate {file} cannot be used: {error or 'it is none'}"))
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
