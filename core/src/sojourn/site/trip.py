"""A trip: one channel to a machine, and the dialogue on it.

The program travels on standard input, is read there to its exact length and is one compound
command; the client then sends *chunks* of shell text, each with its length, and reads frames
that carry a random word, so that banners, noisy start-up files and csh or fish as login shell
do not matter. Nothing here knows what a job is.
"""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from shlex import quote

from sojourn.batch.scheduler import CommandResult, Conversation, T
from sojourn.defaults import CONNECT_TIMEOUT, SITE_FORMAT
from sojourn.errors import BadAnswer, ConnectionLost, SiteError
from sojourn.site.frames import Frame, Reader, Reply, TooMuchNoise, read_head, understood
from sojourn.site.greeting import Greeting, Opener
from sojourn.transports.base import Channel, Transport
from sojourn.transports.limits import limited
from sojourn.values.outside import instant

_WINDOW = 32
"""Chunks under way at once: their replies must fit into the channel's buffers."""

_END_LIMIT = 10.0
"""Seconds for a program to end by itself once all that it had to say was read."""


@cache
def program(name: str) -> str:
    """The text of a shell program of this package, without its comment lines."""
    text = (files("sojourn.site") / "programs" / f"{name}.sh").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not re.match(r"\s*#", line)) + "\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dialogue takes place, so far as the program's head needs to know.

    `patience` is how many seconds the greeting may take.
    """

    machine: str
    root: str
    path: tuple[str, ...] = ()
    group: str = ""
    patience: float = CONNECT_TIMEOUT


@dataclass(frozen=True, slots=True)
class Hello:
    """What the machine says first. `now` is its clock, seconds since the epoch."""

    root: str
    root_id: str
    there: bool
    writable: bool
    now: float
    user: str


class Dialogue:
    """What is said on one trip. Use through `trip`. `calls` counts commands of the scheduler, and
    `seconds` is how long those took that were answered."""

    hello: Hello

    def __init__(self, channel: Channel, place: Place, nonce: str) -> None:
        self.place = place
        self.reader = Reader(channel, place.machine)
        self._channel = channel
        self._mark = f"@{nonce} ".encode()
        self._loaded: set[str] = set()
        self._to_load = ""
        self.calls = 0
        self.seconds = 0.0

    # --- frames ---------------------------------------------------------------------------------

    def frame(self) -> Frame:
        """The next frame."""
        kind, status, size = self.head()
        return Frame(kind, status, self.reader.exactly(size))

    def head(self) -> tuple[str, int, int]:
        """Kind, status and length of the next frame, whose bytes the caller reads.

        Raises:
            BadAnswer: there is something else, or more of it than may be.
        """
        return read_head(self.reader.line(), self._mark, self.place.machine)

    def send(self, text: str) -> None:
        """Send a chunk of shell text; its frames are read with `reply`."""
        data = (self._to_load + text).encode("utf-8", "surrogateescape")
        self._to_load = ""
        self._channel.send(b"do %d\n" % len(data) + data)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes that a chunk under way `take`s."""
        self._channel.send(data)

    def reply(self) -> Reply:
        """Read the frames of the chunk sent first among those not read yet.

        Raises:
            SiteError: the chunk said that the machine cannot.
            BadAnswer: it makes no sense.
        """
        reply = Reply(machine=self.place.machine)
        while True:
            frame = self.frame()
            if frame.kind == "done":
                reply.status = frame.status
                break
            reply.add(frame)
        trouble = reply.get("fail")
        if trouble is not None:
            raise SiteError(trouble.text.strip(), machine=self.place.machine)
        return reply

    def ask(self, text: str, data: bytes = b"") -> Reply:
        """Send a chunk and the bytes that it takes, and read its reply."""
        self.send(text)
        if data:
            self.send_bytes(data)
        return self.reply()

    def ask_all(self, texts: list[str]) -> Iterator[Reply]:
        """The replies to many chunks, several of which are under way at once."""
        sent = 0
        for done in range(len(texts)):
            while sent < len(texts) and sent - done < _WINDOW:
                self.send(texts[sent])
                sent += 1
            yield self.reply()

    def load(self, name: str) -> None:
        """Define the functions of a program of this package on the machine, once a trip: they
        travel with the next chunk."""
        if name not in self._loaded:
            self._loaded.add(name)
            self._to_load += program(name)

    # --- commands -------------------------------------------------------------------------------

    def run(self, command: str) -> CommandResult:
        """Run a command on the machine, with nothing on its standard input."""
        self.calls += 1
        begun = time.monotonic()
        out, err = self.ask(f"run {quote(command)}").need("out", "err")
        self.seconds += time.monotonic() - begun
        return CommandResult(out.status, out.text, err.text)

    def converse(self, conversation: Conversation[T]) -> T:
        """Run the commands that a conversation asks for, and return what it makes of them."""
        try:
            command = next(conversation)
            while True:
                command = conversation.send(self.run(command))
        except StopIteration as end:
            value: T = end.value
            return value

    # --- beginning ------------------------------------------------------------------------------

    def greet(self, program_text: bytes, transport: Opener) -> None:
        """Send the program, and read what the machine says first into `hello`."""
        start = Greeting(self.place.machine, self.place.root, self.place.patience)
        channel = self._channel
        try:
            with limited(start.limit, channel.close) as late:
                channel.send(program_text)
                self.reader.past(self._mark, start.noise)
                start.begun = bool(self.reader.line())
                frame = self.frame()
        except BadAnswer:
            raise
        except TooMuchNoise:
            raise start.flooded(channel) from None
        except ConnectionLost as lost:
            if late.is_set():
                raise start.late(lost, channel, transport) from None
            raise start.ended(lost, channel) from None
        machine = self.place.machine
        with understood(machine, "a greeting"):
            if frame.kind != "hello":
                raise ValueError(f"it is of the kind {frame.kind}")
            self.hello = self._hello(frame.text)

    def _hello(self, text: str) -> Hello:
        parts = [line.partition(" ")[::2] for line in text.split("\n", 7)]
        said = dict(parts)
        if said["trouble"]:
            raise SiteError(
                said["trouble"].strip(),
                machine=self.place.machine,
                hint="check `root` in machines.yaml, its permissions, quota and free space",
            )
        if said["version"] and said["version"] != str(SITE_FORMAT):
            raise SiteError(
                f"{said['root']} has format {said['version']}, this release knows {SITE_FORMAT}",
                machine=self.place.machine,
                hint="use a release of Sojourn that knows it, or another root",
            )
        if said["there"] == "2":
            raise SiteError(
                f"no access to the root directory {said['root']}",
                machine=self.place.machine,
                hint="ask its owner for read access, or set another `root`",
            )
        return Hello(
            root=said["root"],
            root_id=said["id"],
            there=said["there"] == "1",
            writable=said["writable"] == "1",
            now=instant(said["now"] or "0"),
            user=said["user"],
        )


