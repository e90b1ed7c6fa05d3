"""Build each distribution's wheel and try it where nothing else is installed."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path

from scripts.workspace import DISTRIBUTIONS, ROOT, VENV

STAMP = VENV / ".wheels-stamp"


def contents() -> str:
    """A digest over everything that goes into the wheels, and over this check."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for folder in DISTRIBUTIONS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def build(folder: str, into: Path) -> Path:
    """Build one wheel; returns its file."""
    out = into / Path(folder).name
    words = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT / folder)]
    run([sys.executable, *words])
    (wheel,) = out.glob("*.whl")
    return wheel


def run(command: list[str]) -> None:
    """Run a program whose output matters only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout)
        raise subprocess.CalledProcessError(done.returncode, command)


def make_environment(directory: Path) -> list[str]:
    """Make an empty virtual environment; returns the words that install into it."""
    uv = shutil.which("uv")
    if uv is not None:
        run([uv, "venv", "--quiet", "--python", sys.executable, str(directory)])
        return [uv, "pip", "install", "--quiet", "--python", str(directory / "bin" / "python")]
    venv.create(directory, with_pip=True, symlinks=True)
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install"]
    return [*pip, "--quiet", "--disable-pip-version-check"]


class Trial:
    """`sojourn` in an environment of its own, with a home of its own."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program = program
        self.environment: Mapping[str, str] = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ},
            "HOME": str(home),
            "SOJOURN_HOME": str(home / "sojourn"),
        }
        self.complaints: list[str] = []

    def expect(self, status: int, said: str, *arguments: str) -> None:
        """Run a command and note where it ends or says something else than expected."""
        done = subprocess.run(
            [self.program, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != status or said not in done.stdout + done.stderr:
            self.complaints.append(
                f"sojourn {' '.join(arguments)}: expected status {status} and {said!r},"
                f" got {done.returncode}\n{done.stdout}{done.stderr}"
            )


def try_out(directory: Path) -> list[str]:
    """Build and install one after the other; returns what did not work."""
    built = {folder: build(folder, directory) for folder in DISTRIBUTIONS}
    install = make_environment(directory / "venv")
    trial = Trial(directory / "venv" / "bin" / "sojourn", directory)
    run([*install, str(built.pop("core"))])
    trial.expect(0, "Usage", "--help")
    trial.expect(0, "", "plugins", "list")
    trial.expect(2, "sojourn[local]", "submit", "-m", "local", "--", "true")
    for folder, wheel in built.items():
        run([*install, "--no-deps", str(wheel)])
        trial.expect(0, Path(folder).name, "plugins", "list")
    trial.expect(0, "", "submit", "-m", "local", "--wait", "--", "true")
    return trial.complaints


def check() -> int:
    """Run the trial unless nothing has changed since it last passed; 1 if it did not."""
    now = contents()
    if STAMP.exists() and STAMP.read_text() == now:
        print("wheels: unchanged since they last passed")
        return 0
    with tempfile.TemporaryDirectory(prefix="sojourn-wheels-") as directory:
        try:
            complaints = try_out(Path(directory))
        except subprocess.CalledProcessError as error:
            complaints = [str(error)]
    for complaint in complaints:
        print(complaint)
    if not complaints:
        print(f"wheels: {len(DISTRIBUTIONS)} built, installed and tried")
        STAMP.write_text(now)
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(check())
