"""Dialogues with machines that answer nonsense: recorded ones, mutated as a seed says.

Whatever a machine answers, the only exception is a `MachineError`, in bounded memory. `run` raises
`Escaped` for the first that is another one, with what repeats it.
"""

import random
import re
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path

from sojourn.batch.scheduler import BatchScheduler, CommandResult
from sojourn.errors import MachineError
from sojourn.site.trip import Dialogue
from sojourn.values.resources import Resources
from sojourn_pbs import Pbs
from sojourn_slurm import Slurm, SlurmOptions
from tests.pbs.recorded import CONVERSATIONS, TORQUE
from tests.pbs.recorded import steps as pbs_steps
from tests.slurm.recorded import DATA as SLURM
from tests.slurm.recorded import steps as slurm_steps
from tests.support.dialogues import NONCE, SCENARIOS, Replay, Scenario, recorded, replay

MEMORY = 1 << 30
"""Bytes of address space that a run may take beyond what it has at its beginning."""

_NUMBER = re.compile(rb"\d+")
_ODD_NUMBERS = (
    *(b"-1", b"0", b"", b"99999999999999", b"9" * 30, b"1e300", b"inf", b"nan", b"1_0", b"0x10"),
    *(
        "٣".encode(),
        "²".encode(),
        b"+5",
        b"9" * 5000,
        b"253402300800",
        b"2147483648",
        b"1.5",
        b"\0",
    ),
)
_ODD_WORDS = (
    *(
        b"\0",
        b"\n",
        b"\r\n",
        b" ",
        b"\xff\xfe",
        b"|",
        b"\x1b[31m",
        b"\xe2\x80\xae",
        b"../",
        b"{",
        b"}",
    ),
    *(b"[", b"]", b'"', b"\\u0000", b"null", b"\x80" + b"\xff" * 11, b"?", b"@status 1\n"),
    *(
        b"@" + NONCE + b" done 0 0\n",
        b"@" + NONCE + b" fail 1 3\nno\n",
        b"@" + NONCE + b" out 0 5\n",
    ),
)
_IDS = re.compile(r"\b\d+(?:_\d+|\[\d*\])?(?:\.[\w-]+)?")
_ENDLESS = 4 << 20
_FRAME = re.compile(rb"@%s (\S+) (\d+) (\d+)\n" % NONCE)


class Escaped(AssertionError):
    """Something else than a `MachineError`, or nothing at all, came of it."""


@dataclass(frozen=True)
class Case:
    """What is done, and the answers that are mutated for it."""

    name: str
    scenario: Scenario
    answers: bytes


@cache
def cases() -> tuple[Case, ...]:
    """Every recorded dialogue, and commands of every dialect whose outputs were recorded."""
    trips = [Case(name, scenario, recorded(name)) for name, scenario in SCENARIOS.items()]
    hello = recorded("logs").partition(b"@" + NONCE + b" tail")[0]
    return (*trips, *_dialects(hello))


def _dialects(hello: bytes) -> Iterator[Case]:
    slurm = [steps for path in sorted(SLURM.glob("*.txt")) if (steps := slurm_steps(path.stem))]
    files = sorted([*CONVERSATIONS.glob("*.txt"), *TORQUE.glob("*.txt")])
    pbs = [steps for path in files if (steps := pbs_steps(path))]
    for words, kinds in (
        (slurm, [Slurm(SlurmOptions(accounting=one)) for one in ("on", "off", "auto")]),
        (pbs, [Pbs(None, {"dialect": one}) for one in ("openpbs", "torque", "torque-over-slurm")]),
    ):
        for steps in words:
            results = [result for _, result in steps]
            answers = hello + b"".join(_framed(one) for one in (*results, *results[-1:] * 2))
            text = " ".join(one.stdout for one in results) + " 1"
            ids = list(dict.fromkeys(_IDS.findall(text)))[:5]
            for kind, (name, ask) in product(kinds, _ASKS.items()):
                yield Case(f"{type(kind).__name__} {name}", partial(ask, kind, ids), answers)


def _framed(result: CommandResult) -> bytes:
    mark = b"@" + NONCE
    out, err = result.stdout.encode(), result.stderr.encode()
    return b"%s out %d %d\n%s%s err %d %d\n%s%s done 0 0\n" % (
        mark,
        result.status,
        len(out),
        out,
        mark,
        result.status,
        len(err),
        err,
        mark,
    )


def _probed(kind: BatchScheduler, dialogue: Dialogue) -> object:
    facts = dialogue.converse(kind.probe())
    known = type(kind)(kind.options, facts)
    return known.array_limit(), dialogue.converse(known.check(Resources()))


