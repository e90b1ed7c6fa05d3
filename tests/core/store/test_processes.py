"""Several processes at one store at once, and processes that are killed in the middle."""

import json
import os
import sqlite3
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

from sojourn.errors import StoreError
from sojourn.states import State
from sojourn.store.store import Store
from tests.core.store.samples import job, signature
from tests.support.programs import output, run, start
from tests.support.waiting import eventually

WORKERS = 6

RACE = """
import json, sys
from pathlib import Path
from sojourn.states import State
from sojourn.store.records import StateChange
from sojourn.store.store import Store
from tests.core.store.samples import job, signature

path, numbers = Path(sys.argv[1]), range(200)
print("ready", flush=True)
sys.stdin.readline()
with Store(path) as store:
    added = sum(store.put_jobs(job(number) for number in numbers))
    told = 0
    for number in numbers:
        event = store.change(
            signature(number), "hpc", expected=State.NEW, expected_attempt=1,
            new_state=State.SUBMITTING, token=sys.argv[2],
        )
        told += event is not None
        store.meter("hpc", trips=1, bytes_up=10)
print(json.dumps({"added": added, "told": told}))
"""

WRITE_UNTIL_KILLED = """
import itertools, sys
from pathlib import Path
from sojourn.states import State
from sojourn.store.records import StateChange
from sojourn.store.store import Store
from tests.core.store.samples import signature

cycle = (State.NEW, State.SUBMITTING, State.QUEUED, State.RUNNING, State.FAILED)
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for attempt in itertools.count(1):
    for old, new in zip(cycle, cycle[1:]):
        store.change_many(
            StateChange(signature(number), "hpc", old, attempt, new, 1.0, evidence="x" * 2000)
            for number in range(100)
        )
    store.change_many(
        StateChange(signature(number), "hpc", State.FAILED, attempt, State.NEW, 1.0,
                    next_attempt=True)
        for number in range(100)
    )
"""


def test_of_many_processes_one_is_told_of_each_change(tmp_path: Path) -> None:
    path = tmp_path / "home" / "store.sqlite3"
    racers = [start(RACE, path, f"token {number}") for number in range(WORKERS)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    answers = [json.loads(output(racer)) for racer in _let_go(racers)]
    assert sum(answer["added"] for answer in answers) == 200
    assert sum(answer["told"] for answer in answers) == 200
    with Store(path) as store:
        store.check()
        assert store.counts() == {State.SUBMITTING: 200}
        assert store.last_event_id() == 200
        machine = store.machine("hpc")
        assert machine is not None
        assert (machine.trips, machine.bytes_up) == (WORKERS * 200, WORKERS * 2000)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def _let_go(
    processes: "list[subprocess.Popen[str]]",
) -> "list[subprocess.Popen[str]]":
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


@pytest.mark.parametrize("written", [1, 350, 1234, 2777])
def test_a_killed_process_leaves_whole_transactions(tmp_path: Path, written: int) -> None:
    path = tmp_path / "store.sqlite3"
    with Store(path) as store:
        store.put_jobs(job(number) for number in range(100))
        writer = start(WRITE_UNTIL_KILLED, path)
        try:
            eventually(lambda: store.last_event_id() >= written, interval=0.001)
        finally:
            writer.kill()
            writer.communicate()
        store.check()
        events = store.last_event_id()
        assert events % 100 == 0, "a transaction was cut"
        assert len(store.counts()) == 1
        for record in store.select():
            history = store.events(record.signature, "hpc")
            assert len(history) == events // 100
            assert history[-1].new is record.state
            assert history[-1].attempt == record.attempt
        assert store.put_jobs([job(100)]) == [True], "writing goes on"


def test_a_process_killed_while_it_makes_the_store_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    program = """
        import os, signal, sys
        from pathlib import Path
        from sojourn.store import creation
        from sojourn.store.store import Store
        creation.schema.migrate = lambda connection: os.kill(os.getpid(), signal.SIGKILL)
        Store(Path(sys.argv[1]))
    """
    killed = start(program, path)
    killed.communicate()
    assert killed.returncode == -9
    assert not path.exists()
    with Store(path) as store:
        assert store.put_jobs([job(1)]) == [True]


def test_a_locked_store_says_so_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    holder = """
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        sys.stdin.readline()
    """
    with Store(path, timeout=0.2) as store:
        store.put_jobs([job(1)])
        process = start(holder, path)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="locked by another process") as caught:
            store.put_jobs([job(2)])
        assert caught.value.hint
        assert "\n" not in str(caught.value)
        assert store.get(signature(1), "hpc") is not None, "reading goes on"
        process.communicate("end\n")
        assert store.put_jobs([job(2)]) == [True]


def test_waiting_for_a_short_lock_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        done: list[bool] = []
        writer = threading.Thread(target=lambda: done.extend(store.put_jobs([job(1)])))
        writer.start()
        assert not done
        other.execute("COMMIT")
        other.close()
        writer.join()
        assert done == [True]


def test_threads_share_a_store(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite3") as store:
        store.put_jobs(job(number) for number in range(100))
        told: Counter[str] = Counter()
        faults: list[BaseException] = []

        def work() -> None:
            try:
                for record in store.select():
                    event = store.change(
                        record.signature,
                        "hpc",
                        expected=State.NEW,
                        expected_attempt=1,
                        new_state=State.QUEUED,
                    )
                    told[record.signature] += event is not None
            except BaseException as fault:  # noqa: BLE001  told by the test, not by the thread
                faults.append(fault)

        for _ in range(2):  # the second round's threads take the place of those that ended
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert not faults
        assert set(told.values()) == {1}
        assert store.last_event_id() == 100


def test_a_forked_child_gets_connections_of_its_own(tmp_path: Path) -> None:
    printed = run(
        """
        import os, sys
        from pathlib import Path
        from sojourn.store.store import Store
        from tests.core.store.samples import job, signature
        store = Store(Path(sys.argv[1]))
        store.put_jobs([job(1)])
        with store.transaction():
            store.set_setting("from the parent", "yes")
            child = os.fork()
            if child == 0:
                seen = store.get(signature(1), "hpc") is not None
                unseen = store.setting("from the parent") == ""
                store.close()
                os._exit(0 if seen and unseen else 1)
            assert os.waitpid(child, 0)[1] == 0
        assert store.setting("from the parent") == "yes"
        store.check()
        print("fine")
        """,
        tmp_path / "store.sqlite3",
    )
    assert printed == "fine\n"
    assert os.listdir(tmp_path)  # noqa: PTH208


CLOSE_AMID_WRITES = """
import sys, threading
from pathlib import Path
from sojourn.errors import StoreError
from sojourn.store.store import Store

odd = []

def write(store, started):
    try:
        while True:
            store.meter("hpc", trips=1, bytes_up=10)
            store.pauses()
            started.release()
    except StoreError as error:
        if "was closed" not in str(error):
            odd.append(str(error))
    except BaseException as error:
        odd.append(repr(error))

for number in range(60):
    store, started = Store(Path(sys.argv[1])), threading.Semaphore(0)
    threads = [threading.Thread(target=write, args=(store, started)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(number):
        started.acquire()
    store.close()
    for thread in threads:
        thread.join()
sys.exit("\\n".join(odd) or 0)
"""


def test_a_store_may_be_closed_while_other_threads_use_it(tmp_path: Path) -> None:
    """SQLite crashes the process when a connection is closed amid a call."""
    run(CLOSE_AMID_WRITES, tmp_path / "s.db")
