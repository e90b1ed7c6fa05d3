"""Lines of code are counted as `python -m benchmarks lines` says, and stay where that is promised."""

import pytest

from benchmarks.lines import AIMS, code_lines, packages, shell_lines

SOURCE = '''"""About it.

More.
"""

import os  # counts once


def name(  # a comment
    one: int,
) -> str:
    """Says nothing."""
    # a comment
    text = """one
two"""
    return f"{one}{text}{os.sep}"


VALUE = 1
"""What it is."""
'''


def test_neither_comments_nor_documentation_are_code() -> None:
    assert code_lines(SOURCE) == len(
        ["import", "def", "one", "->", 'text = """one', 'two"""', "return", "VALUE"]
    )
    assert code_lines("") == 0
    assert shell_lines("# about\n\nset -eu\n  # why\nexec true # so\n") == 2


@pytest.mark.parametrize("name", ["scaffolded toy"])
def test_what_a_first_afternoon_has_to_read(name: str) -> None:
    assert sum(dict(packages())[name].values()) < AIMS[name]


def test_no_file_of_a_batch_backend_is_hard_to_hold_in_the_head() -> None:
    """Some facts of schedulers take more lines than their neighbours, but none of them two hundred."""
    sizes = {f"{name}/{file}": n for name, files in packages() for file, n in files.items()}
    batch = {file: n for file, n in sizes.items() if file.startswith(("slurm/", "pbs/"))}
    assert batch
    assert max(batch.values()) < 200
