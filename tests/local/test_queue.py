"""The queue's files: order, atomic calls, and what a crash may leave behind."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.values.messages import Phase
from sojourn_local.handing import queue_command
from sojourn_local.layout import Layout, folder_name, is_id, job_id, split_id
from sojourn_local.locks import own, try_lock
from sojourn_local.looking import look, search
from sojourn_local.pruning import KEEP, prune
from sojourn_local.queue import Queue, put_back, waiting
from sojourn_local.records import End, Entry, Parent, Start, read_job

SIGNATURE = "ab" * 32


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A root with nothing in it."""
    return Layout(tmp_path / "root of ours")


def hand_in(layout: Layout, count: int, time_ns: int = 1, parents: tuple[Parent, ...] = ()) -> str:
    """Put jobs into the queue as the trip's shell does; returns the call's id."""
    token = secrets.token_hex(16)
    folder = layout.submission(token)
    folder.mkdir(parents=True)
    place = folder_name(time_ns, token)
    entries = [Entry(token, n, SIGNATURE, 1, place, parents=parents) for n in range(count)]
    told = subprocess.run(
        ["sh"], input=queue_command(entries), cwd=folder, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


def test_jobs_wait_in_the_order_of_calls_and_tasks(layout: Layout) -> None:
    later = hand_in(layout, 12, time_ns=10**19 + 1)
    sooner = hand_in(layout, 2, time_ns=999)
    expected = [job_id(sooner, n) for n in range(2)] + [job_id(later, n) for n in range(12)]
    assert [job for job, _ in waiting(layout)] == expected
    queue = Queue(layout)
    taken = []
    while (job := queue.take()) is not None:
        taken.append(job.entry.id)
        job.close()
    assert taken == expected
    assert list(layout.queue.iterdir()) == [], "empty directories are removed"


def test_a_call_that_is_cut_puts_in_nothing(layout: Layout) -> None:
    """However many lines of the command are carried out, all jobs are there or none."""
    token = "c" * 32
    folder = layout.submission(token)
    folder.mkdir(parents=True)
    entries = [Entry(token, n, SIGNATURE, 1, folder_name(5, token)) for n in range(4)]
    lines = queue_command(entries).splitlines()
    for end in range(len(lines) - 1):
        subprocess.run(["sh"], input="\n".join([*lines[:end], ":"]), cwd=folder, text=True)
        there = len(list(waiting(layout)))
        assert there == (4 if lines[end - 1 : end] and lines[end - 1].startswith("mv") else 0)


@pytest.mark.root
def test_a_full_disk_refuses_the_call_and_puts_in_nothing(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount], check=True)
    try:
        layout = Layout(mount)
        token = "d" * 32
        folder = layout.submission(token)
        folder.mkdir(parents=True)
        place = folder_name(5, token)
        entries = [Entry(token, n, SIGNATURE, 1, place) for n in range(100)]
        told = subprocess.run(
            ["sh"], input=queue_command(entries), cwd=folder, capture_output=True, text=True
        )
        assert told.returncode != 0
        assert told.stdout == ""
        assert list(waiting(layout)) == []
    finally:
        subprocess.run(["umount", mount], check=True)


def test_what_somebody_else_holds_is_passed_over(layout: Layout) -> None:
    call = hand_in(layout, 3)
    first = next(file for _, file in waiting(layout))
    mine = own(first)
    assert mine is not None
    assert own(first) is None
    taken = Queue(layout).take()
    assert taken is not None
    assert taken.entry.id == job_id(call, 1)
    mine.close()
    again = Queue(layout).take()
    assert again is not None
    assert again.entry.id == job_id(call, 0)
    put_back(layout, again)
    assert next(iter(waiting(layout)))[0] == job_id(call, 0)
    taken.close()


def test_a_file_that_was_moved_before_it_was_locked_is_not_owned(layout: Layout) -> None:
    hand_in(layout, 1)
    file = next(file for _, file in waiting(layout))
    handle = try_lock(file)
    assert handle is not None
    moved = file.rename(layout.held / "x.0")
    assert own(file) is None
    assert own(moved) is None, "its lock went with it"


def test_a_job_put_back_finds_its_directory_gone(layout: Layout) -> None:
    call = hand_in(layout, 1)
    job = Queue(layout).take()
    assert job is not None
    assert not (layout.queue / job.entry.folder).exists()
    put_back(layout, job)
    assert [name for name, _ in waiting(layout)] == [job_id(call, 0)]


def test_a_damaged_entry_fails_and_blocks_nobody(layout: Layout) -> None:
    call = hand_in(layout, 2)
    first = next(file for _, file in waiting(layout))
    first.write_text('{"token": "x"')
    taken = Queue(layout).take()
    assert taken is not None
    assert taken.entry.id == job_id(call, 1)
    taken.close()
    word = look(layout, [job_id(call, 0)])[job_id(call, 0)]
    assert word.phase is Phase.ENDED
    assert "damaged" in word.reason


def test_an_entry_that_has_ended_already_is_not_taken(layout: Layout) -> None:
    """Whoever cancelled it died between writing the end and removing the entry."""
    call = hand_in(layout, 1)
    End("CANCELLED").write(layout, job_id(call, 0))
    assert Queue(layout).take() is None
    assert list(waiting(layout)) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outcome": "COMPLETED"', "\0\0\0"])
