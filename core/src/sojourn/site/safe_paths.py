"""Names that come from a machine are not trusted: pure checks before anything is written."""

from sojourn.values.messages import OutputFile
from sojourn.values.names import leads_out


class UnsafeName(ValueError):
    """A name that would lead out of its directory; the text says which."""


def without_links_out(
    files: tuple[OutputFile, ...],
) -> tuple[tuple[OutputFile, ...], tuple[OutputFile, ...]]:
    """What of a list may be made here, and the links of it that lead out of the directory."""
    out = tuple(file for file in files if file.kind == "l" and leads_out(file.name, file.target))
    refused = set(out)
    return (tuple(file for file in files if file not in refused) if out else files), out


def check_files(files: tuple[OutputFile, ...]) -> None:
    """Check every name of a list before anything is made of it.

    Raises:
        UnsafeName: for the first that is not plain and relative, that would lead out, also by
            way of a link of the list, or that cannot be beside another.
    """
    kinds: dict[str, str] = {}
    for file in files:
        if kinds.setdefault(file.name, file.kind) != file.kind:
            raise UnsafeName(f"the machine named {file.name!r} twice, as different things")
    folders: set[str] = set()
    for file in files:
        parts = file.name.split("/")
        if "" in parts or "." in parts or ".." in parts or "\0" in file.name:
            raise UnsafeName(f"the machine named a file {file.name!r}, which may lead out")
        folder = file.name.rpartition("/")[0]
        while folder and folder not in folders:
            kind = kinds.get(folder, "d")
            if kind != "d":
                what = "link" if kind == "l" else "file"
                raise UnsafeName(f"{file.name!r} lies behind the {what} {folder!r}")
            folders.add(folder)
            folder = folder.rpartition("/")[0]
