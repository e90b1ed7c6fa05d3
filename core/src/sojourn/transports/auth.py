"""Logging in with paramiko: keys first, then whatever the server asks a person for.

Without a terminal nobody is asked: `NeedsLogin` says what was wanted.
"""

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import paramiko
from paramiko.agent import AgentKey

from sojourn.errors import NeedsLogin
from sojourn.printable import plain
from sojourn.transports import terminal
from sojourn.transports.conversation import Prompts, converse
from sojourn.transports.keys import (
    Absent,
    Locked,
    Unusable,
    agent_keys,
    load_key,
    public_part,
    with_certificates,
)
from sojourn.transports.ssh_config import Host
from sojourn.transports.wire import Wire

T = TypeVar("T")

_ASK_TIMEOUT = 180.0
"""Seconds that a person may take; sshd's own LoginGraceTime is 120 unless configured."""
_ANSWER_TIMEOUT = 30.0
"""Seconds for each answer where nobody is asked: a site's directory may be slow."""
_ATTEMPTS = 3
"""How often a passphrase or a password is asked for."""
_METHODS = ("publickey", "keyboard-interactive", "password")
"""In the order in which they are tried, as ssh does."""


class Authenticator:
    """Logs in, and remembers for the life of the process what a person typed to unlock keys.

    `interactive` says whether a person may be asked at all; `again` is the command line by which
    a person can try it.
    """

    def __init__(self, *, machine: str, interactive: bool) -> None:
        self._machine = machine
        self.again = ""
        self._may_ask = interactive
        self._unlocked: dict[Path, paramiko.PKey] = {}
        self._passwords: dict[tuple[str, str], str] = {}

    def log_in(self, transport: Wire, host: Host) -> None:
        """Authenticate `transport`, whose keys are exchanged, as the user of `host`.

        Raises:
            NeedsLogin: the server says that nothing that we have is enough.
            paramiko.SSHException, EOFError, OSError: the connection ended, or has stalled.
        """
        attempt = _Attempt(self, transport, host)
        try:
            attempt.run()
        except paramiko.AuthenticationException as error:
            if transport.is_active() or transport.refused:
                raise attempt.refused(transport.goodbye or str(error)) from error
            ended = transport.goodbye or "the connection ended"
            raise EOFError(f"{ended} (during the login)") from error

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
            with contextlib.suppress(Locked):
                self._unlocked[path] = load_key(path, answer)
                break
        return self._unlocked.get(path)

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
        self._absent: list[Path] = []
        self._unusable: list[str] = []
        self._prompted = False
        self._offered: set[bytes] = set()
        self._wanted: Sequence[str] = ()
        transport.auth_timeout = _ASK_TIMEOUT if self._asking else _ANSWER_TIMEOUT

    def run(self) -> None:
        try:
            self._answered(partial(self._transport.auth_none, self._host.user))
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
        tried = f"tried {', '.join(self._tried)}" if self._tried else "no key was found to try"
        said = f" ({reason.rstrip('.')})" if reason else ""
        return self._authenticator.error(
            f"{self._host.user}@{self._host} wants {wants}; {tried}{said}", " ".join(self._advice())
        )

    def _advice(self) -> Iterator[str]:
        if not self._tried:
            self._unusable += [f"{path} does not exist" for path in self._absent]
        for what in self._unusable:
            yield f"{what}."
        if self._locked:
            files = shlex.join(str(path) for path in self._locked)
            yield f"Encrypted, and no agent holds it: {files}. Try: ssh-add {files}."
        if self._prompted:
            yield "A one-time code needs transport: openssh and `sojourn login`."
        if self._authenticator.again:
            yield f"Try: {self._authenticator.again}"

    def _advance(self, name: str, step: Callable[[], Sequence[str]]) -> bool:
        """Whether `step` got us in or on to the next stage."""
        if name not in self._tried:
            self._tried.append(name)
        try:
            left = self._answered(step)
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

    def _answered(self, step: Callable[[], T]) -> T:
        """What `step` returns. That the server did not answer is no answer of the server's, but
        paramiko says so by the same exception."""
        limit, begun = self._transport.auth_timeout, time.monotonic()
        try:
            return step()
        except paramiko.AuthenticationException as error:
            if time.monotonic() - begun < limit:
                raise
            raise TimeoutError(f"no answer to the login within {limit:g} s") from error

    # --- keys ---------------------------------------------------------------------------------

    def _public_key(self) -> bool:
        with contextlib.ExitStack() as stack:
            held: tuple[AgentKey, ...] = ()
            try:
                held = stack.enter_context(agent_keys(self._host))
            except Unusable as error:
                self._note(error)
            for name, key in self._keys({key.asbytes(): key for key in held}):
                if self._advance(
                    name, partial(self._transport.auth_publickey, self._host.user, key)
                ):
                    return True
        return False

    def _note(self, error: Unusable) -> None:
        if str(error) not in self._unusable:
            self._unusable.append(str(error))

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
        except Absent as error:
            if self._host.looks_for(path):
                self._absent.append(path)
            else:
                self._note(error)
        except Unusable as error:
            self._note(error)
        return None

    def _offers(
        self, name: str, key: paramiko.PKey, identity: Path | None
    ) -> Iterator[tuple[str, paramiko.PKey]]:
        for offer in with_certificates(key, self._host, identity, self._note):
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
        self._prompted = True
        if not self._asking:
            wanted = ", ".join(plain(prompt).strip() for prompt, _ in prompts)
            raise self.refused(f"it asks for {wanted!r}")
        heading = "\n".join(part for part in (title.strip(), instructions.strip()) if part)
        start = f"{heading}\n" if heading else ""
        replies = []
        for prompt, echo in prompts:
            shown = f"({self._host.user}@{self._host}) {prompt}"
            replies.append(terminal.ask(start + shown, echo=echo))
            start = ""
        return replies