def test_an_end_that_was_cut_off_is_an_end(layout: Layout, text: str) -> None:
    call = hand_in(layout, 1)
    taken = Queue(layout).take()
    assert taken is not None
    taken.remove()
    (layout.ended / job_id(call, 0)).write_text(text)
    word = look(layout, [job_id(call, 0)])[job_id(call, 0)]
    assert (word.phase, word.outcome) == (Phase.ENDED, None)


def test_parents_hold_their_children_back(layout: Layout) -> None:
    parent = Parent("cd" * 32, 2)
    attempt = layout.attempt(*parent)
    attempt.mkdir(parents=True)
    (attempt / "claim").write_text(f"{'e' * 32} 4 1700000000 a\n")
    call = hand_in(layout, 1, parents=(parent,))
    assert Queue(layout).take() is None
    assert Queue(layout).ready(5) == 0
    ways: dict[str, Callable[[], object]] = {
        "exit": lambda: (attempt / "exit").write_text("x"),
        "closed": lambda: (attempt / "started").write_text("closed abc\n"),
        "ended": lambda: End("FAILED").write(layout, f"{'e' * 12}.4"),
        "no claim": lambda: (attempt / "claim").unlink(),
    }
    undo: dict[str, Callable[[], object]] = {
        "exit": lambda: (attempt / "exit").unlink(),
        "closed": lambda: (attempt / "started").unlink(),
        "ended": lambda: (layout.ended / f"{'e' * 12}.4").unlink(),
        "no claim": lambda: None,
    }
    for name, way in ways.items():
        way()
        assert Queue(layout).ready(5) == 1, name
        undo[name]()
    taken = Queue(layout).take()
    assert taken is not None
    assert taken.entry.id == job_id(call, 0)
    taken.close()


def test_search_finds_jobs_wherever_they_are(layout: Layout) -> None:
    call = hand_in(layout, 4)
    other = hand_in(layout, 1)
    queue = Queue(layout)
    running, ended = queue.take(), queue.take()
    assert running is not None
    assert ended is not None
    End("COMPLETED").write(layout, ended.entry.id)
    ended.remove()
    held = own(next(file for _, file in waiting(layout)))
    assert held is not None
    held.move(layout.held / held.entry.id).close()
    found = search(layout, [f"sj{call}", "sj000000000000"])
    assert sorted((entry.id, entry.index) for entry in found) == [(call, n) for n in range(4)]
    assert {entry.name for entry in found} == {f"sj{call}"}
    assert search(layout, [f"sj{other}"])[0].id == other
    running.close()


def test_nothing_is_there_before_the_first_call(layout: Layout) -> None:
    assert list(waiting(layout)) == []
    assert search(layout, ["sj000000000000"]) == []
    assert look(layout, ["000000000000.0", "../../etc/passwd", ""]) == dict.fromkeys(
        ("000000000000.0", "../../etc/passwd", ""), look(layout, ["x"])["x"]
    )


def test_old_ends_are_forgotten_where_the_exit_file_tells(layout: Layout) -> None:
    call = hand_in(layout, 3)
    queue = Queue(layout)
    jobs = [job for job in (queue.take() for _ in range(3)) if job is not None]
    attempt = layout.attempt(SIGNATURE, 1)
    attempt.mkdir(parents=True)
    for job in jobs:
        End.of(job.entry, "FAILED", "").write(layout, job.entry.id)
        job.remove()
    End("FAILED", "damaged").write(layout, "e" * 12 + ".0")
    later = time.time() + KEEP + 60
    assert prune(layout, now=later) == 0, "nothing else tells of them"
    (attempt / "exit").touch()
    assert prune(layout, now=later + 60) == 0, "once a day is enough"
    (layout.root / "ended.pruned").unlink()
    assert prune(layout, now=time.time()) == 0, "they are young"
    (layout.root / "ended.pruned").unlink()
    assert prune(layout, now=later) == 3
    assert {file.name for file in layout.ended.iterdir()} == {"e" * 12 + ".0"}
    assert search(layout, [f"sj{call}"]) == []


texts = st.text(max_size=10)


@given(st.builds(Entry, token=texts, task=st.integers(0, 10**6), signature=texts,
                 attempt=st.integers(1, 99), folder=texts,
                 walltime=st.none() | st.integers(1, 10**7), memory=st.none() | st.integers(1),
                 cpus=st.none() | st.integers(1, 999), threads=st.none() | st.integers(1, 999),
                 parents=st.lists(st.builds(Parent, texts, st.integers(1, 9)), max_size=3).map(tuple)),
       texts)  # fmt: skip
def test_entries_and_starts_survive_being_written_down(entry: Entry, text: str) -> None:
    start = Start(text, 5, text, 6, text, 0, 1.5)
    torn = '{"world": "x", "pid": 1'
    for tail, expected in (
        ("", None),
        (f"\n{torn}", None),
        (f"\n{start.encode()}\n{torn}", start),
        (f"\n{torn}\n{start._replace(pid=7).encode()}", start._replace(pid=7)),
    ):
        assert read_job(entry.encode() + tail) == (entry, expected)


@given(st.text(max_size=30))
def test_what_is_no_id_never_names_a_file(text: str) -> None:
    if is_id(text):
        call, index = split_id(text)
        assert "/" not in text
        assert job_id(call, index).endswith(str(index))


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(), max_size=5))
def test_strange_records_are_refused_not_believed(words: dict[str, object]) -> None:
    text = json.dumps(words)
    for kind in (Start, End):
        try:
            kind.decode(text)
        except ValueError:
            continue
