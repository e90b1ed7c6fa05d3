"""`export` and `import`: what is known of a job that came with a ticket."""

import shutil

from tests.core.cli.desk import Desk


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
