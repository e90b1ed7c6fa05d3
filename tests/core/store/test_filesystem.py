"""Which file systems are local, and what becomes of a store on others."""

import sqlite3
from pathlib import Path

import pytest

from sojourn.errors import StoreError
from sojourn.store.connection import Database
from sojourn.store.filesystem import FileSystem, file_system, find_mount, locks_fail
from sojourn.store.store import Store
from tests.core.store.samples import job
from tests.support.programs import start

TABLE = r"""
sysfs /sys sysfs rw,nosuid 0 0
/dev/sda1 / ext4 rw,relatime 0 0
server:/home /home nfs4 rw,relatime,vers=4.2,local_lock=none 0 0
server:/old /old nfs rw,nolock 0 0
mds@tcp:/scratch /scratch lustre rw,flock 0 0
/dev/sdb1 /home/me/local\040disk xfs rw 0 0
tmpfs /home/me/local\040disk tmpfs rw,size=1g 0 0
gpfs0 /gpfs gpfs rw 0 0
sshfs#me@x:/ /mnt/x\011y\134z fuse.sshfs rw 0 0
a broken line
"""


@pytest.mark.parametrize(
    ("path", "kind", "local"),
    [
        ("/var/lib/x", "ext4", True),
        ("/home/me/.local/share/sojourn", "nfs4", False),
        ("/homes/me", "ext4", True),
        ("/scratch/me", "lustre", False),
        ("/gpfs", "gpfs", False),
        ("/home/me/local disk/sojourn", "tmpfs", True),
        ("/mnt/x\ty\\z/a", "fuse.sshfs", False),
    ],
)
def test_the_deepest_and_latest_mount_counts(path: str, kind: str, local: bool) -> None:
    found = find_mount(Path(path), TABLE)
    assert (found.type, found.local) == (kind, local)


def test_what_is_not_known_is_taken_with_care(tmp_path: Path) -> None:
    assert not file_system(tmp_path, tmp_path / "no table").local
    assert not find_mount(Path("/home"), "").local


def test_this_disk_s_locks_hold(tmp_path: Path) -> None:
    assert locks_fail(tmp_path, FileSystem("nfs4", frozenset({"rw"}))) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["nolock", "local_lock=all", "local_lock=posix", "localflock"])
def test_locks_that_other_computers_do_not_see_are_none(tmp_path: Path, option: str) -> None:
    assert option in locks_fail(tmp_path, FileSystem("nfs", frozenset({"rw", option})))


def test_a_directory_that_takes_no_locks_says_why(tmp_path: Path) -> None:
    assert "No such file" in locks_fail(tmp_path / "missing", FileSystem("nfs"))


def mounted(tmp_path: Path, kind: str, options: str = "rw") -> Path:
    """A table of mounts by which everything lies on such a file system."""
    table = tmp_path / "mounts"
    table.write_text(f"server:/ / {kind} {options} 0 0\n")
    return table


def journal(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    finally:
        connection.close()


def test_over_a_network_there_is_a_rollback_journal(tmp_path: Path) -> None:
    path = tmp_path / "home" / "store.sqlite3"
    database = Database(path, mounts=mounted(tmp_path, "nfs4"))
    with database.transaction() as connection:
        connection.execute("INSERT INTO settings VALUES ('a', 'b')")
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    database.close()
    assert journal(path) == "delete"
    with Store(path) as local:
        assert local.setting("a") == "b"
    assert journal(path) == "delete", "others may see it over the network"


def test_a_store_from_a_local_disk_changes_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with Store(path) as store:
        store.put_jobs([job(1)])
    assert journal(path) == "wal"
    database = Database(path, mounts=mounted(tmp_path, "lustre", "rw,flock"))
    with database.transaction() as connection:
        connection.execute("INSERT INTO settings VALUES ('a', 'b')")
    assert database.first("SELECT count(*) FROM jobs") == (1,)
    database.close()
    assert journal(path) == "delete"


def test_a_store_in_use_with_shared_memory_is_refused_over_a_network(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    user = start(
        """
        import sys
        from pathlib import Path
        from sojourn.store.store import Store
        with Store(Path(sys.argv[1])) as store:
            store.set_setting("a", "b")
            print("open", flush=True)
            sys.stdin.readline()
        """,
        path,
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match="another process uses the store") as caught:
        Database(path, timeout=0.2, mounts=mounted(tmp_path, "nfs"))
    assert "SOJOURN_HOME" in caught.value.hint
    user.communicate("end\n")
    assert user.returncode == 0
    assert journal(path) == "wal"


def test_a_file_system_without_locks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "home" / "store.sqlite3"
    with pytest.raises(StoreError, match=r"\(nfs\): it is mounted with nolock") as caught:
        Database(path, mounts=mounted(tmp_path, "nfs", "rw,nolock"))
    assert "SOJOURN_HOME" in caught.value.hint
    assert not path.exists()
