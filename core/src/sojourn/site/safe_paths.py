"""Names that come from a machine are not trusted: pure checks before anything is written."""

from pathlib import Path, PurePosixPath

from sojourn.values.messages import OutputFile
from sojourn.values.names import leads_out


class UnsafeName(ValueError):
    """A name that would lead out of its directory; the text says which."""


def inside(target: Path, name: str) -> Path:
    """The path of `name` under `target`.

    Raises:
        UnsafeName: it would not stay there.
    """
    pure = PurePosixPath(name)
    if not name or "\0" in name or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UnsafeName(f"the machine named a file {name!r}, which leads out of its directory")
    return target / pure


def without_links_out(
    files: tuple[OutputFile, ...],
) -> tuple[tuple[OutputFile, ...], tuple[OutputFile, ...]]:
    """What of a list may be made here, and the links of it that lead out of the directory."""
    out = tuple(file for file in files if file.kind == "l" and leads_out(file.name, file.target))
    return (tuple(file for file in files if file not in set(out)) if out else files), out


def check_files(files: tuple[OutputFile, ...]) -> None:
    """Check every name of a list before anything is made of it.

    Raises:
        UnsafeName: for the first that would lead out, also by way of a link of the list.
    """
    links = {file.name for file in files if file.kind == "l"}
    for file in files:
        inside(Path(), file.name)
        for parent in PurePosixPath(file.name).parents:
            if str(parent) in links:
                raise UnsafeName(f"{file.name!r} lies behind the link {str(parent)!r}")
