"""A plugin's project as it lies there: its metadata, its entry points, and what they load."""

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sojourn.contract import GROUP
from sojourn.errors import UsageError

_EXAMINE = """
import importlib, json, sys
from sojourn.plugins.examining import examine
from sojourn.plugins.outcomes import LoadFailure
name, value, distribution = sys.argv[1:]
try:
    module, _, attribute = value.partition(":")
    plugin = importlib.import_module(module)
    for part in filter(None, attribute.split(".")):
        plugin = getattr(plugin, part)
    found = examine(name, plugin, distribution=distribution)
    stated = [found.backend] if getattr(found, "backend", None) else []
    stated += getattr(found, "transports", ())
    own = getattr(plugin, "sojourn_contract", None)
    answer = {"failure": str(found) if isinstance(found, LoadFailure) else "",
              "kinds": [kind.value for kind in found.kinds],
              "contracts": [each.contract for each in stated] + ([own] if own is not None else [])}
except BaseException as error:
    answer = {"failure": f"it does not load: {type(error).__name__}: {error}", "kinds": [], "contracts": []}
print(json.dumps(answer))
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading one entry point in another process."""

    failure: str
    kinds: tuple[str, ...]
    contracts: tuple[int, ...]


@dataclass(frozen=True)
class Project:
    """A directory with a pyproject.toml."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Project":
        """The project in a directory.

        Raises:
            UsageError: there is none, or its pyproject.toml cannot be read.
        """
        file = folder / "pyproject.toml"
        if not file.is_file():
            raise UsageError(f"there is no {file}", hint="name the directory of a plugin's project")
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from error
        return cls(folder.resolve())

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The table [project]."""
        text = (self.folder / "pyproject.toml").read_text(encoding="utf-8")
        found = tomllib.loads(text).get("project", {})
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """The distribution's name, "" if it has none."""
        return str(self.metadata.get("name", ""))

    @property
    def points(self) -> dict[str, str]:
        """The entry points of the group: name -> `module:attribute`."""
        found = self.metadata.get("entry-points", {}).get(GROUP, {})
        return {str(name): str(value) for name, value in found.items()}

    @cached_property
    def source(self) -> Path:
        """Where packages lie: `src`, or the project itself."""
        return self.folder / "src" if (self.folder / "src").is_dir() else self.folder

    @cached_property
    def packages(self) -> list[Path]:
        """The packages, or single modules, that the entry points name."""
        tops = dict.fromkeys(
            value.partition(":")[0].partition(".")[0] for value in self.points.values()
        )
        places = [(self.source / top, self.source / f"{top}.py") for top in tops]
        return [place for both in places for place in both if place.exists()]

    @cached_property
    def modules(self) -> list[Path]:
        """Every Python file of the packages."""
        files = [sorted(p.rglob("*.py")) if p.is_dir() else [p] for p in self.packages]
        return [file for each in files for file in each]

    @cached_property
    def tests(self) -> str:
        """The text of all tests."""
        files = sorted((self.folder / "tests").rglob("*.py"))
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    @cached_property
    def loaded(self) -> dict[str, Loaded]:
        """What comes of loading each entry point, in a process of its own."""
        return {name: self._load(name, value) for name, value in self.points.items()}

    def _load(self, name: str, value: str) -> Loaded:
        lines = f"import sys; sys.path.insert(0, {str(self.source)!r})\n{_EXAMINE}"
        done = subprocess.run(
            [sys.executable, "-c", lines, name, value, self.name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
        )
        try:
            answer = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, json.JSONDecodeError):
            return Loaded(f"it ended Python: {done.stderr.strip()[-200:]}", (), ())
        return Loaded(answer["failure"], tuple(answer["kinds"]), tuple(answer["contracts"]))
