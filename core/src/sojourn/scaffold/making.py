"""Writing a new plugin's project."""

import time
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sojourn import __version__
from sojourn.errors import NotPossible, UsageError
from sojourn.folder import Folder, write_all
from sojourn.scaffold.kinds import KINDS, Kind
from sojourn.scaffold.naming import Name, clash, sound

LICENCES = ("Apache-2.0", "MIT", "BSD-3-Clause")

_PLACES = {"gitignore": ".gitignore", "ci.yml": ".github/workflows/test.yml"}
"""Where files of `common` go that cannot lie in a package under their own names."""


def make(word: str, kind: str, licence: str, folder: Path) -> Path:
    """Write a complete project into `folder`/sojourn-NAME, and return where it is.

    Raises:
        UsageError: the name is taken or cannot be one, or the kind or the licence is none.
        NotPossible: there is such a directory already, or it cannot be written.
    """
    name = sound(word)
    taken = clash(word)
    if taken:
        raise UsageError(f"a plugin cannot be called {word!r}: {taken}", hint="take another name")
    if kind not in KINDS or licence not in LICENCES:
        raise UsageError(
            f"there is no {kind if kind not in KINDS else licence!r}",
            hint=f"kinds: {', '.join(KINDS)}; licences: {', '.join(LICENCES)}",
        )
    project = folder / name.distribution
    try:
        project.mkdir(parents=True)
        with Folder.open(project) as made:
            for place, text in project_files(name, KINDS[kind], licence):
                with made.replace(place) as descriptor:
                    write_all(descriptor, text.encode())
    except FileExistsError:
        raise NotPossible(f"{project} is there already", hint="nothing was written") from None
    except OSError as error:
        raise NotPossible(
            f"{project} cannot be written: {error.strerror}", hint="go where you may write"
        ) from error
    return project


def project_files(name: Name, kind: Kind, licence: str) -> Iterator[tuple[str, str]]:
    """Every file of the project: its place in it, and its text."""
    templates = files("sojourn.scaffold") / "templates"
    words = {
        "USE": kind.use,
        "NEXT": kind.next_step,
        "SUMMARY": kind.summary,
        "MODULE": kind.module,
        "LICENCE": licence,
        "YEAR": time.strftime("%Y"),
        "AT_LEAST": ".".join(__version__.split(".")[:2]),
        "BELOW": str(int(__version__.split(".")[0]) + 1),
    }

    def filled(template: Traversable) -> str:
        text = template.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        return name.put_into(text)

    for template in _files(templates / "common"):
        yield _PLACES.get(template.name, _place(template)), filled(template)
    yield "LICENSE", filled(templates / "licences" / licence)
    for template in _files(templates / kind.name / "package"):
        yield f"src/{name.package}/{_place(template)}", filled(template)
    yield f"src/{name.package}/py.typed", ""
    for template in _files(templates / kind.name / "tests"):
        yield f"tests/{_place(template)}", filled(template)


def _files(folder: Traversable) -> Iterator[Traversable]:
    return (file for file in folder.iterdir() if file.is_file())


def _place(template: Traversable) -> str:
    return template.name.removesuffix(".in")
