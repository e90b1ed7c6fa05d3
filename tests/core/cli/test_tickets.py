"""`export` and `import`: what is known of a job that came with a ticket."""

import json
import shutil
from typing import Any

from tests.core.cli.desk import Desk
from tests.support.at_terminal import at_terminal


def test_what_a_job_is_comes_with_its_ticket(desk: Desk) -> None:
    desk.file("mesh.dat", "1 2 3")
    job = desk.finished(
        *("--name", "fit", "--input", "mesh.dat", "--output", "x", "--env", "SEED=7"),
        *("--parameter", "n=3", "--", "cat", "mesh.dat", "two words", ">x"),
    )
    before = _told(desk, job)
    script = desk.file("job.sh", "#!/bin/sh\n#SBATCH --ntasks=1\necho made of text\n")
    scripted = desk.finished("--script", script)
    desk("export", job, scripted, "-o", "ticket.json")
    shutil.rmtree(desk.home)
    desk("import", "ticket.json")
    shown = _told(desk, job)
    assert "two words" in shown["command"]
    for word in ("name", "state", "command", "output", "env", "parameters", "resources"):
        assert shown.get(word) == before.get(word), word
    assert _told(desk, scripted)["script"] == "its text is in --json"
    assert "made of text" in desk("show", scripted, "--json").json[0]["components"]["script"]


def _told(desk: Desk, job: str) -> dict[str, str]:
    """The lines of `show` that have a name."""
    lines = desk("show", job).out.splitlines()
    return {line[:11].rstrip(): line[12:] for line in lines}


def _ticket(desk: Desk, job: str) -> dict[str, Any]:
    """A job's ticket in which its machine is another, which is unknown here."""
    ticket: dict[str, Any] = json.loads(desk("export", job).out)
    (machine,) = ticket["machines"].values()
    machine["root_id"] = ""
    machine["keys"] = {"backend": "slurm", "host": "login.example", "user": "me", "path": "/tmp/x"}
    ticket["machines"] = {"elsewhere": machine}
    ticket["jobs"][0]["machine"] = "elsewhere"
    return ticket


def test_a_machine_is_added_only_when_that_is_wanted(desk: Desk) -> None:
    job = desk.finished("--output", "x", "--", "echo 1 >x")
    desk.file("ticket.json", json.dumps(_ticket(desk, job)))
    refused = desk.process("import", "ticket.json", status=2)
    assert "slurm at me@login.example" in refused.err
    assert "--yes" in refused.err
    assert "elsewhere" not in desk("machines", "list").out
    assert [one["machine"] for one in desk("list", "--json").json] == ["here"]
    added = desk.process("import", "--yes", "ticket.json")
    assert "added machine elsewhere" in added.err
    assert "not taken from the ticket for machine elsewhere: path" in added.err
    assert "elsewhere" in desk("machines", "list").out


def test_at_a_terminal_a_machine_is_asked_about(desk: Desk) -> None:
    job = desk.finished("--output", "x", "--", "echo 1 >x")
    desk.file("ticket.json", json.dumps(_ticket(desk, job)))
    for answer, status in (("n", 2), ("y", 0)):
        program = (
            "import os, sys\n"
            f"os.chdir({str(desk.here)!r})\n"
            f"os.environ.update({desk.environment!r})\n"
            "from sojourn.cli import main\n"
            "sys.exit(main(['import', 'ticket.json']))"
        )
        with at_terminal(program) as person:
            person.expect(r"connect to it as described\? \[y/N\]")
            person.type(answer)
            assert person.wait() == status, person.seen


def test_explain_says_where_a_job_comes_from(desk: Desk) -> None:
    job = desk.finished("--output", "x", "--", "echo 1 >x")
    assert "counts on" not in desk("explain", job).out
    desk("export", job, "-o", "ticket.json")
    shutil.rmtree(desk.home)
    desk("import", "ticket.json")
    assert "imported from a ticket: counts on here only" in desk("explain", job).out
    desk("import", "--trust", "ticket.json")
    assert "a ticket that you trust: counts on every machine" in desk("explain", job).out
