"""What lies at paths of the user's on the machine: asked there, for the identity of inputs."""

import os
import re
import stat
from collections.abc import Iterator, Sequence

from sojourn.site.frames import understood
from sojourn.site.trip import Dialogue
from sojourn.values.outside import whole
from sojourn.values.remote import RemoteEntry, RemotePath

MOST_ENTRIES = 50_000
"""A directory with more things in it is not listed."""

_MODE = re.compile(r"[0-9a-fA-F]{1,8}")


def look_at(dialogue: Dialogue, paths: Sequence[str]) -> dict[str, RemotePath | None]:
    """What lies at paths on the machine; None: nothing.

    Raises:
        BadAnswer: the machine's answer makes no sense.
    """
    dialogue.load("look")
    data = b"".join(os.fsencode(path) + b"\0" for path in paths)
    answer = dialogue.ask(f"look {len(data)} {MOST_ENTRIES}", data).get("look")
    with understood(dialogue.place.machine, "something about paths"):
        fields = iter(_fields(b"" if answer is None else answer.data))
        return {path: _path(fields) for path in paths}


def _fields(data: bytes) -> list[str]:
    return [os.fsdecode(field) for field in data.split(b"\0")]


def _path(fields: Iterator[str]) -> RemotePath | None:
    kind, _, rest = next(fields).partition(" ")
    if kind == "none":
        return None
    real = next(fields)
    if kind == "file":
        return RemotePath(_entry(rest), real)
    if kind != "list":
        raise ValueError(kind)
    entries: dict[str, RemoteEntry] = {}
    while True:
        facts = next(fields)
        if facts == "end" or facts.startswith("error "):
            error = facts.partition(" ")[2].strip()
            return RemotePath(RemoteEntry("directory"), real, entries, error)
        name, target = next(fields), next(fields)
        entries[name] = _entry(facts, target)


def _entry(facts: str, target: str = "") -> RemoteEntry:
    mode_text, size_text, time_text = facts.split(" ")
    if mode_text == "-":
        return RemoteEntry("missing", target=target)
    if _MODE.fullmatch(mode_text) is None:
        raise ValueError(facts[:80])
    mode, size = int(mode_text, 16), whole(size_text)
    time = whole(time_text.removeprefix("-")) * (-1 if time_text.startswith("-") else 1)
    if stat.S_ISDIR(mode):
        return RemoteEntry("directory", target=target)
    if not stat.S_ISREG(mode):
        return RemoteEntry("other", target=target)
    return RemoteEntry("file", size, time, bool(mode & stat.S_IXUSR), target)
