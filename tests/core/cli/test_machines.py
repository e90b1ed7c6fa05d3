"""`machines list|show|check|schema|init` and `plugins list`."""

import json
import socket
import threading
from pathlib import Path

import pytest

from sojourn.machines.schema import machines_schema
from sojourn.plugins.registry import Registry
from sojourn.store.store import Store
from tests.core.cli.desk import Desk
from tests.core.cli.samples import NOW, record


def test_list_shows_the_file_as_it_stands(desk: Desk) -> None:
    desk.running("--", "sleep 60")
    (one,) = desk("machines", "list", "--json").json
    assert (one["name"], one["backend"], one["transport"]) == ("here", "local", "local")
    assert one["state"] == "ok"
    assert one["active_jobs"] == 1
    assert "here" in desk("machines", "list").out


def test_list_shows_what_does_not_load_too(empty_desk: Desk) -> None:
    empty_desk.machines.write_text("machines:\n  odd: {backend: nosuch, host: x}\n")
    (one,) = empty_desk("machines", "list", "--json", status=2).json
    assert (one["backend"], one["transport"], one["host"]) == ("nosuch", "ssh", "x")


def test_list_tells_of_jobs_on_a_machine_that_is_gone(empty_desk: Desk) -> None:
    from sojourn.states import State

    empty_desk.put(record("left", State.RUNNING, machine="renamed"))
    assert "1 active jobs are on renamed" in empty_desk("machines", "list").err


def test_show_prints_configuration_and_costs(desk: Desk) -> None:
    desk.finished("--", "true")
    done = desk("machines", "show", "here")
    for word in ("backend", "slots", "poll", "trips", "scheduler calls", "connections", "sent"):
        assert f"\n{word}" in f"\n{done.out}", word
    (one,) = desk("machines", "show", "here", "--json").json
    assert one["cost"]["trips"] > 0
    assert one["cost"]["bytes_up"] > 0
    assert one["configuration"]["options"]["slots"] == 4
    assert one["jobs"] == {"COMPLETED": 1}


def test_show_of_an_unknown_machine_names_the_nearest(empty_desk: Desk) -> None:
    assert "did you mean 'here'" in empty_desk("machines", "show", "heer", status=2).err


def test_schema_is_the_schema(empty_desk: Desk) -> None:
    assert json.loads(empty_desk("machines", "schema").out) == machines_schema(Registry())


def test_init_writes_a_file_once(empty_desk: Desk) -> None:
    empty_desk.machines.unlink()
    done = empty_desk("machines", "init")
    assert done.out.strip() == str(empty_desk.machines)
    assert [one["name"] for one in empty_desk("machines", "list", "--json").json] == ["local"]
    empty_desk.machines.write_text("machines: {mine: {backend: local}}\n")
    assert "is there already" in empty_desk("machines", "init", status=2).err
    assert "mine" in empty_desk.machines.read_text()


def test_list_names_mistakes_in_entries(empty_desk: Desk) -> None:
    empty_desk.machines.write_text(
        "machines:\n  good: {backend: local}\n  bad: {backend: local, slotz: 3}\n"
        "  worse: {backend: slrum, host: x}\n"
    )
    done = empty_desk("machines", "list", "--json", status=2)
    assert [bool(one["mistake"]) for one in done.json] == [False, True, True]
    assert "slotz" in done.err
    assert "slots" in done.err
    assert "slrum" in done.err


def test_check_tries_everything_and_leaves_nothing(desk: Desk) -> None:
    done = desk("machines", "check", "here")
    lines = done.out.splitlines()
    assert all(line.startswith(("ok ", "note ", "   ")) for line in lines), done.out
    for what in (
        "configuration",
        "root",
        "room",
        "tools",
        "digests",
        "clock",
        "round trip",
        "a tiny job",
    ):
        assert any(line[6:].startswith(what) for line in lines), what
    assert "everything that was tried works" in done.err
    assert desk("list", "--json").json == []
    root = desk.folder.parent / "root"
    assert not list(root.glob("jobs/??/*"))
    assert not list(root.glob("submissions/*"))
    assert not list((desk.home / "results").glob("??/*"))


def test_check_as_json_without_the_job(desk: Desk) -> None:
    found = desk("machines", "check", "here", "--no-job", "--json").json
    assert all(one["ok"] is not False for one in found)
    assert "a tiny job" not in [one["what"] for one in found]


