"""Names that come from a machine are not trusted: pure checks before anything is written."""

from pathlib import Path, PurePosixPath

from sojourn.values.messages import OutputFile


class UnsafeName(ValueError):
    """A name or link that would lead out of its directory; the text says which."""


def inside(target: Path, name: str) -> Path:
    """The path of `name` under `target`.

    Raises:
        UnsafeName: it would not stay there.
    """
    pure = PurePosixPath(name)
    if not name or "\0" in name or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UnsafeName(f"the machine named a file {name!r}, which leads out of its directory")
    return target / pure


def link_target(name: str, target: str) -> str:
    """`target` if a link of that name stays inside its directory.

    Raises:
        UnsafeName: it points out.
    """
    depth = len(PurePosixPath(name).parts) - 1
    if not target or "\0" in target or PurePosixPath(target).is_absolute():
        raise UnsafeName(f"the link {name!r} points out of its directory, to {target!r}")
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise UnsafeName(f"the link {name!r} points out of its directory, to {target!r}")
    return target


def check_files(files: tuple[OutputFile, ...]) -> None:
    """Check every name of a list before anything is made of it.

    Raises:
        UnsafeName: for the first that would lead out, also by way of a link of the list.
    """
    links = {file.name for file in files if file.kind == "l"}
    for file in files:
        inside(Path(), file.name)
        if file.kind == "l":
            link_target(file.name, file.target)
        for parent in PurePosixPath(file.name).parents:
            if str(parent) in links:
                raise UnsafeName(f"{file.name!r} lies behind the link {str(parent)!r}")
