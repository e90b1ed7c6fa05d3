"""A result in the hands of whoever asked for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sojourn.results.manifest import Manifest


class Result(Mapping[str, Path]):
    """The outputs of a finished job: output name -> path of a read-only file or directory.

    Iterating gives the outputs as the job declared or matched them: a directory is one output.
    `result["out/part.csv"]` also finds a file inside an output directory.
    """

    __slots__ = ("_entries", "_outputs", "_place", "manifest")

    def __init__(self, place: Path, manifest: Manifest) -> None:
        self._place = place
        self.manifest = manifest
        """What the result consists of, down to each file's digest."""
        self._entries = {entry.name for entry in manifest.files}
        self._outputs: tuple[str, ...] | None = None

    def __getitem__(self, name: str) -> Path:
        plain = name.rstrip("/") if isinstance(name, str) else name
        if plain in self._entries:
            return self.path / plain
        if plain in self.manifest.remote:
            raise KeyError(f"{name!r} has stayed on {self.machine}; ask for it with a fetch")
        there = ", ".join(repr(each) for each in self) or "nothing"
        raise KeyError(f"no output {name!r}; there is {there}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._top())

    def __len__(self) -> int:
        return len(self._top())

    def __repr__(self) -> str:
        return f"<Result {self.signature[:12]} of {self.machine}: {', '.join(map(repr, self))}>"

    def glob(self, pattern: str) -> list[Path]:
        """Paths of everything in the result that `pattern` stands for, sorted by name.

        `*`, `?` and `[...]` as in a shell: no `**`, and none matches a leading dot or a `/`.
        """
        from sojourn.values.patterns import matches

        return [self.path / name for name in sorted(self._entries) if matches(pattern, name)]

    @property
    def path(self) -> Path:
        """The directory that holds the outputs."""
        return self._place / "files"

    @property
    def stdout(self) -> Path:
        """The file with the job's standard output."""
        return self._place / "logs" / "stdout"

    @property
    def stderr(self) -> Path:
        """The file with the job's standard error."""
        return self._place / "logs" / "stderr"

    @property
    def signature(self) -> str:
        """The job's signature."""
        return self.manifest.signature

    @property
    def machine(self) -> str:
        """The machine that it ran on."""
        return self.manifest.machine

    @property
    def exit_code(self) -> int:
        """The command's exit code, an accepted one."""
        return self.manifest.exit_code

    @property
    def remote(self) -> Mapping[str, int]:
        """Outputs that stayed on the machine, with their sizes in bytes."""
        return self.manifest.remote

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of every file, in hexadecimal, those inside directories included."""
        return {entry.name: entry.digest for entry in self.manifest.files if entry.digest}

    def _top(self) -> tuple[str, ...]:
        """The names that lie in no listed directory."""
        if self._outputs is None:
            folders = {entry.name for entry in self.manifest.files if entry.kind == "d"}
            self._outputs = tuple(
                entry.name
                for entry in self.manifest.files
                if not (folders and any(above in folders for above in _above(entry.name)))
            )
        return self._outputs


def _above(name: str) -> Iterator[str]:
    at = name.find("/")
    while at != -1:
        yield name[:at]
        at = name.find("/", at + 1)
