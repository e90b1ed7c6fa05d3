"""A disk that is full when a job ends: its exit is written once there is room, and whole."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.site import context, job_dir, order, run_one
from tests.support.small_disk import small_disk

pytestmark = pytest.mark.root


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_is_written_whole_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with small_disk(tmp_path / "disk", 2 * 1024**2):
        ballast = tmp_path / "disk" / "ballast"
        tools = tmp_path / "tools"
        tools.mkdir()
        # The first pause between two tries is when somebody makes room.
        seen = tmp_path / "seen"
        real = shutil.which("sleep")
        (tools / "sleep").write_text(
            f'#!/bin/sh\nif [ "$1" = 1 ] && [ ! -e {seen} ]; then\n'
            f"ls {tmp_path}/disk/root/jobs/*/*/1 >{seen}\nrm -f {ballast}\nfi\n"
            f'exec {real} "$@"\n'
        )
        (tools / "sleep").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        where = context(tmp_path / "disk" / "root")
        fill = f"echo 1 >o; dd if=/dev/zero of={ballast} bs=4k 2>/dev/null; exit {status}"
        one = order(1, fill, outputs=("o",))
        report = run_one(where, one).exit
        assert "exit" not in seen.read_text().split()
        assert report is not None
        assert (report.ok, report.status) == (status == 0, status)
        assert [(file.name, file.size) for file in report.files] == [("o", 2)]
        folder = job_dir(where, one)
        names = {file.name for file in folder.iterdir()}
        assert names == {"claim", "id", "started", "work", "stdout", "stderr", "command.sh", "exit"}
        assert (folder / "stderr").read_text().count("the disk was full") == 1
