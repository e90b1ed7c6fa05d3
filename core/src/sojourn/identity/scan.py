"""What a directory holds, sorted, without reading a file.

Links are kept as text and not followed; one that leaves the directory is an error, since it
would mean something else on the machine.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sojourn.errors import InvalidJob
from sojourn.identity.digests import is_executable, unreadable
from sojourn.values.jsonable import plain_text, shown

MAX_LINKS = 40
"""Links followed on the way to one target; what has more is a loop, which leads nowhere."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a directory. `name` is its path from there; `kind` "file", "directory", "link"."""

    name: str
    kind: str
    size: int = 0
    executable: bool = False
    target: str = ""


def scan(root: Path, what: str) -> list[Entry]:
    """Everything in `root`, sorted by the bytes of the names; `what` is what errors call it.

    Raises:
        InvalidJob: unreadable, a name that is not UTF-8, a link that leaves the directory, or
            something that is no file, directory or link.
    """
    try:
        found = sorted(_walk(root, what), key=lambda entry: entry.name.encode())
    except OSError as error:
        raise unreadable(error, root, what) from error
    links = {entry.name: entry.target for entry in found if entry.kind == "link"}
    for name, target in links.items():
        if leaves(name, target, links):
            raise InvalidJob(
                f"{what}: the link {shown(name)} leads out of the directory, to {shown(target)}",
                hint="put there what it leads to, or a relative link to inside the directory",
            )
    return found


def leaves(name: str, target: str, links: Mapping[str, str]) -> bool:
    """Whether the link `name` leads out of the directory, at any point of its way.

    `links` are all links of the directory, by name. A link to nowhere inside is fine.
    """
    at = name.split("/")[:-1]
    ahead = target.split("/")[::-1]
    followed = 0
    if target.startswith("/"):
        return True
    while ahead:
        part = ahead.pop()
        if part == "..":
            if not at:
                return True
            at.pop()
        elif part not in ("", "."):
            further = links.get("/".join([*at, part]))
            if further is None:
                at.append(part)
                continue
            followed += 1
            if followed > MAX_LINKS:
                return False
            if further.startswith("/"):
                return True
            ahead.extend(further.split("/")[::-1])
    return False


def _walk(root: Path, what: str) -> Iterator[Entry]:
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as listing:
            for item in listing:
                name = f"{folder}/{item.name}" if folder else item.name
                plain_text(name, f"{what}: the name of a file in it")
                if item.is_dir(follow_symlinks=False):
                    waiting.append(name)
                yield _entry(item, name, what)


def _entry(item: "os.DirEntry[str]", name: str, what: str) -> Entry:
    status = item.stat(follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        return Entry(name, "file", status.st_size, is_executable(status))
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, "directory")
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(item.path)  # noqa: PTH115 (a Path would respell it)
        plain_text(target, f"{what}: the target of {shown(name)}")
        return Entry(name, "link", target=target)
    raise InvalidJob(
        f"{what} holds {shown(name)}, which is neither file, directory nor link",
        hint="pipes, sockets and devices cannot travel: take it out",
    )