def _program_text(place: Place, nonce: str, create: bool) -> tuple[bytes, bytes]:
    """A short beginning, read byte by byte, and the rest, which it reads at once where it can."""
    head = {
        "sj_nonce": nonce,
        "sj_root": place.root,
        "sj_create": "1" if create else "0",
        "sj_newid": secrets.token_hex(16),
        "sj_group": place.group,
        "sj_path": "".join(f"{folder}:" for folder in place.path),
    }
    lines = "".join(f"{name}={quote(value)}\n" for name, value in head.items())
    rest = ("{\n" + lines + program("prelude") + "}").encode("utf-8", "surrogateescape")
    return _BEGINNING.format(size=len(rest)).encode(), rest


_BEGINNING = """{{ sj_head=
if [ "$(printf abcd | {{ head -c 2 >/dev/null; cat; }} 2>/dev/null)" = cd ]
then sj_head=1; eval "$(head -c {size})"
else eval "$(dd bs=1 count={size} 2>/dev/null)"
fi; }}"""
"""`head` must take no byte more than it is asked for: others follow."""


@contextmanager
def trip(
    transport: Transport | Opener, place: Place, *, create: bool = False
) -> Iterator[Dialogue]:
    """Open one channel, greet, and give the dialogue; closes the channel at the end.

    Raises:
        SiteError: the machine says that it cannot (root not writable, shell broken, ...).
        TransientError, NeedsLogin, HostKeyRefused: from the transport.
    """
    nonce = secrets.token_hex(8)
    beginning, rest = _program_text(place, nonce, create)
    size = len(beginning)
    channel = transport.open(f"exec sh -c 'eval \"$(dd bs=1 count={size} 2>/dev/null)\"'")
    try:
        dialogue = Dialogue(channel, place, nonce)
        dialogue.greet(beginning + rest, transport)
        yield dialogue
        _let_end(channel)
    finally:
        channel.close()


def _let_end(channel: Channel) -> None:
    """Let the program end by itself. All that it had to say was read: how it ends, or that the
    connection is lost now, changes nothing."""
    with suppress(ConnectionLost), limited(_END_LIMIT, channel.close):
        channel.send_eof()
        channel.wait()
