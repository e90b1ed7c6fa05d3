"""Tickets: another computer watches, fetches, reads logs and cancels; nothing private travels."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sojourn import Job, Session, State
from sojourn.errors import UsageError
from sojourn.identity.canonical import signature_of
from sojourn.machines.loading import load_machines
from sojourn.session.rebuilding import rebuild
from sojourn.session.trust import ROOT
from sojourn.suspension import JobHandle, JobSuspended
from sojourn.tickets.exporting import make_ticket
from sojourn.tickets.importing import match, take_in
from sojourn.tickets.ticket import Ticket, read_ticket, ticket_schema


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Session]]:
    """Sessions on several computers: a home each, one machine that all of them reach."""
    opened: list[Session] = []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))

    def start(name: str) -> Session:
        monkeypatch.setenv("SOJOURN_HOME", str(tmp_path / name))
        file = tmp_path / "machines.yaml"
        entries = {
            machine: {"backend": "local", "root": str(tmp_path / root), "slots": 2}
            for machine, root in (("there", "root"), ("other", "other"))
        }
        file.write_text(json.dumps({"machines": entries}))
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


def taken_in(session: Session, text: str, *, trust: bool = False) -> None:
    ticket = read_ticket(text, "the ticket")
    matched = match(ticket, load_machines(session.registry), session.store)
    take_in(ticket, matched, session.store, trust=trust)


def test_another_computer_follows_and_fetches(computer: Callable[[str], Session]) -> None:
    first = computer("first")
    handles = first.submit(
        [Job(command="echo printed; echo 42 > o", outputs=["o"], name="it")], "there"
    )
    text = ticket_for(first, handles)
    second = computer("second")
    taken_in(second, text)
    (ended,) = second.poll_until_final(list(second.store.select()), timeout=60)
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
    (ended,) = second.poll_until_final(list(second.store.select()), timeout=60)
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
    (ended,) = second.poll_until_final(list(second.store.select()), timeout=60)
    assert ended.state is State.CANCELLED
    (seen,) = first.poll_until_final([first.record(handles[0].signature)], timeout=60)
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


def _forged(text: str, **changes: object) -> str:
    ticket = json.loads(text)
    for job in ticket["jobs"]:
        job.update(changes)
    return json.dumps(ticket)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"submitted_at": float("inf")}, "submitted_at"),
        ({"started_at": 1e300}, "started_at"),
        ({"finished_at": -1}, "finished_at"),
        ({"resources": {"walltime": "banana"}}, "resources"),
        ({"exit_code": 10**24}, "exit_code"),
        ({"attempt": 10**24}, "attempt"),
        ({"scheduler_id": "1;touch /tmp/P"}, "scheduler_id"),
        ({"scheduler_id": "-x"}, "scheduler_id"),
        ({"scheduler_id": "1\x1b[2J"}, "scheduler_id"),
        ({"token": "../../x"}, "token"),
        ({"signature": "a" * 64}, "is not what it says"),
        ({"components": {"command": "forged"}}, "is not what it says"),
        ({"machine": "another"}, "what machine"),
    ],
)
def test_nonsense_in_a_ticket_is_refused_and_named(
    computer: Callable[[str], Session], changes: dict[str, object], said: str
) -> None:
    first = computer("first")
    text = ticket_for(first, first.submit([Job(command="true")], "there"))
    with pytest.raises(UsageError, match=said):
        read_ticket(_forged(text, **changes), "the ticket")


FORGED = Job(command="echo right > o", outputs=["o"])


def _forgery(computer: Callable[[str], Session]) -> tuple[str, Session]:
    """A ticket in which `there` says of a job that it has made something else."""
    first = computer("first")
    (handle,) = first.submit([FORGED], "there")
    (record,) = first.poll_until_final([first.record(handle.signature)], timeout=60)
    text = ticket_for(first, [handle])
    (made,) = (Path(record.job_dir) / "work").glob("o")
    made.chmod(0o600)
    made.write_text("FORGED")  # as long as what it made
    return text, computer("second")


def _outcome(session: Session, on: str, job: Job = FORGED, name: str = "o") -> str:
    """The result of a job, waited for."""
    for _ in range(3):
        try:
            return session.run(job, on=on)[name].read_text()
        except JobSuspended as suspended:
            session.poll_until_final(
                [session.record(h.signature, on) for h in suspended.handles], timeout=60
            )
    raise AssertionError("it does not end")


def test_a_ticket_satisfies_a_signature_on_its_machine_only(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    taken_in(second, text)
    assert _outcome(second, "there") == "FORGED"  # it is what is asked for by name
    assert _outcome(second, "other") == "right\n"
    assert _outcome(second, "other") == "right\n"
    assert second.cached(_signature(second), machine="other") is not None


def _signature(session: Session) -> str:
    return session.sign([FORGED], "other")[0].signature


def test_a_forged_result_in_the_cache_counts_nowhere_else(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    taken_in(second, text)
    second.fetch_results(list(second.store.select()))
    assert _outcome(computer("second"), "other") == "right\n"


def test_a_forged_running_job_keeps_nothing_from_running(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    taken_in(second, _forged(text, state="RUNNING", exit_code=None, finished_at=None))
    assert _outcome(second, "other") == "right\n"


def test_a_child_elsewhere_does_not_take_a_forged_parent(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    taken_in(second, text)
    second.fetch_results(list(second.store.select()))
    child = Job(command="cat o > p", inputs={"o": FORGED.output("o")}, outputs=["p"])
    assert _outcome(computer("second"), "other", child, "p") == "right\n"


def test_a_parent_that_was_asked_for_by_name_is_taken_elsewhere(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    taken_in(second, text)
    assert _outcome(second, "there") == "FORGED"
    child = Job(command="cat o > p", inputs={"o": FORGED.output("o")}, outputs=["p"])
    assert _outcome(second, "other", child, "p") == "FORGED"
    assert [r.machine for r in second.store.by_signature(_signature(second))] == ["there"]


@pytest.mark.parametrize("how", ["at once", "later", "machines.yaml"])
def test_a_ticket_that_is_trusted_counts_everywhere(
    computer: Callable[[str], Session], how: str, tmp_path: Path
) -> None:
    text, second = _forgery(computer)
    taken_in(second, text, trust=how == "at once")
    second.fetch_results(list(second.store.select()))
    if how == "later":
        taken_in(second, text, trust=True)
    second = computer("second")
    if how == "machines.yaml":
        file = tmp_path / "machines.yaml"
        configured = json.loads(file.read_text())
        configured["machines"]["there"]["trust"] = True
        file.write_text(json.dumps(configured))
        second.use_machines(load_machines(second.registry))
    assert _outcome(second, "other") == "FORGED"


def test_what_rebuild_finds_counts_on_its_machine_only(
    computer: Callable[[str], Session],
) -> None:
    _, second = _forgery(computer)
    rebuild(second, "there")
    assert second.record(_signature(second)).imported == ROOT
    assert _outcome(second, "other") == "right\n"


def test_what_was_adopted_counts_on_its_machine_only(
    computer: Callable[[str], Session],
) -> None:
    _, second = _forgery(computer)
    assert _outcome(second, "there") == "FORGED"
    assert second.record(_signature(second), "there").imported == ROOT
    assert _outcome(second, "other") == "right\n"
    assert second.record(_signature(second), "other").imported == ""


def test_ones_own_result_is_not_replaced_by_an_imported_one(
    computer: Callable[[str], Session],
) -> None:
    text, second = _forgery(computer)
    assert _outcome(second, "other") == "right\n"
    taken_in(second, text)
    second.fetch_results([second.record(_signature(second), "there")])
    assert _outcome(second, "other") == "right\n"


def _described(**keys: object) -> str:
    """A ticket with one job on a machine with these keys."""
    components = {"command": "true"}
    job = {
        "signature": signature_of(components), "machine": "evil", "backend": "slurm",
        "state": "COMPLETED", "components": components,
    }  # fmt: skip
    machines = {"evil": {"keys": {"backend": "slurm", **keys}}}
    return json.dumps({"sojourn_ticket": 1, "created_at": 1, "machines": machines, "jobs": [job]})


@pytest.mark.parametrize(
    "keys",
    [
        {"backend": "local", "path": ["/tmp/evil"]},
        {"path": ["/tmp/evil"]},
        {"transport": "local"},
        {"transport": "local", "host": "login.example"},
        {"transport": "other", "host": "login.example"},
        {"backend": "local", "transport": "ssh", "host": "login.example"},
        {"host": "localhost"},
        {"host": "127.0.0.1"},
        {"host": "::1"},
        {"host": "${TOKEN}.evil.example"},
        {"host": "-oProxyCommand=touch /tmp/P"},
        {"host": "a b"},
        {"host": "a\nb"},
        {"host": "login.example", "user": "${TOKEN}"},
        {"host": "login.example", "user": "-x"},
        {"host": "login.example", "root": "/x/${TOKEN}"},
        {"host": "login.example", "root": "relative"},
        {"host": "login.example", "root": "/a\nb"},
        {"host": "login.example", "port": 0},
        {"host": "login.example", "port": "22"},
        {"host": "login.example", "backend": "${TOKEN}"},
    ],
)
def test_a_machine_that_a_ticket_may_not_describe_is_refused(
    computer: Callable[[str], Session], keys: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        taken_in(computer("second"), _described(**keys))
    assert "evil" not in load_machines().names()


def test_of_a_machine_only_how_it_is_reached_is_taken(computer: Callable[[str], Session]) -> None:
    more = {
        "path": ["/tmp/evil"], "shell": "/tmp/evil", "ssh_config": "/tmp/evil", "group": "evil",
        "setup": "touch /tmp/P", "known_hosts_file": "/tmp/evil", "identity_file": "/tmp/evil",
        "trust": True,
    }  # fmt: skip
    keys = {"host": "login.example", "user": "me", "port": 2222, "root": "/scratch/me"}
    taken_in(computer("second"), _described(**keys, **more))
    entry = load_machines().entry("evil").keys
    assert dict(entry) == {"backend": "slurm", **keys}


def test_an_imported_entry_that_says_more_is_no_machine(
    computer: Callable[[str], Session], tmp_path: Path
) -> None:
    computer("second")
    file = tmp_path / "second" / "imported-machines.yaml"
    entries = {
        "good": {"backend": "slurm", "host": "login.example"},
        "evil": {"backend": "slurm", "host": "login.example", "ssh_config": "/tmp/evil"},
        "spy": {"backend": "slurm", "host": "${HOME}.example"},
    }
    file.write_text(json.dumps({"machines": entries}))
    names = load_machines().names()
    assert "good" in names
    assert not {"evil", "spy"} & set(names)


def test_the_same_machine_under_another_name_is_used(
    computer: Callable[[str], Session], tmp_path: Path
) -> None:
    second = computer("second")
    file = tmp_path / "machines.yaml"
    reached = {"host": "login.example", "user": "me", "root": "/scratch/me/"}
    entry = {"backend": "slurm", **reached, "shell": "bash -l"}
    file.write_text(json.dumps({"machines": {"cluster": entry}}))
    taken_in(second, _described(host="login.example", user="me", root="/scratch/me"))
    assert load_machines().names() == ["cluster"]
    assert [record.machine for record in second.store.select()] == ["cluster"]
