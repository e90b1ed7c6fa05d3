"""What lies on the machine: its root, room, tools, clock, and how far away it is."""

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sojourn.errors import SojournError
from sojourn.site.frames import Reply
from sojourn.site.trip import Dialogue
from sojourn.values.messages import CheckLine

if TYPE_CHECKING:
    from sojourn.session.links import Link

NEEDED = (
    "sh", "tar", "head", "tail", "wc", "tr", "cat", "date", "sed", "sort", "grep", "find", "xargs",
    "mkdir", "mv", "cp", "ln", "rm", "touch", "chmod", "readlink", "du", "df", "uname",
)  # fmt: skip
"""Programs that trips and job.sh use, besides one that makes digests."""

DIGESTS = ("openssl", "sha256sum", "shasum")
"""Of these one is enough."""

_LITTLE = 1 << 30
_TOO_LITTLE = 16 << 20
_CLOCK = 5.0
_ROUNDS = 5


def place(link: "Link") -> Iterator[CheckLine]:
    """One trip, in which the root is made if it is not there."""
    try:
        yield from link.contact(lambda: list(_look(link)))
    except SojournError as error:
        yield CheckLine("root", False, error.message, error.hint)


def _look(link: "Link") -> Iterator[CheckLine]:
    before = time.time()
    with link.context.trip(create=True) as dialogue:
        after = time.time()
        hello = dialogue.hello
        dialogue.load("checkup")
        if hello.writable:
            yield CheckLine("root", True, f"{hello.root}, writable for {hello.user}")
        else:
            advice = "jobs that are there can be shared; for new ones set a `root` of your own"
            yield CheckLine("root", False, f"{hello.root} is not writable", advice)
            return
        yield _room(dialogue.ask("room"), hello.root)
        shell = link.machine.shell.split()[0]
        names = dict.fromkeys((*NEEDED, *DIGESTS, shell))
        yield from tools(dialogue.ask(f"tools {' '.join(names)}").lines("tools"), shell)
        yield clock(hello.now, before, after)
        yield _distance(dialogue, after - before)


def _room(reply: Reply, root: str) -> CheckLine:
    written, free = reply.get("written"), "".join(reply.lines("room"))
    if written is None or written.status != 0:
        said = written.text.strip() if written is not None else ""
        advice = "free some space, ask for quota, or set another `root`"
        return CheckLine("room", False, f"nothing can be written to {root}: {said}", advice)
    if not (free.isdecimal() and free.isascii() and len(free) < 19):
        return CheckLine("room", None, "how much is free cannot be told")
    size = int(free) * 1024
    detail = f"{size / (1 << 30):.1f} GiB free"
    if size < _TOO_LITTLE:
        return CheckLine("room", False, detail, "free some space (`sojourn gc --remote`)")
    advice = "free some space, or set `root` to a larger file system"
    return CheckLine(
        "room", True if size >= _LITTLE else None, detail, "" if size >= _LITTLE else advice
    )


def tools(lines: list[str], shell: str) -> Iterator[CheckLine]:
    """What is there of the programs that are needed, from lines `NAME [PATH [VERSION]]`."""
    found = {words[0]: words[1:] for line in lines if (words := line.split(None, 2))}
    missing = [name for name in NEEDED if not found.get(name)]
    if missing:
        advice = "have them installed, or name their directory under `path:`"
        yield CheckLine("tools", False, f"not found: {', '.join(missing)}", advice)
    else:
        yield CheckLine("tools", True, f"all there; {_version(found['tar'])}")
    digest = next((name for name in DIGESTS if found.get(name)), "")
    if digest:
        yield CheckLine("digests", True, f"by {_version(found[digest])}")
    else:
        yield CheckLine("digests", False, f"none of {', '.join(DIGESTS)} is there", "install one")
    if shell not in NEEDED:
        there = bool(found.get(shell))
        detail = _version(found[shell]) if there else f"{shell} is not found"
        advice = "" if there else "set `shell` to one that is there"
        yield CheckLine("shell", there, detail, advice)


def _version(words: list[str]) -> str:
    """What a program says of itself, or where it is."""
    return words[1] if len(words) > 1 and words[1].strip() else words[0]


def clock(now: float, before: float, after: float) -> CheckLine:
    """The machine's clock, in whole seconds, against ours around the time it was read."""
    off = now + 0.5 - (before + after) / 2
    margin = 1.0 + (after - before) / 2
    if abs(off) <= max(_CLOCK, margin):
        return CheckLine("clock", True, f"within {math.ceil(max(abs(off), margin))} s of ours")
    direction = "ahead of" if off > 0 else "behind"
    advice = "ages and times are off by as much; set the clocks by NTP"
    return CheckLine("clock", None, f"{abs(off):.0f} s {direction} ours", advice)


def _distance(dialogue: Dialogue, opening: float) -> CheckLine:
    times = []
    for _ in range(_ROUNDS):
        begun = time.monotonic()
        dialogue.ask(":")
        times.append(time.monotonic() - begun)
    best = sorted(times)[_ROUNDS // 2] * 1000
    return CheckLine("round trip", True, f"{best:.1f} ms; a trip begins in {opening * 1000:.0f} ms")
