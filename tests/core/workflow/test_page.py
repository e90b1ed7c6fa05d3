"""The workflows that `docs/howto/workflows.md` shows do what the page says."""

import re
import runpy
from pathlib import Path
from typing import Any

from tests.core.workflow.place import Place

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "workflows.md"
COUNT = """
import json, sys
words = json.load(open(sys.argv[1]))
json.dump({word: words.count(word) for word in words}, open("counts.json", "w"))
"""


def test_what_it_shows_runs(tmp_path: Path) -> None:
    words, refining = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    place = Place(tmp_path / "place", machines=("hpc",))
    (place.folder / "words.py").write_text(words)
    (place.folder / "count.py").write_text(COUNT)
    (place.folder / "refining.py").write_text(
        f"{refining}\n\nwith Workflow('outer', on='hpc'):\n    end = converge([8])\n"
    )

    def run(name: str) -> dict[str, Any]:
        return runpy.run_path(str(place.folder / name), run_name="__main__")

    found = place.finish(lambda: run("words.py"))
    written = ('{"to": 1, "not": 1}', '{"be": 1, "to": 1}', '{"or": 1, "be": 1}')
    assert found["node"].value == sum(map(len, written))
    assert place.finish(lambda: run("refining.py"))["end"].value.endswith("/files/x")
