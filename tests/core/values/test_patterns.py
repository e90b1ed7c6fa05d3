"""Output patterns match what shells match, and are refused where shells differ."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sojourn.errors import InvalidJob
from sojourn.script.task import glob_word
from sojourn.values.patterns import covers, is_glob, matches, read_pattern


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("./a//b/", "a/b"),
        ("*.csv", "*.csv"),
        ("a b'\"\n$x", "a b'\"\n$x"),
        ("-n", "-n"),
        (".hidden", ".hidden"),
        (".x*", ".x*"),
        ("a[", "a["),
        ("a]", "a]"),
        ("[[]", "[[]"),
        ("é" * 100, "é" * 100),
        ("x" * 200, "x" * 200),
    ],
)
def test_one_spelling(given: str, read: str) -> None:
    assert read_pattern(given) == read


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "is empty"),
        ("./", "is empty"),
        ("/a", "is absolute"),
        ("../a", "leaves the job's directory"),
        ("a/../b", "leaves the job's directory"),
        ("a\0b", "holds a NUL"),
        ("\udcff", "is not UTF-8"),
        ("x" * 256, "is longer than 255 bytes"),
        ("é" * 128, "is longer than 255 bytes"),
        (3, "is 3, which is no text"),
        ("**/x", r"has '\*\*'"),
        ("[^a]", r"has '\[\^'"),
        ("[]a]", "has a '\\]' right after"),
        ("[!]a]", "has a '\\]' right after"),
        ("[[:alpha:]]", "has a character class"),
        ("a[b/c]d", "has a '/' between brackets"),
        ("a[b/[c]", "has a '/' between brackets"),
        ("[z-a]", "has a range that runs backwards"),
        (".*", "would match '..'"),
        ("a/.?", "would match '..'"),
        (".[!a]", "would match '..'"),
    ],
)
def test_refused(given: str, said: str) -> None:
    with pytest.raises(InvalidJob, match=f"^output {said}") as caught:
        read_pattern(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", ".csv", False),
        ("*", ".x", False),
        ("?x", ".x", False),
        ("[!a]x", ".x", False),
        (".x*", ".xy", True),
        ("*", "a/b", False),
        ("*/b", "a/b", True),
        ("a?", "a\n", True),
        ("[a-c]", "b", True),
        ("[!a-c]", "b", False),
        ("[a-]", "-", True),
        ("[[]", "[", True),
        ("[\\]", "\\", True),
        ("a\\*", "a\\x", True),
        ("a+(b)", "a+(b)", True),
        ("[a", "[a", True),
        ("[[a]]", "a]", True),
        ("[a]/[b]", "a/b", True),
        ("a[/b", "a[/b", True),
    ],
)
def test_matching(pattern: str, name: str, does: bool) -> None:
    assert matches(read_pattern(pattern), name) is does


def test_a_literal_name_is_no_pattern() -> None:
    assert [is_glob(text) for text in ("a.b", "a[", "[a]", "a*", "?")] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_what_lies_below_a_directory_is_covered() -> None:
    assert covers("out", "out/a/b")
    assert covers("o*/a", "out/a/b")
    assert covers("out", "out")
    assert not covers("out", "outer")
    assert not covers("out/a", "out")


CHARACTERS = st.sampled_from("ab.*?[]!-\\ '\"$&\n")
NAMES = st.text(st.sampled_from("ab.-![]\\ '\"$&\n*?"), min_size=1, max_size=4)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_real_shell_agrees(shell: str, tmp_path: Path) -> None:
    """Each pattern in turn, among the same files, as job.sh writes it."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")

    @given(st.sets(NAMES, max_size=6), st.text(CHARACTERS, min_size=1, max_size=5))
    def check(names: set[str], given: str) -> None:
        try:
            pattern = read_pattern(given)
        except InvalidJob:
            assume(False)
        names -= {".", ".."}
        shutil.rmtree(tmp_path / "d", ignore_errors=True)
        (tmp_path / "d").mkdir()
        for name in names:
            (tmp_path / "d" / name).touch()
        script = f'for f in {glob_word(pattern)}; do [ ! -e "$f" ] || printf \'%s\\0\' "$f"; done'
        command = [shell, "-c", script]
        found = subprocess.run(
            command, cwd=tmp_path / "d", capture_output=True, check=True, env={"LC_ALL": "C"}
        ).stdout.decode()
        assert {re.sub("^[.]/", "", one) for one in found.split("\0") if one} == {
            name for name in names if matches(pattern, name)
        }

    check()
