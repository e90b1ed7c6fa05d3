"""The Debian packages that the real Slurm of the tests is made of.

`python -m tests.support.slurm_packages` installs what is missing. No service is started by
that: a `policy-rc.d` forbids it for as long as apt-get runs, and what stood there is put back.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PROGRAMS = {
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
    "slurmdbd": "slurmdbd",
    "munged": "munge",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "qsub": "slurm-wlm-torque",
    "perl": "perl",
}
"""Program -> the package that brings it."""

PERL_MODULES = {"Slurm": "libslurm-perl", "Slurmdb": "libslurmdb-perl", "Switch": "libswitch-perl"}
"""What the Torque commands are written with -> the package that brings it."""

ADMIN_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
POLICY = Path("/usr/sbin/policy-rc.d")


def program(name: str) -> str:
    """The path of a program, also where /usr/sbin is not on PATH."""
    found = shutil.which(name, path=ADMIN_PATH)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed (package {PROGRAMS.get(name, '?')})")
    return found


def missing_packages() -> list[str]:
    """The packages that the real Slurm needs and that are not here."""
    programs = {
        package for name, package in PROGRAMS.items() if not shutil.which(name, path=ADMIN_PATH)
    }
    modules = {package for name, package in PERL_MODULES.items() if not has_perl_module(name)}
    return sorted(programs | modules)


def has_perl_module(name: str) -> bool:
    """Whether perl would find the module; loading `Slurm` would ask for a configuration."""
    search = f"exit !grep {{ -e qq($_/{name}.pm) }} @INC"
    try:
        return subprocess.run(["perl", "-e", search], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@cache
def why_not() -> str:
    """Why no real Slurm can be started here as things are; "" if one can."""
    if os.geteuid() != 0:
        return "the real Slurm of the tests is started by root only"
    missing = missing_packages()
    if missing:
        return f"not installed: {' '.join(missing)} (as root on Debian, scripts/test installs them)"
    return ""


def can_install() -> bool:
    """Whether this is root on a Debian."""
    return (
        os.geteuid() == 0 and bool(shutil.which("apt-get")) and Path("/etc/debian_version").exists()
    )


@contextmanager
def no_service_starts() -> Iterator[None]:
    """Keep packages from starting their daemons while this is open."""
    before = (POLICY.read_bytes(), stat.S_IMODE(POLICY.stat().st_mode)) if POLICY.exists() else None
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink()
        else:
            POLICY.write_bytes(before[0])
            POLICY.chmod(before[1])


def install(packages: list[str]) -> None:
    """Install packages with apt-get, whose lists are fetched anew only if they do not serve.

    Raises:
        subprocess.CalledProcessError: apt-get failed; its output has been printed.
    """
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"]
    command += ["-o", "DPkg::Lock::Timeout=120", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": ADMIN_PATH}
    with no_service_starts():
        first = subprocess.run(command, env=environment, capture_output=True, text=True)
        if first.returncode == 0:
            return
        subprocess.run(["apt-get", "update", "--quiet"], env=environment, stdout=sys.stderr)
        subprocess.run(command, env=environment, stdout=sys.stderr, check=True)


def install_missing() -> str:
    """Install what is missing where that can be done; returns what `why_not` says afterwards."""
    missing = missing_packages()
    if missing and can_install():
        print(f"installing for the tests: {' '.join(missing)}", file=sys.stderr)
        try:
            install(missing)
        except subprocess.CalledProcessError as error:
            return f"apt-get install {' '.join(missing)} ended with {error.returncode}"
    return why_not()


if __name__ == "__main__":
    sys.exit(install_missing())
