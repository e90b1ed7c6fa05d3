"""A store that cannot be used: one line that says why, what to do, and nothing lost."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sojourn.errors import StoreError
from sojourn.home import home, store_path
from sojourn.store.store import Store
from tests.core.store.samples import job, signature
from tests.support.ordinary_user import as_ordinary_user, give
from tests.support.small_disk import fill, small_disk

BIG = '"' + "x" * 20_000 + '"'


def assert_clear(error: StoreError, *words: str) -> None:
    for word in words:
        assert word in f"{error} {error.hint}"
    assert "\n" not in f"{error}{error.hint}"
    assert error.hint


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_a_damaged_file_is_named_with_the_way_out(store: Store, size: int) -> None:
    store.put_jobs([job(1)])
    store.close()
    store.path.write_bytes(b"not a database, to be sure. "[:size] * (1 + size // 28))
    with pytest.raises(StoreError, match=r"is damaged \(") as caught:
        Store(store.path)
    assert_clear(caught.value, str(store.path), "sojourn rebuild")


def test_damage_inside_is_noticed_when_it_is_met(store: Store) -> None:
    store.put_jobs(job(number, job=BIG) for number in range(50))
    store.close()
    with store.path.open("r+b") as file:
        file.seek(4096 * 30)
        file.write(os.urandom(4096 * 40))
    with Store(store.path) as again:
        with pytest.raises(StoreError, match=r"is damaged \(") as caught:
            again.check()
        assert_clear(caught.value, "sojourn rebuild")
        with pytest.raises(StoreError, match=r"is damaged \("):
            again.select()


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.select()


def test_a_home_that_is_a_file(own_home: Path) -> None:
    own_home.write_text("")
    with pytest.raises(StoreError, match="cannot be used as Sojourn's home") as caught:
        Store()
    assert_clear(caught.value, str(own_home), "SOJOURN_HOME")


def test_a_store_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").mkdir()
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "store.sqlite3")
    assert_clear(caught.value, "SOJOURN_HOME")


@pytest.mark.root
def test_a_full_disk_leaves_earlier_records_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2 * 1024 * 1024) as disk:
        path = disk / "store.sqlite3"
        with Store(path) as store:
            store.put_jobs([job(1)])
            fault = None
            number = 1
            while fault is None and number < 1000:
                try:
                    store.put_jobs([job(number + 1, job=BIG)])
                    number += 1
                except StoreError as caught:
                    fault = caught
            assert fault is not None
            assert_clear(fault, "no space left", "SOJOURN_HOME")
            assert number > 5
            assert len(store.select()) == number
        with Store(path) as store:
            store.check()
            assert len(store.select()) == number
            with pytest.raises(StoreError):
                store.put_jobs(job(n, job=BIG) for n in range(2000, 2100))
        fill(disk).unlink()
        with Store(path) as store:
            assert len(store.select()) == number


@pytest.mark.root
@pytest.mark.parametrize("leave", [0, 4096, 16384, 65536])
def test_a_store_is_made_whole_or_not_at_all(tmp_path: Path, leave: int) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "home").mkdir()
        filling = fill(disk, leave=leave)
        path = disk / "home" / "store.sqlite3"
        with pytest.raises(StoreError, match="no space left") as caught:
            Store(path)
        assert_clear(caught.value, "SOJOURN_HOME")
        assert list((disk / "home").iterdir()) == []
        filling.unlink()
        with Store(path) as store:
            assert store.put_jobs([job(1)]) == [True]


@pytest.mark.root
@pytest.mark.parametrize("in_the_log", [False, True])
def test_what_lies_on_a_full_disk_can_be_read(tmp_path: Path, in_the_log: bool) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "store.sqlite3"
        with Store(path) as store:
            store.put_jobs([job(1)])
        if in_the_log:  # as somebody leaves it who is killed
            leave_a_log(path)
        fill(disk)
        for _ in range(2):
            with Store(path) as store:
                assert len(store.select()) == 1 + in_the_log
                with pytest.raises(StoreError, match="no space left") as caught:
                    store.put_jobs([job(3, job=BIG)])
                assert_clear(caught.value, "SOJOURN_HOME")
        (disk / "filling").unlink()
        with Store(path) as store:
            store.put_jobs([job(3)])
            store.check()
            assert len(store.select()) == 2 + in_the_log


def leave_a_log(path: Path) -> None:
    """Record `job(2)` in the store's log alone."""
    log = path.with_name(f"{path.name}-wal")
    with Store(path) as store:
        store.put_jobs([job(2)])
        left = path.read_bytes(), log.read_bytes()
    path.write_bytes(left[0])
    log.write_bytes(left[1])
    assert left[1]


