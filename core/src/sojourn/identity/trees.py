"""A directory's identity: its sorted files, empty directories and symbolic links.

Times, owners and other permissions do not count.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sojourn.identity.archive import ArchiveDigest
from sojourn.identity.archive import tree_archive as tree_archive
from sojourn.identity.canonical import signature_of
from sojourn.identity.digests import Digests, file_component
from sojourn.identity.scan import scan
from sojourn.values.jsonable import shown

_FEW = 16
"""So many files are looked up one by one."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What a directory is: `digest` is its identity, not that of an archive of it."""

    digest: str
    entries: Mapping[str, Mapping[str, object]] = field(repr=False)

    def component(self) -> dict[str, object]:
        """What stands for it in a signature."""
        return {"kind": "directory", "digest": self.digest}


def read_tree(root: Path, digests: Digests, what: str) -> Tree:
    """The identity of the directory `root`; `what` is what errors call it.

    If all its files have to be read, the digest of its archive is made on the way.

    Raises:
        InvalidJob: as `scan` does, or a file in it cannot be read.
    """
    entries = scan(root, what)
    filled = {posixpath.dirname(entry.name) for entry in entries}
    components: dict[str, Mapping[str, object]] = {}
    archive = ArchiveDigest()
    if len(entries) > _FEW:
        digests.expect(root)
    for entry in entries:
        archive.begin(entry)
        if entry.kind == "file":
            called = f"{what}, {shown(entry.name)}"
            found = digests.file(f"{root}/{entry.name}", called, archive.content)
            archive.end(entry, found)
            components[entry.name] = file_component(found.digest, found.executable)
        elif entry.kind == "link":
            components[entry.name] = {"kind": "link", "target": entry.target}
        elif entry.name not in filled:
            components[entry.name] = {"kind": "directory"}
    tree = Tree(signature_of(components), components)
    known = archive.finish()
    if known is not None and digests.memo is not None:
        digests.memo.remember_archive(tree.digest, *known)
    return tree
