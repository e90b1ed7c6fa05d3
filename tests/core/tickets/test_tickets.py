"""Tickets: another computer watches, fetches, reads logs and cancels; nothing private travels."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sojourn import Job, Session, State
from sojourn.errors import UsageError
from sojourn.machines.loading import load_machines
from sojourn.suspension import JobHandle
from sojourn.tickets.exporting import make_ticket
from sojourn.tickets.importing import take_in
from sojourn.tickets.ticket import Ticket, read_ticket, ticket_schema


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Session]]:
    """Sessions on several computers: a home each, one machine that all of them reach."""
    opened: list[Session] = []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))

    def start(name: str) -> Session:
        monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / name))
        monkeypatch.delenv("SOJOURN_MACHINES", raising=False)
        if name == "first":
            file = tmp_path / "machines.yaml"
            entry = {"backend": "local", "root": str(tmp_path / "root"), "slots": 2}
            file.write_text(json.dumps({"machines": {"there": entry}}))
            monkeypatch.setenv("SOJOURN_MACHINES", str(file))
        session = Session()
        opened.append(session)
        return session

    yield start
    for session in opened:
        session.close()


def ticket_for(session: Session, handles: list[JobHandle]) -> str:
    records = [session.record(handle.signature) for handle in handles]
    return make_ticket(records, session.machines, session.store).model_dump_json()


def taken_in(session: Session, text: str) -> None:
    take_in(read_ticket(text, "the ticket"), load_machines(session.registry), session.store)


def test_another_computer_follows_and_fetches(computer: Callable[[str], Session]) -> None:
    first = computer("first")
    handles = first.submit(
        [Job(command="echo printed; echo 42 > o", outputs=["o"], name="it")], "there"
    )
    text = ticket_for(first, handles)
    second = computer("second")
    taken_in(second, text)
    second = computer("second")  # the machine was described by the ticket
    (ended,) = second.wait(list(second.store.select()), timeout=60)
    assert (ended.state, ended.name) == (State.COMPLETED, "it")
    fetched = second.fetch_results([ended])[ended.signature]
    assert not isinstance(fetched, Exception)
    assert fetched["o"].read_text() == "42\n"
    assert second.log(ended).data == b"printed\n"


def test_what_went_into_a_job_is_known_there_too(computer: Callable[[str], Session]) -> None:
    first = computer("first")
    parent = Job(command="echo 42 > o", outputs=["o"])
    child = Job(command="cat o > p", inputs={"o": parent.output("o")}, outputs=["p"])
    taken_in(computer("second"), ticket_for(first, first.submit([child], "there")))
    second = computer("second")
    (ended,) = second.wait(list(second.store.select()), timeout=60)
    fetched = second.fetch_results([ended])[ended.signature]
    assert not isinstance(fetched, Exception)
    assert fetched.manifest.consumed == {"o": "attempt 1"}


def test_another_computer_cancels(computer: Callable[[str], Session]) -> None:
    first = computer("first")
    handles = first.submit([Job(command="exec sleep 300")], "there")
    text = ticket_for(first, handles)
    taken_in(computer("second"), text)
    second = computer("second")
    second.cancel(list(second.store.select()))
    (ended,) = second.wait(list(second.store.select()), timeout=60)
    assert ended.state is State.CANCELLED
    (seen,) = first.wait([first.record(handles[0].signature)], timeout=60)
    assert seen.state is State.CANCELLED


def test_nothing_private_travels(computer: Callable[[str], Session], tmp_path: Path) -> None:
    first = computer("first")
    secret = tmp_path / "only-here.txt"
    secret.write_text("content")
    job = Job(command="true", inputs={"in": secret}, secret_env={"TOKEN": "s3cret"})
    text = ticket_for(first, first.submit([job], "there"))
    assert "s3cret" not in text
    assert str(secret) not in text


def test_a_ticket_fits_its_schema(computer: Callable[[str], Session]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    first = computer("first")
    text = ticket_for(first, first.submit([Job(command="true", name="naïve ☃")], "there"))
    jsonschema.validate(json.loads(text), ticket_schema())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no ticket"),
        ("[]", "no ticket"),
        ('{"sojourn_ticket": 99}', "version 99"),
        ('{"sojourn_ticket": 1, "created_at": 1, "machines": {}}', "jobs"),
        (
            Ticket(created_at=1, machines={}, jobs=())
            .model_dump_json()
            .replace('"jobs":[]', '"jobs":[{}]'),
            "signature",
        ),
    ],
)
def test_what_is_no_ticket_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_ticket(text, "file.json")
