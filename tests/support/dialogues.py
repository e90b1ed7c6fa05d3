"""Recorded dialogues with a machine: what it answered on one trip, and what is done with that.

`python -m tests.support.dialogues` records them anew, with the real programs, into
`tests/data/dialogues`. The random word of the frames is replaced by one that is always the same.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from sojourn.checkup.place import _room, tools
from sojourn.errors import ConnectionLost
from sojourn.site import fetching
from sojourn.site.cleaning import erase, sizes, sweep
from sojourn.site.context import MachineContext
from sojourn.site.evidence import adopt, close, mark_cancelled, read_evidence, still_there
from sojourn.site.fetching import fetch
from sojourn.site.finding import find
from sojourn.site.handin import hand_in
from sojourn.site.logs import read_log, read_tails
from sojourn.site.look import look_at
from sojourn.site.submission import Submission
from sojourn.site.survey import survey
from sojourn.site.trip import Dialogue
from sojourn.transports.base import Channel
from sojourn.transports.local import LocalTransport
from sojourn.values.messages import Blob, FetchRequest, JobRef, TaskInput
from tests.support.site import OnTheSpot, context, order, run_orders

DATA = Path(__file__).parents[1] / "data" / "dialogues"
NONCE = b"0123456789abcdef"
ROOT = "/tmp/sojourn-dialogues"
"""The root while they are recorded."""

_NONCE = re.compile(rb"sj_nonce=([0-9a-f]{16})")
_SMALL = 2000
"""Files from this many bytes on are large ones here."""

Scenario = Callable[[Dialogue, MachineContext, Path], object]
"""Reads the answers on a trip; what it fetches goes into the directory."""

DONE, FAILED, LARGE, ABSENT = (order(number) for number in (1, 2, 3, 4))
ATTEMPTS = [(one.signature, 1) for one in (DONE, FAILED, LARGE, ABSENT)]
LOOKED_AT = [f"{ROOT}/version", f"{ROOT}/jobs", "/nowhere"]


def _fetch(dialogue: Dialogue, where: MachineContext, folder: Path) -> object:
    requests = [
        FetchRequest(one.signature, 1, folder / str(n), folder / f"{n}-logs")
        for n, one in enumerate((DONE, LARGE))
    ]
    with patch.object(fetching, "LARGE", _SMALL):
        return fetch(dialogue, where, requests)


def _partial(dialogue: Dialogue, where: MachineContext, folder: Path) -> object:
    return fetch(dialogue, where, [FetchRequest(DONE.signature, 1, folder, partial=("*",))])


def _submit(dialogue: Dialogue, where: MachineContext, _folder: Path) -> object:
    content = b"an input\n"
    digest = "3f119020c5cd00a3d5d401df7a40e0c1e4da54f20830dc4a4f97778e09d4f28f"
    blob = Blob(digest, len(content), content)
    orders = (
        order(11, "true", blobs=(blob,), inputs=(TaskInput("input", "blob", digest),)),
        order(12, "true"),
    )
    submission = Submission(orders, array=True, token="0" * 32)
    return hand_in(dialogue, where, [submission], OnTheSpot())


def _find(dialogue: Dialogue, _where: MachineContext, _folder: Path) -> object:
    refs = [JobRef(signature, 1, "0" * 32, 0) for signature, _ in ATTEMPTS]

    def search(_names: Sequence[str]):  # type: ignore[no-untyped-def]
        yield "echo nothing"
        return []

    return find(dialogue, refs, search, OnTheSpot())


def _clean(dialogue: Dialogue, _where: MachineContext, _folder: Path) -> object:
    found = sizes(dialogue, [one.signature for one in (DONE, FAILED)])
    return (
        found,
        erase(dialogue, [(ABSENT.signature, 1)]),
        sweep(dialogue, ["0" * 32], dry_run=True),
    )


def _close(dialogue: Dialogue, _where: MachineContext, _folder: Path) -> object:
    adopt(dialogue, [])
    mark_cancelled(dialogue, ATTEMPTS[:1], cancelled=False)
    return close(dialogue, ATTEMPTS[:2]), still_there(dialogue, [(ATTEMPTS[0], "out")])


def _logs(dialogue: Dialogue, _where: MachineContext, _folder: Path) -> object:
    return read_tails(dialogue, [(*one, "stderr") for one in ATTEMPTS], 100), read_log(
        dialogue, DONE.signature, 1, "stdout", 0, 1000
    )


def _check(dialogue: Dialogue, _where: MachineContext, _folder: Path) -> object:
    dialogue.load("checkup")
    room = _room(dialogue.ask("room"), dialogue.hello.root)
    return room, list(tools(dialogue.ask("tools tar sh openssl").lines("tools"), "sh"))


SCENARIOS: dict[str, Scenario] = {
    "evidence": lambda dialogue, _where, _folder: read_evidence(dialogue, ATTEMPTS),
    "survey": lambda dialogue, _where, _folder: survey(dialogue),
    "look": lambda dialogue, _where, _folder: look_at(dialogue, LOOKED_AT),
    "fetch": _fetch,
    "partial": _partial,
    "submit": _submit,
    "find": _find,
    "clean": _clean,
    "close": _close,
    "logs": _logs,
    "check": _check,
}


# --- from a recording ---------------------------------------------------------------------------


class Replay:
    """A transport and its channel at once: a machine that answers `data`, whatever it is told.

    Where `NONCE` is in it stands the word that the client has chosen.
    """

    def __init__(self, data: bytes, at_once: int = 65536) -> None:
        self._data = data
        self._at = 0
        self._at_once = at_once
        self._nonce = b""

    def open(self, _command: str) -> Channel:
        return self

    def send(self, data: bytes) -> None:
        if not self._nonce:
            found = _NONCE.search(data)
            assert found is not None
            self._nonce = found[1]
            self._data = self._data.replace(NONCE, self._nonce)

    def send_eof(self) -> None: ...

    def receive(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + min(size, self._at_once)]
        self._at += len(piece)
        return piece

    def stderr_tail(self) -> bytes:
        return b""

    def wait(self) -> int:
        raise ConnectionLost("ended without a status")

    def close(self) -> None: ...


def recorded(name: str) -> bytes:
    """What the machine answered."""
    return (DATA / f"{name}.bin").read_bytes()


def replay(scenario: Scenario, transport: Replay, folder: Path) -> object:
    """Do it with these answers."""
    where = context(Path(ROOT))
    where.transport = transport
    with where.trip(create=True) as dialogue:
        return scenario(dialogue, where, folder)


# --- recording ----------------------------------------------------------------------------------


class _Recording:
    """The local transport, whose one channel remembers what it has received."""

    def __init__(self) -> None:
        self._channel: Channel
        self.nonce = b""
        self.received = bytearray()

    def open(self, command: str) -> Channel:
        self._channel = LocalTransport().open(command)
        self.send_eof, self.wait = self._channel.send_eof, self._channel.wait
        self.stderr_tail, self.close = self._channel.stderr_tail, self._channel.close
        return self

    def send(self, data: bytes) -> None:
        found = _NONCE.search(data)
        self.nonce = self.nonce or (found[1] if found is not None else b"")
        self._channel.send(data)

    def receive(self, size: int) -> bytes:
        data = self._channel.receive(size)
        self.received += data
        return data


@contextmanager
def _root() -> Iterator[MachineContext]:
    with tempfile.TemporaryDirectory() as real:
        Path(ROOT).symlink_to(real)
        try:
            yield context(Path(ROOT))
        finally:
            Path(ROOT).unlink()


def main() -> None:
    """Record every scenario, each on a root with the same jobs."""
    DATA.mkdir(exist_ok=True)
    for name, scenario in SCENARIOS.items():
        with _root() as where, tempfile.TemporaryDirectory() as folder:
            jobs = (
                order(1, "mkdir d; echo a >d/a; echo b >b; ln -s a d/l; echo out; echo err >&2",
                      outputs=("d", "b"), record='{"name": "done"}'),
                order(2, "exit 3", record='{"name": "failed"}'),
                order(3, "head -c 5000 /dev/zero >large", outputs=("large",)),
            )  # fmt: skip
            for one in jobs:
                run_orders(where, [one])
            channel = _Recording()
            where.transport = channel
            with where.trip(create=True) as dialogue:
                scenario(dialogue, where, Path(folder))
        data = bytes(channel.received).replace(channel.nonce, NONCE)
        (DATA / f"{name}.bin").write_bytes(data)
        sys.stderr.write(f"{name}: {len(data)} bytes\n")


if __name__ == "__main__":
    main()
