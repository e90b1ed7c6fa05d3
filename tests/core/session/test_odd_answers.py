"""What a session makes of a scheduler that answers oddly: the toy, with wrappers in front of it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sojourn.errors import SubmitRefused
from sojourn.machines.loading import load_machines
from sojourn.plugins.registry import Registry
from sojourn.scaffold.templates.batch.package import backend as batch
from sojourn.session.session import Session
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.testing.toy import Toy
from sojourn.values.job import Job
from sojourn.values.messages import Changed
from tests.support.machines import write_machines
from tests.support.waiting import eventually

WORDS = "Your connection to project 17 has timed out: authentication of hours expired"
"""A site's own words, in which those of outages and refusals occur."""


class Place:
    """A toy scheduler whose commands may have wrappers in front of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.toy = Toy.make(folder / "toy")
        self.wrappers = folder / "wrappers"
        self.wrappers.mkdir()
        self.said: list[str] = []
        self.registry = Registry(discover=False)
        self.registry.register(batch.plugin, name="newplugin")
        path = [str(self.wrappers), str(self.toy.bin)]
        entry = {"backend": "newplugin", "path": path, "root": str(folder / "root")}
        self.file = write_machines(
            folder / "machines.yaml", {"toy": {**entry, "poll": {"interval": "0.05s"}}}
        )

    def wrap(self, command: str, body: str) -> None:
        """Put a wrapper in front of a command; `real` in it is the command itself."""
        file = self.wrappers / command
        file.write_text(f'#!/bin/sh\nreal() {{ {self.toy.bin / command} "$@"; }}\n{body}\n')
        file.chmod(0o755)

    def unwrap(self, command: str) -> None:
        """Let the command be itself again."""
        (self.wrappers / command).unlink()

    @contextmanager
    def session(self) -> Iterator[Session]:
        machines = load_machines(self.registry, {"SOJOURN_MACHINES": str(self.file)})
        with Session(
            machines=machines,
            home=self.folder / "home",
            registry=self.registry,
            interactive=False,
            report=self.said.append,
        ) as session:
            yield session

    def shown(self) -> dict[str, str]:
        """The ids in the queue and their states."""
        done = subprocess.run(
            [self.toy.bin / "toystat"], capture_output=True, text=True, check=True
        )
        lines = (line.split("\t") for line in done.stdout.splitlines())
        return {line[0]: line[1] for line in lines}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def submit(session: Session, command: str = "true") -> JobRecord:
    (handle,) = session.submit([Job(command=command)], on="toy")
    return session.record(handle.signature, "toy")


def ended(session: Session, record: JobRecord) -> JobRecord:
    def over() -> JobRecord | None:
        session.refresh()
        present = session.record(record.signature, "toy")
        return present if present.state in FINAL else None

    return eventually(over, 30)  # type: ignore[return-value]


def again(session: Session, record: JobRecord) -> JobRecord:
    """Another contact, after the time to wait has passed."""
    session.store.update_fields(record.signature, "toy", not_before=time.time() - 1)
    session.submit_waiting("toy")
    return session.record(record.signature, "toy")


def test_words_that_nobody_knows_are_shown_tried_again_and_then_left_to_a_person(
    place: Place,
) -> None:
    place.wrap("toysub", f"echo tried >>{place.folder}/tries; echo '{WORDS}' >&2; exit 1")
    tries = place.folder / "tries"
    with place.session() as session:
        record = submit(session)
        assert (record.state, record.unclear, record.refused) == (State.NEW, 1, False)
        assert WORDS in record.reason
        assert any(WORDS in line for line in place.said)
        assert record.not_before is not None
        assert record.not_before > time.time() + 30
        session.submit_waiting("toy")  # its time has not come
        session.refresh()
        assert tries.read_text().count("tried") == 1
        delays = []
        for _ in range(3):
            record = again(session, record)
            assert record.not_before is not None
            delays.append(round((record.not_before - time.time()) / 60))
        assert delays == [2, 4, 8]
        record = again(session, record)
        assert (record.state, record.refused) == (State.NEW, True)
        assert "held after 5 submissions" in record.reason
        assert WORDS in record.reason
        session.submit_waiting("toy")
        assert tries.read_text().count("tried") == 5
        events = session.store.events(record.signature, "toy")
        assert sum(WORDS in event.evidence for event in events) == 5
        assert session.poll_until_final([record], timeout=5)[0].refused
        place.unwrap("toysub")
        session.retry([record])
        assert ended(session, record).state is State.COMPLETED


def test_the_last_try_is_an_error_for_whoever_submits(place: Place) -> None:
    place.wrap("toysub", f"echo '{WORDS}' >&2; exit 1")
    with place.session() as session:
        record = submit(session)
        session.store.update_fields(record.signature, "toy", unclear=4)
        with pytest.raises(SubmitRefused, match="17 has timed out"):
            submit(session)


@pytest.mark.parametrize(
    "wrapper",
    [
        'real "$@"; echo "100 SUs remaining"',
        'echo "17 messages"; real "$@"; echo',
        'real "$@"; echo 100',  # two ids: which of them, only the queue can tell
        'real "$@" >&2; echo Submitted',
        'real "$@"; exit 1',
        f"real \"$@\" >/dev/null; echo '{WORDS}' >&2; exit 1",
    ],
)
def test_the_id_is_the_one_in_the_queue(place: Place, wrapper: str) -> None:
    place.wrap("toysub", wrapper)
    with place.session() as session:
        record = submit(session, "sleep 60")
        assert list(place.shown()) == [record.scheduler_id]
        assert record.state is State.QUEUED
        (change,) = session.cancel([record])
        assert change.outcome in (Changed.DONE, Changed.NEVER_RUNS)
        ended(session, record)
        assert set(place.shown().values()) <= {"C", "D"}


def test_an_outage_keeps_its_words(place: Place) -> None:
    for command in ("toysub", "toystat"):
        place.wrap(command, "echo 'database is locked' >&2; exit 1")
    with place.session() as session:
        record = submit(session)
        assert (record.state, record.reason) == (State.SUBMITTING, "database is locked")
        place.unwrap("toystat")
        session.refresh()
        assert session.record(record.signature, "toy").reason == "database is locked"


def stranger(place: Place, session: Session) -> str:
    """The id of a job of the same user that waits, which Sojourn has nothing to do with."""
    script = place.folder / "mine.sh"
    script.write_text("#!/bin/sh\nsleep 60\n")
    words = [str(place.toy.bin / "toysub"), "-N", "mine", str(script)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("where", ["store", "id", "started"])
@pytest.mark.parametrize("what", ["cancel", "hold", "release"])
def test_a_job_that_is_not_ours_is_left_alone(place: Place, where: str, what: str) -> None:
    with place.session() as session:
        record = submit(session, "sleep 60")
        other = stranger(place, session)
        folder = Path(record.job_dir)
        eventually(lambda: (folder / "started").exists())
        eventually(lambda: place.shown()[other] == "R")
        if where == "store":
            session.store.update_fields(record.signature, "toy", scheduler_id=other)
            (folder / "started").unlink()
        elif where == "started":
            token, _, *rest = (folder / "started").read_text().split()
            (folder / "started").unlink()
            (folder / "started").write_text(" ".join([token, other, *rest]) + "\n")
        (folder / "id").write_text(f"{other} -\n")
        record = session.record(record.signature, "toy")
        (change,) = getattr(session, what)([record])
        assert place.shown()[other] == "R"
        if what == "cancel":  # it was found by its name
            assert change.outcome in (Changed.DONE, Changed.NEVER_RUNS)
            own = next(one for one in place.shown() if one != other)
            eventually(lambda: place.shown()[own] in "CD", saying=lambda: str(change))
        assert place.shown()[other] == "R"
        session.refresh([record])
        assert session.record(record.signature, "toy").scheduler_id != other or where == "store"


@pytest.mark.parametrize("hostile", ["1;touch P", "$(touch P)", "`touch P`", "-a 1", "1\ntouch P"])
@pytest.mark.parametrize("where", ["store", "id", "started"])
def test_what_is_no_id_is_never_part_of_a_command(place: Place, where: str, hostile: str) -> None:
    with place.session() as session:
        record = submit(session, "sleep 60")
        folder = Path(record.job_dir)
        eventually(lambda: (folder / "started").exists())
        if where == "store":
            session.store.update_fields(record.signature, "toy", scheduler_id=hostile)
        else:
            text = (folder / where).read_text().split()
            at = 0 if where == "id" else 1
            text[at] = hostile.replace(" ", "${IFS}")
            (folder / where).unlink()
            (folder / where).write_text(" ".join(text) + "\n")
        record = session.record(record.signature, "toy")
        session.refresh([record])
        session.hold([record])
        assert session.record(record.signature, "toy").state not in FINAL
        session.cancel([record])
        eventually(lambda: set(place.shown().values()) <= {"C", "D"})
        assert not list(place.folder.rglob("P"))
        assert not Path("P").exists()


def test_a_cancel_that_has_changed_nothing_leaves_the_job_what_it_is(place: Place) -> None:
    """A scheduler that answers with nothing at all seems to know no job."""
    go = place.folder / "go"
    with place.session() as session:
        record = submit(session, f"until [ -e {go} ]; do sleep 0.1; done")

        def started() -> bool:
            session.refresh()
            return session.record(record.signature, "toy").state is State.RUNNING

        eventually(started, 30)
        for command in ("toystat", "toydel"):
            place.wrap(command, "exit 0")
        (change,) = session.cancel([session.record(record.signature, "toy")])
        for _ in range(3):
            session.refresh()
        present = session.record(record.signature, "toy")
        for command in ("toystat", "toydel"):
            place.unwrap(command)
        go.touch()
        assert change.outcome is Changed.ABSENT
        assert present.state not in FINAL
        assert ended(session, record).state is State.COMPLETED
