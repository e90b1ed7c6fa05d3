"""What lies in attempts' directories, read in bulk."""

import io
import tarfile
from collections.abc import Callable, Iterable, Sequence
from shlex import quote

from sojourn.script.exitfile import BadExitFile, read_exit
from sojourn.site import layout
from sojourn.site.trip import Dialogue
from sojourn.values.messages import SiteEvidence

Attempt = tuple[str, int]
"""Signature and number of an attempt."""

Output = tuple[Attempt, str]
"""An attempt and the name of one of its outputs."""

_AT_ONCE = 400
"""Outputs asked after in one chunk of shell text."""

NOTHING = SiteEvidence(present=False)

_CLAIMED = "time of the claim"

EMPTY = "?"
"""The token of a claim file that holds none: its writer was cut off in between."""


def read_evidence(
    dialogue: Dialogue, attempts: Sequence[Attempt], is_id: Callable[[str], bool] = bool
) -> dict[Attempt, SiteEvidence]:
    """What lies in each attempt's directory; one exchange, however many. What is no id, by
    `is_id`, is not given as one."""
    if not attempts:
        return {}
    dialogue.load("evidence")
    data = "".join(f"{layout.attempt(*attempt)}\n" for attempt in attempts).encode()
    reply = dialogue.ask(f"evidence {len(data)}", data)
    seen = reply.lines("seen")
    archive = reply.get("files")
    files = unpack(archive.data if archive is not None else b"")
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
        flags += dialogue.ask("\n".join(["lies_begin", *lines, "lies_end"])).lines("lies")
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
    answers = dialogue.ask("\n".join(["shut_begin", *lines, "shut_end"])).lines("shut")
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


def unpack(archive: bytes) -> dict[str, dict[str, bytes]]:
    files: dict[str, dict[str, bytes]] = {}
    if not archive:
        return files
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                folder, _, name = member.name.removeprefix("jobs/").rpartition("/")
                files.setdefault(folder, {})[name] = content.read()
                if name == "claim":
                    files[folder][_CLAIMED] = str(int(member.mtime)).encode()
    return files


def evidence_of(
    files: dict[str, bytes], flag: str, now: float, is_id: Callable[[str], bool] = bool
) -> SiteEvidence:
    if flag == "0":
        return NOTHING
    claim = _words(files.get("claim", b""))
    started = files.get("started", b"").decode("utf-8", "replace").splitlines()
    # An empty one was being closed by somebody who was cut off: a start is never empty.
    closed = "started" in files and (not started or started[0].startswith("closed"))
    last = started[-1].split() if started and not closed else []
    told = files.get("id", b"").decode("utf-8", "replace").strip()
    began = last[1] if len(last) > 1 and last[1] != "-" else ""
    wrong = [one for one in (told.partition(" ")[0], began) if one and not is_id(one)]
    exit_report, exit_error = None, ""
    if "exit" in files:
        try:
            exit_report = read_exit(files["exit"])
        except BadExitFile as error:
            exit_error = str(error)
    return SiteEvidence(
        present=flag == "2",
        claim=claim[0] if claim else EMPTY if "claim" in files else "",
        claim_index=int(claim[1]) if len(claim) > 1 and claim[1].isdigit() else 0,
        claim_array=claim[3:4] == ["a"],
        claim_age=max(0.0, now - _claimed_at(claim, files)),
        id="" if told.partition(" ")[0] in wrong else told,
        started=bool(last),
        started_id="" if began in wrong else began,
        id_error=f"{', '.join(map(repr, wrong))} is no id of this scheduler" if wrong else "",
        started_at=float(last[2]) if len(last) > 2 and last[2].isdigit() else None,
        closed=closed,
        cancelled="cancelled" in files,
        exit=exit_report,
        exit_error=exit_error,
    )


def _claimed_at(claim: list[str], files: dict[str, bytes]) -> float:
    """When it was claimed: as the claim says, or, where it was cut off, as its file's time says."""
    if len(claim) > 2 and claim[2].isdigit():
        return float(claim[2])
    return float(files.get(_CLAIMED, b"inf"))


def _words(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split()
