"""The folder of a line of the tree, shown by the desktop where there is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult, NotPossible
from sojourn.top.model import Kind, Node

if TYPE_CHECKING:
    from sojourn.session.session import Session


def folder(session: "Session", node: Node) -> Path:
    """Results of a job; of a workflow, the directory that its script runs in.

    Raises:
        NotPossible: there is none here.
    """
    if node.job is not None:
        try:
            result = session.results.get(node.job.signature)
        except DamagedResult as damaged:
            raise NotPossible(damaged.message, hint=damaged.hint) from damaged
        if result is None or not session.trust.counts(result.manifest, [node.job.machine]):
            short = node.job.signature[:8]
            raise NotPossible(f"its result is not here: `sojourn fetch {short}` brings it")
        return result.path
    record = session.store.workflow(node.label) if node.kind is Kind.WORKFLOW else None
    if record is None or not record.directory:
        raise NotPossible("only a job and a workflow have a folder")
    return Path(record.directory)


def show(path: Path) -> bool:
    """Open a folder in the desktop's file manager; False if there is no desktop."""
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    desktop = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if opener is None or not desktop:
        return False
    subprocess.Popen(
        [opener, path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return True
