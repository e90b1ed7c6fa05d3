"""What lies under a machine's root: every job, known here or not, with all of its attempts."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sojourn.errors import SiteError
from sojourn.site import layout
from sojourn.site.evidence import evidence_of, unpack
from sojourn.site.trip import Dialogue
from sojourn.values.messages import SiteEvidence

_JOB = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")
_ATTEMPT = re.compile(r"([0-9a-f]{2}/[0-9a-f]{64})/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class FoundJob:
    """One job's directory. `record` is what its job.json holds, empty if that is not readable;
    `attempts` those that were ever claimed, by number."""

    signature: str
    record: Mapping[str, Any]
    attempts: Mapping[int, SiteEvidence]

    @property
    def newest(self) -> int:
        """The number of the newest attempt; 0 if there is none."""
        return max(self.attempts, default=0)


def survey(dialogue: Dialogue) -> list[FoundJob]:
    """Every job under the root that has a job.json, by signature; one exchange.

    Raises:
        SiteError: a directory cannot be listed, which is named.
    """
    dialogue.load("evidence")
    dialogue.load("survey")
    reply = dialogue.ask("survey")
    unlisted = "".join(reply.lines("unlisted"))
    if unlisted:
        raise SiteError(
            f"what is under the root cannot all be listed: {unlisted}",
            machine=dialogue.place.machine,
            hint="make that readable for its owner (chmod u+rwx), or remove it",
        )
    files = unpack(dialogue, reply)
    attempts: dict[str, dict[int, SiteEvidence]] = {}
    for folder, held in files.items():
        match = _ATTEMPT.fullmatch(folder)
        if match is not None:
            evidence = evidence_of(held, "2", dialogue.hello.now)
            attempts.setdefault(match[1], {})[int(match[2])] = evidence
    return [
        FoundJob(match[1], _read(files[folder]["job.json"]), attempts.get(folder, {}))
        for folder in sorted(files)
        if (match := _JOB.fullmatch(folder)) is not None
        and folder == layout.job(match[1])
        and "job.json" in files[folder]
    ]


def _read(data: bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
