"""A machine whose disk is full: said before much is sent, nothing is left behind, other jobs go on."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.cli.desk import Desk
from tests.support.small_disk import fill, small_disk
from tests.support.waiting import eventually

pytestmark = pytest.mark.root


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A machine with a root on a disk of 4 MiB, and jobs of every kind to come."""
    with small_disk(tmp_path / "disk", 4 << 20) as disk:
        yield Desk(tmp_path / "desk", {"here": {"backend": "local", "root": str(disk / "root")}})


def root(desk: Desk) -> Path:
    return desk.folder.parent / "disk" / "root"


def test_one_job_s_trouble_is_not_the_others(desk: Desk) -> None:
    going = desk.running("-m", "here", "--", f"until [ -e {desk.folder}/go ]; do sleep 0.1; done")
    (desk.here / "big").write_bytes(bytes(range(256)) * (6 << 12))  # 6 MiB
    big = desk("submit", "-m", "here", "--input", "big", "--", "wc big", status=None)
    assert "6.0 MiB of inputs are to be sent" in big.err
    assert "gc --remote" in big.err
    assert not list((root(desk) / "incoming").iterdir())
    small = desk.submit("-m", "here", "--", "echo small")
    desk.process("wait", small)
    assert desk.state(small) == "COMPLETED"
    assert desk("status", going).status == 0
    waiting = next(one for one in desk("list", "--json").json if one["state"] == "NEW")
    assert "MiB of room" in waiting["reason"]
    desk("cancel", waiting["signature"])
    assert desk.state(waiting["signature"]) == "CANCELLED"
    (desk.folder / "go").touch()
    eventually(lambda: desk.state(going) == "COMPLETED")


def test_a_disk_that_is_quite_full(desk: Desk) -> None:
    first = desk.finished("-m", "here", "--", "echo first")
    filling = fill(root(desk).parent)
    said = desk("submit", "-m", "here", "--", "echo second", status=1).err
    assert "No space left" in said or "disk full" in said
    assert "never answered" not in said
    assert desk("status", first).status == 0
    assert not list((root(desk) / "incoming").iterdir())
    second = next(one for one in desk("list", "--json").json if one["state"] == "NEW")
    assert not list((root(desk) / "jobs").glob(f"*/{second['signature']}/1/claim"))
    filling.unlink()
    desk.process("submit", "-m", "here", "--wait", "--", "echo second")
    assert desk.state(second["signature"]) == "COMPLETED"


def test_what_was_interrupted_is_freed_by_gc(desk: Desk) -> None:
    desk.finished("-m", "here", "--", "true")
    left, young = (root(desk) / "incoming" / name for name in ("client-0.1", "client-0.2"))
    for path in (left, young):
        path.write_bytes(bytes(1 << 20))
    os.utime(left, (time.time() - 7200,) * 2)
    desk("gc", "--remote", "-m", "here", "--older-than", "30d")
    assert (left.exists(), young.exists()) == (False, True)
