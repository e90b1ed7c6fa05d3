"""Results for the tests: what a fetch would have staged, and what it would say of it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sojourn.results.cache import ResultCache
from sojourn.results.manifest import FileEntry, Manifest
from sojourn.results.result import Result
from sojourn.results.staging import Staging

FILES = {"field.csv": b"1,2\n", "out/a b.txt": b"hello", "out/deep/\n'\".bin": bytes(1000)}


def signature(number: int = 0) -> str:
    """A signature like a real one."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def digest(content: bytes) -> str:
    """What the machine would have computed."""
    return hashlib.sha256(content).hexdigest()


def stage(staging: Staging, files: Mapping[str, bytes] = FILES) -> tuple[FileEntry, ...]:
    """Put files where a fetch puts them, and describe them; `out` is an output by itself."""
    (staging.logs / "stdout").write_text("said\n")
    folders = sorted({name.split("/")[0] for name in files if "/" in name})
    entries = [FileEntry(name, kind="d") for name in folders]
    for name, content in files.items():
        path = staging.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entries.append(FileEntry(name, len(content), digest=digest(content)))
    return tuple(entries)


def put(
    cache: ResultCache, number: int = 0, files: Mapping[str, bytes] = FILES, **values: Any
) -> Result:
    """Commit a result."""
    with cache.staging(signature(number), values.get("attempt", 1)) as staging:
        entries = stage(staging, files)
        return cache.commit(staging, Manifest(signature(number), files=entries, **values))


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }
