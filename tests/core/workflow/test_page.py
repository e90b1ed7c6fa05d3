"""The workflows that `docs/howto/workflows.md` shows do what the page says."""

import re
import runpy
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.core.workflow.place import Place

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "workflows.md"
COUNT = """
import json, sys
words = json.load(open(sys.argv[1]))
json.dump({word: words.count(word) for word in words}, open("counts.json", "w"))
"""


def test_what_it_shows_runs(tmp_path: Path) -> None:
    words, collecting, refining = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    place = Place(tmp_path / "place", machines=("hpc",))
    (place.folder / "words.py").write_text(words)
    (place.folder / "count.py").write_text(COUNT)
    (place.folder / "refining.py").write_text(
        f"{refining}\n\nwith Workflow('outer', on='hpc'):\n    end = converge([8])\n"
    )

    cases, _, loop = collecting.partition("\n\n\n")
    (place.folder / "fit").write_text('#!/bin/sh\ngrep -q 64 "$1" && cat "$1"\n')
    (place.folder / "fit").chmod(0o755)
    (place.folder / "cases.py").write_text(
        f"from pathlib import Path\n\nfrom sojourn import Job, Workflow, job, step\n\n"
        f"HERE = Path(__file__).parent\n\n{cases}\n\n@step\ndef best(fits):\n"
        "    return [str(one) for one in fits if not isinstance(one, Exception)]\n\n"
        f"with Workflow('cases', on='hpc') as flow:\n{indent(loop.replace('best(', 'end = best('), '    ')}"
    )

    def run(name: str) -> dict[str, Any]:
        return runpy.run_path(str(place.folder / name), run_name="__main__")

    found = place.finish(lambda: run("words.py"))
    written = ('{"to": 1, "not": 1}', '{"be": 1, "to": 1}', '{"or": 1, "be": 1}')
    assert found["node"].value == sum(map(len, written))
    (kept,) = place.finish(lambda: run("cases.py"))["end"].value
    assert kept.endswith("/fit.json")
    assert place.finish(lambda: run("refining.py"))["end"].value.endswith("/files/x")