def test_a_setup_that_fails_is_found_by_the_tiny_job(desk: Desk) -> None:
    machines = json.loads(desk.machines.read_text())
    machines["machines"]["here"]["setup"] = "no-such-module-command load gcc"
    desk.machines.write_text(json.dumps(machines))
    done = desk("machines", "check", "here", status=1)
    line = next(line for line in done.out.splitlines() if "a tiny job" in line)
    assert line.startswith("FAIL")
    assert "setup failed" in line
    assert desk("list", "--json").json == []


def test_a_busy_machine_is_no_failure(desk: Desk) -> None:
    for n in range(4):
        desk.running("--parameter", f"n={n}", "--", "sleep 60")
    done = desk("machines", "check", "here", "--timeout", "0.5s")
    line = next(line for line in done.out.splitlines() if "a tiny job" in line)
    assert line.startswith("note")
    assert "still QUEUED" in line
    assert len(desk("list", "--json").json) == 4


def test_a_root_that_cannot_be_made_is_said(desk: Desk) -> None:
    (desk.folder.parent / "root").write_text("in the way")
    done = desk("machines", "check", "here", status=1)
    assert "FAIL  root" in done.out
    assert "a tiny job" not in done.out


def _ssh(desk: Desk, **keys: object) -> None:
    entry = {"backend": "slurm", "ssh_config": "/dev/null", **keys}
    desk.machines.write_text(json.dumps({"machines": {"far": entry}}))


def test_a_name_that_does_not_resolve(empty_desk: Desk) -> None:
    _ssh(empty_desk, host="nosuch.invalid")
    done = empty_desk("machines", "check", "far", status=1)
    assert "FAIL  name resolution     nosuch.invalid" in done.out
    assert "connection" not in done.out


def test_a_port_where_nobody_listens(empty_desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    _ssh(empty_desk, host="127.0.0.1", port=port)
    done = empty_desk("machines", "check", "far", status=1)
    assert "ok    name resolution" in done.out
    assert "FAIL  connection" in done.out


def test_a_port_where_something_else_listens(empty_desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            stream, _ = listener.accept()
            with stream:
                stream.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        _ssh(empty_desk, host="127.0.0.1", port=listener.getsockname()[1])
        done = empty_desk("machines", "check", "far", status=1)
        thread.join()
    assert "not as an ssh server" in done.out
    assert "login" not in done.out


def test_plugins_list_names_what_is_installed(empty_desk: Desk) -> None:
    found = {one["name"]: one for one in empty_desk("plugins", "list", "--json").json}
    assert found["local"]["kinds"] == ["backend"]
    assert found["local"]["ok"]
    assert found["local"]["version"]
    assert "slurm" in empty_desk("plugins", "list").out


def test_plugins_list_says_why_one_does_not_load(empty_desk: Desk, tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "sojourn_broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sojourn-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sojourn]\nbroken = sojourn_broken\n")
    (site / "sojourn_broken.py").write_text("import a_module_that_is_not_there\n")
    done = empty_desk.process("plugins", "list", env={"PYTHONPATH": str(site)})
    line = next(line for line in done.out.splitlines() if line.startswith("broken"))
    assert "not used" in line
    assert "a_module_that_is_not_there" in done.err
    assert "local" in done.out


def test_the_age_of_what_is_known_is_shown(empty_desk: Desk) -> None:
    empty_desk.put(record("one"))
    with Store(empty_desk.home / "store.sqlite3") as store:
        store.set_machine_state("here", "ok", at=NOW - 7300)
    assert "2h ago" in empty_desk("machines", "list").out


@pytest.mark.parametrize("command", ["list", "show here", "check here"])
def test_a_mistake_in_the_file_is_told_before_anything_else(empty_desk: Desk, command: str) -> None:
    empty_desk.machines.write_text("machines:\n  here: [\n")
    done = empty_desk("machines", *command.split(), status=2)
    assert f"{empty_desk.machines}:" in done.err


def test_full_runs_the_conformance_suite_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--kit-rules R01")
    done = desk("machines", "check", "here", "--full")
    line = next(line for line in done.out.splitlines() if line[6:].startswith("conformance"))
    assert line.startswith("ok ")
    assert "passed" in line
    assert not list((desk.folder.parent / "root").glob("kit-*"))


def test_full_names_the_rules_that_were_broken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--kit-rules R99999")
    done = desk("machines", "check", "here", "--full", "--no-job", status=1)
    assert "FAIL  conformance" in done.out
    assert "there is no rule R99999" in done.err
