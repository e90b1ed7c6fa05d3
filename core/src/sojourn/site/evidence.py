"""What lies in attempts' directories, read in bulk."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from shlex import quote

from sojourn.script.exitfile import LARGEST, BadExitFile, read_exit
from sojourn.site import layout
from sojourn.site.frames import Reply, understood
from sojourn.site.trip import Dialogue
from sojourn.site.untar import BLOCK, InMemory, members
from sojourn.values.messages import ExitReport, SiteEvidence
from sojourn.values.outside import instant, whole

Attempt = tuple[str, int]
"""Signature and number of an attempt."""

Output = tuple[Attempt, str]
"""An attempt and the name of one of its outputs."""

_AT_ONCE = 400
"""Attempts or outputs asked after in one chunk of shell text: the small files of so many fit into
one answer, whatever the jobs have put there."""

NOTHING = SiteEvidence(present=False)

_CLAIMED = "time of the claim"

_ARCHIVES = ("files", "survey")
_EXIT = re.compile(r"jobs/[0-9a-f]{2}/[0-9a-f]{64}/[1-9][0-9]{0,8}/exit")
_NAMES = frozenset({"job.json", "claim", "id", "started", "cancelled", "exit"})

_LONGEST = 1 << 16
"""Bytes that are read of a claim, an id or a start: each is a line or, of a start, some."""

ODD = b"?"
"""Stands for the content of what is no regular file, or is too large to be one of ours."""

EMPTY = "?"
"""The token of a claim file that holds none: its writer was cut off in between."""


def read_evidence(
    dialogue: Dialogue, attempts: Sequence[Attempt], is_id: Callable[[str], bool] = bool
) -> dict[Attempt, SiteEvidence]:
    """What lies in each attempt's directory; one exchange for hundreds. What is no id, by
    `is_id`, is not given as one."""
    found: dict[Attempt, SiteEvidence] = {}
    for at in range(0, len(attempts), _AT_ONCE):
        found |= _some_evidence(dialogue, attempts[at : at + _AT_ONCE], is_id)
    return found


def _some_evidence(
    dialogue: Dialogue, attempts: Sequence[Attempt], is_id: Callable[[str], bool]
) -> dict[Attempt, SiteEvidence]:
    dialogue.load("evidence")
    data = "".join(f"{layout.attempt(*attempt)}\n" for attempt in attempts).encode()
    reply = dialogue.ask(f"evidence {len(data)}", data)
    seen = reply.lines("seen", len(attempts))
    files = unpack(dialogue, reply)
    return {
        attempt: evidence_of(
            files.get(layout.attempt(*attempt), {}), flag, dialogue.hello.now, is_id
        )
        for attempt, flag in zip(attempts, seen, strict=True)
    }


def still_there(dialogue: Dialogue, outputs: Sequence[Output]) -> dict[Output, bool]:
    """Which outputs of ended jobs have not been cleared away meanwhile."""
    if outputs:
        dialogue.load("evidence")
    flags: list[str] = []
    for at in range(0, len(outputs), _AT_ONCE):
        lines = [
            f"lies {layout.attempt(*attempt)} {quote(name)}"
            for attempt, name in outputs[at : at + _AT_ONCE]
        ]
        reply = dialogue.ask("\n".join(["lies_begin", *lines, "lies_end"]))
        flags += reply.lines("lies", len(lines))
    return {output: flag == "1" for output, flag in zip(outputs, flags, strict=True)}


def adopt(dialogue: Dialogue, found: Iterable[tuple[Attempt, str, int | None]]) -> None:
    """Write the ids of claims whose submissions did not get to it."""
    dialogue.load("evidence")
    lines = [
        f"adopt {layout.attempt(*attempt)} {quote(id_text(identity, index))}"
        for attempt, identity, index in found
    ]
    if lines:
        dialogue.ask("\n".join(lines))


def close(dialogue: Dialogue, attempts: Sequence[Attempt]) -> dict[Attempt, bool]:
    """Close attempts, so that they can never start; whether each is closed now."""
    if not attempts:
        return {}
    dialogue.load("evidence")
    lines = [f"shut {layout.attempt(*attempt)}" for attempt in attempts]
    reply = dialogue.ask("\n".join(["shut_begin", *lines, "shut_end"]))
    answers = reply.lines("shut", len(lines))
    return {a: said == "0" for a, said in zip(attempts, answers, strict=True)}


def mark_cancelled(
    dialogue: Dialogue, attempts: Sequence[Attempt], *, cancelled: bool = True
) -> None:
    """Leave word with attempts that they are about to be cancelled, or take it back.

    job.sh reads it: what ends after that has not ended well, however it looks.
    """
    if attempts and dialogue.hello.writable:
        dialogue.load("evidence")
        verb = "mark" if cancelled else "unmark"
        dialogue.ask("\n".join(f"{verb} {layout.attempt(*attempt)}" for attempt in attempts))


def id_text(scheduler_id: str, index: int | None) -> str:
    """What an `id` file holds: the id as the scheduler printed it, and the array index or `-`."""
    return f"{scheduler_id} {'-' if index is None else index}"


def unpack(dialogue: Dialogue, reply: Reply) -> dict[str, dict[str, bytes]]:
    """The files of an answer, by directory and name. An exit file that is too large to be among
    the others is read by itself; anything else that is no file of ours is `ODD`.

    Raises:
        BadAnswer: it is no archive.
    """
    files: dict[str, dict[str, bytes]] = {}
    archive = next((frame.data for frame in reply.frames if frame.kind in _ARCHIVES), b"")
    with understood(dialogue.place.machine, "an archive of jobs' files"):
        stream = InMemory(archive)
        for member in members(stream, len(archive) // BLOCK) if archive else ():
            folder, _, name = os.fsdecode(member.name).removeprefix("jobs/").rpartition("/")
            content = stream.exactly(member.size)
            if name in _NAMES:
                files.setdefault(folder, {})[name] = content
            if name == "claim":
                files[folder][_CLAIMED] = str(member.time).encode()
    for path in reply.lines("odd"):
        folder, _, name = path.removeprefix("jobs/").rpartition("/")
        if _EXIT.fullmatch(path):
            (exit_file,) = dialogue.ask(f"large_exit {path} {LARGEST}").need("exit")
            content = exit_file.data if exit_file.status == 0 else ODD
        else:
            content = ODD
        files.setdefault(folder, {})[name] = content
    return files


def evidence_of(
    files: dict[str, bytes], flag: str, now: float, is_id: Callable[[str], bool] = bool
) -> SiteEvidence:
    if flag == "0":
        return NOTHING
    claim = _text(files, "claim").split()
    started = _text(files, "started").splitlines()
    # An empty one was being closed by somebody who was cut off: a start is never empty.
    closed = "started" in files and (not started or started[0].startswith("closed"))
    last = started[-1].split() if started and not closed else []
    told = _text(files, "id").strip()
    began = last[1] if len(last) > 1 and last[1] != "-" else ""
    wrong = [one for one in (told.partition(" ")[0], began) if one and not is_id(one)]
    exit_report, exit_error = None, ""
    if "exit" in files:
        try:
            exit_report = _exit(files["exit"])
        except BadExitFile as error:
            exit_error = str(error)
    return SiteEvidence(
        present=flag == "2",
        claim=claim[0] if claim else EMPTY if "claim" in files else "",
        claim_index=int(_read(whole, claim, 1) or 0),
        claim_array=claim[3:4] == ["a"],
        claim_age=max(0.0, now - _claimed_at(claim, files)),
        id="" if told.partition(" ")[0] in wrong else told,
        started=bool(last),
        started_id="" if began in wrong else began,
        id_error=f"{', '.join(map(repr, wrong))} is no id of this scheduler" if wrong else "",
        started_at=_read(instant, last, 2),
        closed=closed,
        cancelled="cancelled" in files,
        exit=exit_report,
        exit_error=exit_error,
    )


def _exit(data: bytes) -> ExitReport:
    if data == ODD:
        raise BadExitFile(f"it is no regular file of at most {LARGEST >> 20} MiB")
    return read_exit(data)


def _claimed_at(claim: list[str], files: dict[str, bytes]) -> float:
    """When it was claimed: as the claim says, or, where it was cut off, as its file's time says."""
    at = _read(instant, claim, 2)
    return float(files.get(_CLAIMED, b"inf")) if at is None else at


def _read(reader: Callable[[str], float], words: list[str], at: int) -> float | None:
    """A word read as a number; None if it is not there, or is none."""
    try:
        return reader(words[at])
    except (IndexError, ValueError):
        return None


def _text(files: dict[str, bytes], name: str) -> str:
    return files.get(name, b"")[:_LONGEST].decode("utf-8", "replace")
