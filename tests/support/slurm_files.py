"""What lies in the directory of a real Slurm before its daemons are started."""

import json
import secrets
from dataclasses import asdict
from pathlib import Path

from tests.support import slurm_conf, slurm_database
from tests.support.slurm_conf import Layout
from tests.support.slurm_packages import program

CLIENTS = (
    *("sbatch", "squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr", "srun"),
    *("qsub", "qstat", "qdel", "qhold", "qrls", "qalter", "pbsnodes"),
)
"""Slurm's own commands and the Torque ones: what `bin` has a wrapper for."""


def write_all(layout: Layout) -> None:
    """Write configuration, keys, wrappers and, with accounting, an empty database."""
    at = layout.directory
    for name in ("", "state", "spool", "bin", "munge"):
        (at / name).mkdir(mode=0o755, exist_ok=True)
    (at / "private").mkdir(mode=0o700)
    write(at / "private" / "munge.key", secrets.token_bytes(128), 0o600)
    write(layout.conf, slurm_conf.slurm_conf(layout).encode(), 0o644)
    write(at / "gres.conf", slurm_conf.gres_conf().encode(), 0o644)
    values = {**asdict(layout), "directory": str(at)}
    write(at / "layout.json", json.dumps(values).encode(), 0o644)
    for name in CLIENTS:
        text = f'#!/bin/sh\nSLURM_CONF={layout.conf} exec {program(name)} "$@"\n'
        write(at / "bin" / name, text.encode(), 0o755)
    if layout.database_port is not None:
        write(at / "slurmdbd.conf", slurm_conf.slurmdbd_conf(layout).encode(), 0o600)
        slurm_database.create_database(layout)


def read_layout(directory: Path) -> Layout:
    """The layout that `write_all` wrote there."""
    values = json.loads((directory / "layout.json").read_text())
    return Layout(**{**values, "directory": directory})


def write(path: Path, content: bytes, mode: int) -> None:
    """Write a file with exactly that mode, whatever the umask."""
    path.touch(mode=0o600)
    path.write_bytes(content)
    path.chmod(mode)
