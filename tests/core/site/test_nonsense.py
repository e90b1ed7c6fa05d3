"""Machines that answer nonsense, or without end: an error of the machine, in bounded memory."""

import io
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.errors import BadAnswer, MachineError
from sojourn.site import frames
from sojourn.site.frames import Reader
from sojourn.site.trip import Dialogue
from sojourn.values.messages import FetchAnswer
from tests.support.dialogues import DONE, NONCE, SCENARIOS, Replay, recorded, replay
from tests.support.fuzzing import cases, run

HELLO = recorded("logs").partition(b"@" + NONCE + b" tail")[0]
MARK = b"@" + NONCE + b" "


@pytest.mark.parametrize("part", range(10))
def test_whatever_a_machine_answers_is_an_error_of_the_machine(part: int) -> None:
    """`python -m benchmarks fuzz` does this for nights."""
    run(20261201, 2000, first=part * 2000)


@pytest.mark.parametrize("name", SCENARIOS)
def test_recordings_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    replay(SCENARIOS[name], Replay(recorded(name)), tmp_path)


_ANSWERS = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.builds(
            lambda kind, status, data, more: (
                b"%s%s %s %d\n%s" % (MARK, kind, status, max(0, len(data) + more), data)
            ),
            st.sampled_from([*b"seen files out err done tar log from look odd".split()]),
            st.sampled_from([b"0", b"1", b"-1", b"99999999999"]),
            st.one_of(st.binary(max_size=600), st.from_regex(rb"([0-9a-z/]* )*\n", fullmatch=True)),
            st.sampled_from([0, 0, 0, 0, 1, -1, 1 << 40]),
        ),
    ),
    max_size=8,
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(SCENARIOS)), _ANSWERS)
def test_frames_of_every_kind_in_any_order(name: str, answers: list[bytes]) -> None:
    folder = Path("/nonexistent")  # nothing that can be fetched gets so far
    with suppress(MachineError):
        replay(SCENARIOS[name], Replay(HELLO + b"".join(answers)), folder)


# --- without end ----------------------------------------------------------------------------------


class Endless(Replay):
    """Answers `data`, and then the same piece for ever."""

    def __init__(self, data: bytes, piece: bytes) -> None:
        super().__init__(data)
        self._piece = piece
        self.given = 0

    def receive(self, size: int) -> bytes:
        data = super().receive(size)
        if not data:
            data = self._piece.replace(NONCE, self._nonce)
            self.given += len(data)
            assert self.given < 64 << 20, "it reads on and on"
        return data


def ask(dialogue: Dialogue, *_: object) -> object:
    return dialogue.ask(":")


@pytest.mark.parametrize(
    "piece",
    [
        b"a line of noise\n" * 100,
        b"noise without a newline" * 1000,
        b"\0" * 65536,
        (MARK + b"out 0 5\n12345") * 1000,
        MARK + b"out 0 99999999999999\n",
        MARK + b"out 0 67108865\n",
        MARK + b"out 0 -5\n",
        MARK + b"out -0 5\n",
        MARK + b"out 0\n",
        MARK + b"\n",
        MARK + "out 0 ٣\n".encode(),
        MARK + b"out 0 " + b"9" * 4000 + b"\n",
    ],
    ids=range(12),
)
def test_an_answer_without_bounds_ends(piece: bytes, tmp_path: Path) -> None:
    machine = Endless(HELLO, piece)
    with pytest.raises(BadAnswer, match=r"^here: answered|^here: one answer"):
        replay(ask, machine, tmp_path)


def test_zeros_without_end_behind_an_archive(tmp_path: Path) -> None:
    answers = recorded("fetch")
    before = answers[: answers.index(MARK + b"tarend")]
    with pytest.raises(BadAnswer, match="zeros without end"):
        replay(SCENARIOS["fetch"], Endless(before, bytes(65536)), tmp_path)


def test_a_reply_has_a_largest_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(frames, "_MOST_BYTES", 1000)
    with pytest.raises(BadAnswer, match="more than"):
        replay(ask, Endless(HELLO, MARK + b"out 0 99\n" + bytes(99)), tmp_path)


# --- archives -------------------------------------------------------------------------------------


def archive(*members: tuple[str, int, bytes]) -> bytes:
    """A tar archive of files, each with a name, a size that its header tells, and a content."""
    parts = []
    for name, size, content in members:
        info = tarfile.TarInfo(name)
        info.size = size
        parts.append(info.tobuf(tarfile.GNU_FORMAT))
        parts.append(content + bytes(-len(content) % 512))
    return b"".join(parts)


def fetched(change: Callable[[bytes], bytes], folder: Path) -> list[FetchAnswer]:
    """The recorded fetch with another archive."""
    head, tar, rest = recorded("fetch").partition(MARK + b"tar 0 0\n")
    content, end, rest = rest.partition(MARK + b"tarend")
    answers = replay(SCENARIOS["fetch"], Replay(head + tar + change(content) + end + rest), folder)
    assert isinstance(answers, list)
    return answers


def test_a_member_longer_than_listed_is_its_jobs_trouble(tmp_path: Path) -> None:
    name = f"jobs/00/{DONE.signature}/1/work/b"
    first, second = fetched(lambda _: archive((name, 9000, b"x" * 9000)) + bytes(1024), tmp_path)
    assert "'b' is larger than when the job ended" in first.error
    assert not (tmp_path / "0" / "b").exists()
    assert second.error == ""


def test_a_member_beyond_all_measure_ends_the_trip(tmp_path: Path) -> None:
    name = f"jobs/00/{DONE.signature}/1/work/b"
    with pytest.raises(BadAnswer, match=r"4398046511104 bytes of .*/work/b, and 2 were asked for"):
        fetched(lambda _: archive((name, 1 << 42, b"x")), tmp_path)


def test_members_without_end(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="more members than were asked for"):
        fetched(lambda _: archive(("stranger", 0, b"")) * 100, tmp_path)


def test_an_archive_is_damaged_wherever_it_is_cut() -> None:
    content = recorded("evidence")
    cut = content.rindex(MARK + b"odd")
    for end in range(cut - 20_000, cut, 1717):
        with pytest.raises(MachineError):
            replay(SCENARIOS["evidence"], Replay(content[:end]), Path("/nonexistent"))


def test_a_line_is_no_longer_than_ours() -> None:
    class Channel:
        def __init__(self) -> None:
            self._data = io.BytesIO(b"x" * 100_000)

        def receive(self, size: int) -> bytes:
            return self._data.read(size)

    with pytest.raises(BadAnswer, match="where a frame should begin"):
        Reader(Channel(), "here").line()  # type: ignore[arg-type]


def test_there_are_cases_of_every_kind() -> None:
    assert {case.name.split()[0] for case in cases()} >= {"evidence", "fetch", "Slurm", "Pbs"}
