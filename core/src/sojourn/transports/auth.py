"""Logging in with paramiko: keys first, then whatever the server asks a person for.

Without a terminal nobody is asked: `NeedsLogin` says what was wanted.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import paramiko

from sojourn.errors import NeedsLogin
from sojourn.transports import terminal
from sojourn.transports.conversation import Prompts, converse
from sojourn.transports.keys import (
    Locked,
    agent_keys,
    load_key,
    public_part,
    with_certificates,
)
from sojourn.transports.ssh_config import Host
from sojourn.transports.wire import Wire

_ASK_TIMEOUT = 180.0
"""Seconds that a person may take; sshd's own LoginGraceTime is 120 unless configured."""
_ATTEMPTS = 3
"""How often a passphrase or a password is asked for."""
_METHODS = ("publickey", "keyboard-interactive", "password")
"""In the order in which they are tried, as ssh does."""


class Authenticator:
    """Logs in, and remembers for the life of the process what a person typed to unlock keys.

    `interactive` says whether a person may be asked at all.
    """

    def __init__(self, *, machine: str, interactive: bool) -> None:
        self._machine = machine
        self._may_ask = interactive
        self._unlocked: dict[Path, paramiko.PKey] = {}
        self._passwords: dict[tuple[str, str], str] = {}

    def log_in(self, transport: Wire, host: Host) -> None:
        """Authenticate `transport`, whose keys are exchanged, as the user of `host`.

        Raises:
            NeedsLogin: nothing that we have is enough.
            paramiko.SSHException, EOFError, OSError: the connection ended.
        """
        attempt = _Attempt(self, transport, host)
        try:
            attempt.run()
        except paramiko.AuthenticationException as error:
            if not transport.is_active() and not transport.goodbye:
                raise EOFError("the connection ended during the login") from error
            raise attempt.refused(transport.goodbye or str(error)) from error

    def can_ask(self) -> bool:
        """Whether there is a person to ask."""
        return self._may_ask and terminal.has_terminal()

    def unlocked(self, path: Path) -> paramiko.PKey | None:
        """A key that was unlocked earlier."""
        return self._unlocked.get(path)

    def unlock(self, path: Path) -> paramiko.PKey | None:
        """Ask for the passphrase of the key in `path`; None if it was never right."""
        for _ in range(_ATTEMPTS):
            answer = terminal.ask(f"Passphrase for the key {path}: ")
            if not answer:
                return None
            try:
                key = load_key(path, answer)
            except Locked:
                continue
            if key is not None:
                self._unlocked[path] = key
            return key
        return None

    def password(self, host: Host, *, again: bool) -> str:
        """The password, asked for once a process unless it was wrong."""
        place = (host.user, host.key_name)
        if again or place not in self._passwords:
            self._passwords[place] = terminal.ask(f"{host.user}@{host}'s password: ")
        return self._passwords[place]

    def error(self, message: str, hint: str) -> NeedsLogin:
        """`NeedsLogin` for this machine."""
        return NeedsLogin(message, machine=self._machine, hint=hint)