_NAME = "sj0123456789ab"
_ASKS: dict[str, Callable[..., object]] = {
    "look": lambda kind, ids, dialogue, *_: dialogue.converse(kind.look(ids)),
    "search": lambda kind, _ids, dialogue, *_: dialogue.converse(kind.search([_NAME])),
    "cancel": lambda kind, ids, dialogue, *_: dialogue.converse(
        kind.cancel(dict.fromkeys(ids, _NAME))
    ),
    "hold": lambda kind, ids, dialogue, *_: dialogue.converse(kind.hold(dict.fromkeys(ids, _NAME))),
    "submit": lambda kind, _ids, dialogue, *_: kind.read_submit(dialogue.run("submit")),
    "probe": lambda kind, _ids, dialogue, *_: _probed(kind, dialogue),
    "vanished": lambda kind, _ids, dialogue, *_: dialogue.converse(kind.vanished("")),
}
"""What a backend asks its scheduler."""


# --- mutations ----------------------------------------------------------------------------------


def mutated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """`data` with some things wrong, of which `other` may be a part; two times in three all of
    them are within one frame, whose length is told as it is then."""
    if chance.random() < 0.67:
        parts = _FRAME.split(data)
        frames = [parts[at : at + 4] for at in range(1, len(parts), 4)]
        frame = chance.choice(frames)
        frame[3] = _wrong(chance, frame[3] or b"1\n", other)
        if frame[2] != b"0":
            frame[2] = b"%d" % len(frame[3])
        return b"".join(b"@%s %s %s %s\n%s" % (NONCE, *frame) for frame in frames)
    return _wrong(chance, data, other)


def _wrong(chance: random.Random, data: bytes, other: bytes) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        data = chance.choice(_WAYS)(chance, data, other)
    return data


def _place(chance: random.Random, data: bytes) -> int:
    """A place in it, rather not among the zeros that fill archives."""
    for _ in range(8):
        at = chance.randrange(len(data) + 1)
        if at < len(data) and data[at]:
            break
    return at


def _change(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _number(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = _place(chance, data)
    one = _NUMBER.search(data, at) or _NUMBER.search(data)
    if one is None:
        return data
    return data[: one.start()] + chance.choice(_ODD_NUMBERS) + data[one.end() :]


def _insert(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at] + chance.choice(_ODD_WORDS) + data[at:]


def _cut(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at]


def _drop(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at] + data[at + chance.randrange(1, 600) :]


def _twice(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    at, size = _place(chance, data), chance.randrange(1, 1200)
    return data[:at] + data[at : at + size] * 2 + data[at + size :]


def _splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(chance, data)] + other[_place(chance, other) :]


def _line(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    """A line gone, or in another place."""
    lines = data.split(b"\n")
    one = lines.pop(chance.randrange(len(lines)))
    if chance.random() < 0.5:
        lines.insert(chance.randrange(len(lines) + 1), one)
    return b"\n".join(lines)


def _endless(chance: random.Random, data: bytes, _other: bytes) -> bytes:
    if chance.random() < 0.99:
        return _insert(chance, data, b"")
    piece = chance.choice((b"\0", b"noise\n", b"noise", b"@" + NONCE + b" tail 0 0\n"))
    return data[: _place(chance, data)] + piece * (_ENDLESS // len(piece))


_WAYS = (
    *(_change, _change, _number, _number, _number, _insert),
    *(_cut, _drop, _twice, _splice, _line, _endless),
)


# --- running ------------------------------------------------------------------------------------


def run(seed: int, dialogues: int, *, first: int = 0) -> dict[str, int]:
    """So many dialogues, the same for the same seed; how many ended in which way.

    Raises:
        Escaped: one has ended in a way that it must not.
    """
    ends: dict[str, int] = {}
    with _limited_memory(), tempfile.TemporaryDirectory(prefix="sojourn-fuzz-") as folder:
        for number in range(first, first + dialogues):
            end = _one(seed, number, Path(folder))
            ends[end] = ends.get(end, 0) + 1
    return ends


def _one(seed: int, number: int, folder: Path) -> str:
    chance = random.Random(f"{seed}:{number}")
    every = cases()
    # Trips and dialects by turns: there are many more recordings of the latter.
    trips = len(SCENARIOS)
    case = every[chance.randrange(trips) if number % 2 else chance.randrange(trips, len(every))]
    data = mutated(chance, case.answers, chance.choice(every).answers)
    transport = Replay(
        data, chance.choice((65536, 65536, 1, 7, 4096)) if len(data) < 9999 else 65536
    )
    try:
        replay(case.scenario, transport, folder / "fetched")
    except MachineError as error:
        return type(error).__name__
    except BaseException as error:
        raise Escaped(
            f"{case.name}: {type(error).__name__}: {error}"
            f" (python -m benchmarks fuzz --seed {seed} --first {number} --dialogues 1)"
        ) from error
    finally:
        if number % 2:
            shutil.rmtree(folder / "fetched", ignore_errors=True)
    return "read"


@contextmanager
def _limited_memory() -> Iterator[None]:
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = now + MEMORY if hard == resource.RLIM_INFINITY else min(now + MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
