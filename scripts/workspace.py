"""Make or refresh `.venv`: all distributions of the workspace, editable, and the tools.

Run by `scripts/setup`. A stamp over everything that decides what is installed makes a second
run a matter of milliseconds.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".workspace-stamp"
DISTRIBUTIONS = ("core", "backends/local", "backends/slurm", "backends/pbs")
EXTRAS = {"core": "[ssh,notify,top,testing]"}


def wanted() -> str:
    """What decides the environment's contents, as one digest."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for folder in ("", *DISTRIBUTIONS):
        digest.update((ROOT / folder / "pyproject.toml").read_bytes())
    return json.dumps({"contents": digest.hexdigest(), "root": str(ROOT)})


def is_current() -> bool:
    """Whether `.venv` holds what is wanted, its interpreter included."""
    try:
        return STAMP.read_text() == wanted() and PYTHON.exists()
    except OSError:
        return False


def tools() -> list[str]:
    """The developers' tools: the group `dev` of the workspace's pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        group: list[str] = tomllib.load(file)["dependency-groups"]["dev"]
    return group


def works() -> bool:
    """Whether the interpreter of `.venv` starts and is new enough."""
    program = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", program], capture_output=True).returncode == 0
    except OSError:
        return False


def make(uv: str | None) -> None:
    """Create `.venv`, replacing one whose interpreter has gone."""
    if uv is not None:
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    else:
        venv.create(VENV, clear=True, with_pip=True, symlinks=True)


def run(command: list[str]) -> None:
    """Run a program in the workspace, ending this one with its status when it fails."""
    status = subprocess.run(command, cwd=ROOT).returncode
    if status:
        print(f"setup: failed ({status}): {' '.join(command)}", file=sys.stderr)
        sys.exit(status)


def install(uv: str | None) -> None:
    """Install the tools first, since they hold what builds the distributions."""
    if uv is None and not (VENV / "bin" / "pip").exists():  # made with uv, which is gone now
        run([str(PYTHON), "-m", "ensurepip", "--upgrade"])
    installer = (
        [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
        if uv is not None
        else [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    )
    run([*installer, *tools()])
    sources = [
        word for name in DISTRIBUTIONS for word in ("--editable", f"./{name}{EXTRAS.get(name, '')}")
    ]
    run([*installer, "--no-build-isolation", *sources])


def main() -> None:
    """Bring `.venv` up to date, one process at a time."""
    if is_current():
        return
    with (ROOT / "pyproject.toml").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current():
            return
        print("setup: installing into .venv (once; a minute or so)", file=sys.stderr)
        uv = shutil.which("uv")
        if not works():
            make(uv)
        install(uv)
        STAMP.write_text(wanted())


if __name__ == "__main__":
    main()
