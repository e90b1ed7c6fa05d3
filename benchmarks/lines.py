"""How much there is to write for a scheduler, and how much proves it: sizes, counted from the sources.

Lines of code are physical lines that hold some of the program, in Python and in shell: not blank
ones, comments or docstrings (nor the strings that document a value).
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core" / "src" / "sojourn"
BACKENDS = {
    name: ROOT / "backends" / name / "src" / f"sojourn_{name}" for name in ("local", "slurm", "pbs")
}
AIMS = {"slurm": 500, "pbs": 500, "scaffolded toy": 120}

_NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


def code_lines(source: str) -> int:
    """Lines of code of one Python file."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def shell_lines(source: str) -> int:
    """Lines of code of one shell program."""
    lines = (line.strip() for line in source.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def by_file(folder: Path) -> dict[str, int]:
    """Lines of code of every program in a folder, by name."""
    readers = {".py": code_lines, ".sh": shell_lines}
    return {
        str(path.relative_to(folder)): readers[path.suffix](path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.*"))
        if path.suffix in readers
    }


def packages() -> Iterator[tuple[str, dict[str, int]]]:
    """What is counted: each backend, the one that the scaffold makes, and what all batch ones share."""
    for name, folder in BACKENDS.items():
        yield name, by_file(folder)
    yield "scaffolded toy", by_file(CORE / "scaffold" / "templates" / "batch" / "package")
    yield "shared by all batch backends", by_file(CORE / "batch")


def cases() -> int:
    """Test functions of the conformance kit."""
    trees = [ast.parse(path.read_text()) for path in (CORE / "testing" / "suites").glob("*.py")]
    functions = [node for tree in trees for node in ast.walk(tree)]
    return sum(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in functions
    )


def figures() -> Iterator[Figure]:
    """Sizes against their aims, where there is one."""
    from sojourn.testing.rules import RULES
    from tests.kit import broken
    from tests.kit.broken import answering, carrying, handing_in, moving, scheduling

    for name, files in packages():
        aim = AIMS.get(name)
        yield Figure(
            name,
            sum(files.values()),
            aim or sum(files.values()),
            "lines",
            f"an aim of {aim} lines of code" if aim else "itself: no aim",
            "under 1" if aim else "",
            ", ".join(f"{file.removesuffix('.py')} {count}" for file, count in files.items()),
        )
    modules = (answering, carrying, handing_in, moving, scheduling)
    note = f"in {len(modules)} kinds; tests/kit proves that each is caught and its rule named"
    yield Figure("kit cases", cases(), len(RULES), "", "the number of rules", "1 or more")
    yield Figure("broken backends", len(broken.BROKEN), 20, "", "an aim of 20", "1 or more", note)
