"""A home on a disk that is full: what is only read is shown."""

from pathlib import Path

import pytest

from tests.core.cli.desk import Desk
from tests.support.small_disk import fill, small_disk


@pytest.mark.root
def test_what_only_reads_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2 * 1024 * 1024) as disk:
        desk = Desk(
            tmp_path / "desk", {"here": {"backend": "local", "root": str(tmp_path / "root")}}
        )
        desk.home = disk / "home"
        job = desk.finished("-m", "here", "--output", "o", "--", "echo printed; echo 1 >o")
        desk("fetch", job)
        fill(disk)
        assert job[:8] in desk("list").out
        assert desk("list", "--json").json[0]["state"] == "COMPLETED"
        assert job in desk("show", job).out
        assert "COMPLETED" in desk("explain", job).out
        assert desk("logs", job).out == "printed\n"
        assert Path(desk("fetch", job).out.strip(), "o").read_text() == "1\n"
        assert "here" in desk("machines", "list").out
        assert "no space left" in desk("submit", "-m", "here", "--", "true", status=1).err
