"""The host of one's own that `docs/host.md` shows does what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.core.workflow.place import Place

PAGE = Path(__file__).parents[3] / "docs" / "host.md"


def test_it_suspends_and_goes_on(place: Place) -> None:
    code, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    script = place.folder / "host.py"
    script.write_text(code)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(script), "it", "is"],
            env={**os.environ, **place.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    first = run()
    assert (first.returncode, first.stdout) == (75, "")
    assert first.stderr.splitlines()[0].startswith(
        "sojourn: workflow squares is waiting for 2 jobs on here"
    )
    assert len(first.stderr.splitlines()) == 2
    place.all_ended()
    again = run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "25 it is\n", "")
