"""What cannot be listed is an error that names it, and nothing is removed on half of a list."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from sojourn.errors import SiteError
from sojourn.script.jobscript import job_script
from sojourn.site.cleaning import sweep
from sojourn.site.fetching import fetch
from sojourn.site.survey import survey
from sojourn.site.trip import program
from sojourn.values.messages import FetchRequest
from tests.support.ordinary_user import as_ordinary_user
from tests.support.site import context, job_dir, order, run_one

# What an ordinary user may not be able to read any more.
for _name in ("prelude", "stage", "submit", "evidence", "survey", "fetch", "clean"):
    program(_name)
job_script([], root="/", token="0", index="0", scheduler_id="", shell="sh", group=False)


def unlisted(folder: str) -> None:
    """As a user whom a directory without permissions keeps out."""
    where, one = (
        context(Path(folder) / "root"),
        order(1, "mkdir d d/e; echo 1 >d/f", outputs=("d",)),
    )
    assert run_one(where, one).exit is not None
    root = Path(where.machine.root)
    (token,) = (path for path in (root / "submissions").iterdir())
    old = time.time() - 3 * 86400
    (root / "blobs" / "ab").mkdir()
    (root / "blobs" / "ab" / "unused").touch()
    os.utime(root / "blobs" / "ab" / "unused", (old, old))

    (job_dir(where, one) / "work" / "d" / "e").chmod(0)
    with where.trip() as dialogue:
        (answer,) = fetch(
            dialogue, where, [FetchRequest(one.signature, 1, Path(folder) / "to", partial=("d",))]
        )
    assert "d/e" in answer.error
    assert (Path(folder) / "to" / "d" / "f").exists()

    def refused(locked: Path, run: object) -> None:
        locked.chmod(0)
        with where.trip() as dialogue, pytest.raises(SiteError) as caught:
            run(dialogue)  # type: ignore[operator]
        locked.chmod(0o700)
        assert str(locked.relative_to(root)) in str(caught.value)
        assert (root / "blobs" / "ab" / "unused").exists()

    live = [token.name]
    refused(job_dir(where, one), survey)
    refused(token, lambda dialogue: sweep(dialogue, live, dry_run=False))
    refused(root / "blobs" / "ab", lambda dialogue: sweep(dialogue, live, dry_run=False))
    with where.trip() as dialogue:
        assert len(survey(dialogue)) == 1
        assert [one.path for one in sweep(dialogue, live, dry_run=False)] == ["blobs/ab/unused"]
    (job_dir(where, one) / "work" / "d" / "e").chmod(0o700)


def test_what_cannot_be_listed() -> None:
    with tempfile.TemporaryDirectory(prefix="sojourn-unlisted-", dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        as_ordinary_user(unlisted, folder)
