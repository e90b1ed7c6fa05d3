"""What a machine says of a path of the user's, by which a `Remote` input is told apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """Something that is not looked into. Of a link these are the facts of what it leads to.

    `size` is in bytes, `mtime` in whole seconds since 1970; both are 0 for what is no file.
    `target` is the link's own text, "" if it is no link; `kind` "missing" is a link to nowhere.
    """

    kind: Literal["file", "directory", "other", "missing"]
    size: int = 0
    mtime: int = 0
    executable: bool = False
    target: str = ""


@dataclass(frozen=True, slots=True)
class RemotePath:
    """What lies at an absolute path, every link on the way to it followed.

    `real` is the path without links. Of a directory, `entries` are all things in it, by their
    paths from there, links followed; `error` is why they could not be listed, or "".
    """

    entry: RemoteEntry
    real: str
    entries: Mapping[str, RemoteEntry] = field(default_factory=dict, repr=False)
    error: str = ""