def use_a_read_only_home(path: str) -> None:
    """As an ordinary user: what was recorded can be read, and nothing written."""
    os.environ["SOJOURN_HOME"] = path
    with Store() as store:
        store.put_jobs([job(1)])
    home().chmod(0o500)
    with Store() as store:
        assert len(store.select()) == 1
        with pytest.raises(StoreError, match="cannot be written") as caught:
            store.put_jobs([job(2)])
        assert_clear(caught.value, path, "SOJOURN_HOME")
        assert len(store.listing()) == 1
    home().chmod(0o700)
    with Store() as store:
        assert store.put_jobs([job(2)]) == [True]
        store.check()


def use_a_home_that_cannot_be_made(path: str) -> None:
    """As an ordinary user: below a directory that cannot be written."""
    Path(path).chmod(0o500)
    for there in (Path(path) / "home", Path(path) / "deeper" / "home"):
        os.environ["SOJOURN_HOME"] = str(there)
        with pytest.raises(StoreError, match="cannot be used as Sojourn's home") as caught:
            Store()
        assert_clear(caught.value, str(there), "SOJOURN_HOME")
    os.environ["SOJOURN_HOME"] = path
    with pytest.raises(StoreError, match="cannot be used: Permission denied") as caught:
        Store()
    assert_clear(caught.value, path, "SOJOURN_HOME")
    assert list(Path(path).iterdir()) == []
    Path(path).chmod(0o700)


def use_somebody_else_s_home(path: str) -> None:
    """As an ordinary user: a directory that may not even be entered."""
    Path(path).chmod(0)
    os.environ["SOJOURN_HOME"] = path
    with pytest.raises(StoreError, match="cannot be used: Permission denied") as caught:
        Store()
    assert_clear(caught.value, path, "SOJOURN_HOME")
    Path(path).chmod(0o700)


def read_a_crashed_store_in_a_read_only_home(path: str) -> None:
    """As an ordinary user: some records are in the log alone; they are not passed over."""
    os.environ["SOJOURN_HOME"] = path
    child = os.fork()
    if child == 0:
        store = Store()
        store.put_jobs([job(1)])
        os._exit(0)  # as when killed: the log is not taken into the file
    os.waitpid(child, 0)
    log = store_path().with_name("store.sqlite3-wal")
    assert log.stat().st_size > 0
    store_path().with_name("store.sqlite3-shm").unlink()
    home().chmod(0o500)
    with pytest.raises(StoreError) as caught:
        Store()
    assert_clear(caught.value, path, "SOJOURN_HOME")
    home().chmod(0o700)
    with Store() as store:
        assert store.get(signature(1), "hpc") is not None


@pytest.mark.parametrize(
    "function",
    [
        use_a_read_only_home,
        use_a_home_that_cannot_be_made,
        use_somebody_else_s_home,
        read_a_crashed_store_in_a_read_only_home,
    ],
)
def test_as_an_ordinary_user(function: Callable[[str], None], readable_path: Path) -> None:
    place = readable_path / "own"
    place.mkdir()
    give(place)
    as_ordinary_user(function, str(place))