class _Attempt:
    """One login on one connection."""

    def __init__(self, authenticator: Authenticator, transport: Wire, host: Host) -> None:
        self._authenticator = authenticator
        self._transport = transport
        self._host = host
        self._asking = authenticator.can_ask()
        self._tried: list[str] = []
        self._locked: list[Path] = []
        self._offered: set[bytes] = set()
        self._wanted: Sequence[str] = ()
        if self._asking:
            transport.auth_timeout = _ASK_TIMEOUT

    def run(self) -> None:
        try:
            self._transport.auth_none(self._host.user)
        except paramiko.BadAuthenticationType as error:
            self._wanted = list(error.allowed_types)
        ways: dict[str, Callable[[], bool]] = {
            "publickey": self._public_key,
            "keyboard-interactive": self._interactive,
            "password": self._password,
        }
        while not self._transport.is_authenticated():
            # A method that succeeds in part leaves others to do; one that fails leaves this
            # set unchanged and is not repeated.
            before = self._wanted
            for method in _METHODS:
                if method in before and ways[method]():
                    break
            else:
                raise self.refused("")

    def refused(self, reason: str) -> NeedsLogin:
        wants = " or ".join(self._wanted) or "a login"
        tried = f"; tried {', '.join(self._tried)}" if self._tried else ""
        hint = ""
        if self._locked:
            files = ", ".join(str(path) for path in self._locked)
            hint = f"Encrypted, and no agent holds it: {files}. Try: ssh-add {files}. "
        if not self._asking:
            hint += "There was no terminal to ask at; a one-time code needs transport: openssh "
            hint += "and `sojourn login`."
        else:
            hint += f"Check that `ssh {self._host.alias}` works."
        said = f" ({reason.rstrip('.')})" if reason else ""
        return self._authenticator.error(
            f"{self._host.user}@{self._host} wants {wants}{tried}{said}", hint.strip()
        )

    def _advance(self, name: str, step: Callable[[], Sequence[str]]) -> bool:
        """Whether `step` got us in or on to the next stage."""
        if name not in self._tried:
            self._tried.append(name)
        try:
            left = step()
        except paramiko.BadAuthenticationType as error:
            self._wanted = list(error.allowed_types)
            return False
        except paramiko.AuthenticationException:
            if not self._transport.is_active():
                raise
            return False
        if left:
            self._wanted = list(left)
        return True

    # --- keys ---------------------------------------------------------------------------------

    def _public_key(self) -> bool:
        with agent_keys(self._host) as held:
            for name, key in self._keys({key.asbytes(): key for key in held}):
                if self._advance(
                    name, partial(self._transport.auth_publickey, self._host.user, key)
                ):
                    return True
        return False

    def _keys(self, held: dict[bytes, paramiko.PKey]) -> Iterator[tuple[str, paramiko.PKey]]:
        for path in self._host.identity_files:
            key = self._identity(path, held)
            if key is not None:
                yield from self._offers(path.name, key, path)
        if not self._host.identities_only:
            for key in held.values():
                yield from self._offers(f"{key.get_name()} of the agent", key, None)
        if self._asking:
            while self._locked:
                path = self._locked.pop(0)
                unlocked = self._authenticator.unlock(path)
                if unlocked is not None:
                    yield from self._offers(path.name, unlocked, path)

    def _identity(self, path: Path, held: dict[bytes, paramiko.PKey]) -> paramiko.PKey | None:
        public = public_part(path)
        if public in held:
            return held[public]
        try:
            return self._authenticator.unlocked(path) or load_key(path)
        except Locked:
            if path not in self._locked:
                self._locked.append(path)
            return None

    def _offers(
        self, name: str, key: paramiko.PKey, identity: Path | None
    ) -> Iterator[tuple[str, paramiko.PKey]]:
        for offer in with_certificates(key, self._host, identity):
            certificate = offer.public_blob
            blob = certificate.key_blob if certificate is not None else offer.asbytes()
            if blob not in self._offered:
                self._offered.add(blob)
                yield name if certificate is None else f"{name} with its certificate", offer

    # --- a person -----------------------------------------------------------------------------

    def _password(self) -> bool:
        if not self._asking:
            return False
        for number in range(_ATTEMPTS):
            password = self._authenticator.password(self._host, again=number > 0)
            if self._advance(
                "password",
                partial(self._transport.auth_password, self._host.user, password, fallback=False),
            ):
                return True
        return False

    def _interactive(self) -> bool:
        for _ in range(_ATTEMPTS if self._asking else 1):
            if self._advance("keyboard-interactive", self._questions):
                return True
        return False

    def _questions(self) -> Sequence[str]:
        return converse(self._transport, self._host.user, self._answers)

    def _answers(self, title: str, instructions: str, prompts: Prompts) -> list[str]:
        if not self._asking:
            wanted = ", ".join(terminal.printable(prompt).strip() for prompt, _ in prompts)
            raise self.refused(f"it asks for {wanted!r}")
        heading = "\n".join(part for part in (title.strip(), instructions.strip()) if part)
        start = f"{heading}\n" if heading else ""
        replies = []
        for prompt, echo in prompts:
            shown = f"({self._host.user}@{self._host}) {prompt}"
            replies.append(terminal.ask(start + shown, echo=echo))
            start = ""
        return replies
