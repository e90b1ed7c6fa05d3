"""Help, and what is said to those who mistype."""

from importlib import import_module
from importlib.metadata import EntryPoints

import click
import pytest

from sojourn import __version__
from sojourn.cli.app import app
from sojourn.cli.lazy import LazyGroup
from sojourn.cli.registry import MACHINES, PLUGINS, SECTIONS, Entry
from tests.core.cli.desk import Desk

_TOP = [entry for _, entries in SECTIONS for entry in entries]
_ALL = [
    *((entry, [entry.name]) for entry in _TOP),
    *((entry, ["machines", entry.name]) for _, entries in MACHINES for entry in entries),
    *((entry, ["plugins", entry.name]) for _, entries in PLUGINS for entry in entries),
]
_NAMES = [" ".join(words) for _, words in _ALL]


@pytest.mark.parametrize(("entry", "words"), _ALL, ids=_NAMES)
def test_every_command_has_help(entry: Entry, words: list[str], empty_desk: Desk) -> None:
    command = import_module(entry.module).command
    assert isinstance(command, click.Command)
    done = empty_desk(*words, "--help")
    assert done.out.startswith(f"Usage: sojourn {' '.join(words)}")
    assert done.err == ""
    assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize(("entry", "words"), _ALL, ids=_NAMES)
def test_every_option_is_explained(entry: Entry, words: list[str]) -> None:
    command: click.Command = import_module(entry.module).command
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{words}: {parameter.opts} is not explained"


_PLAIN = [words for entry, words in _ALL if words != ["machines", "init"]]


@pytest.mark.parametrize("words", _PLAIN, ids=" ".join)
def test_help_has_examples(words: list[str], empty_desk: Desk) -> None:
    out = empty_desk(*words, "--help").out
    assert (
        f"\n    sojourn {' '.join(words)}" in out
        or f"sojourn {' '.join(words)}" in out.partition("Examples:")[2]
    )


def test_the_help_page_names_every_command(empty_desk: Desk) -> None:
    out = empty_desk("--help").out
    for entry in _TOP:
        assert f"{entry.name}  " in out
        assert entry.summary in out


def test_summaries_are_sentences() -> None:
    for entry, _ in _ALL:
        assert entry.summary[0].isupper()
        assert entry.summary.endswith(".")


def test_names_are_unique() -> None:
    names = [entry.name for entry in _TOP]
    assert len(names) == len(set(names))
    assert isinstance(app, LazyGroup)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_short_and_long_help(word: str, empty_desk: Desk) -> None:
    assert "Exit status" in empty_desk(word).out


def test_version(empty_desk: Desk) -> None:
    assert empty_desk("--version").out == f"sojourn {__version__}\n"


def test_a_mistyped_command_is_answered_with_the_nearest(empty_desk: Desk) -> None:
    done = empty_desk("lits", status=2)
    assert done.out == ""
    assert done.err == "sojourn: sojourn has no command 'lits'\n  hint: did you mean 'list'?\n"


def test_a_mistyped_command_of_a_group_too(empty_desk: Desk) -> None:
    err = empty_desk("machines", "chekc", status=2).err
    assert "sojourn machines has no command 'chekc'" in err
    assert "did you mean 'check'?" in err


def test_a_mistyped_option_is_answered_with_the_nearest(empty_desk: Desk) -> None:
    err = empty_desk("list", "--lmit", "3", status=2).err
    assert err.startswith("sojourn: sojourn list has no option '--lmit'\n")
    assert "did you mean '--limit'?" in err
    assert "`sojourn list --help`" in err


def test_a_missing_argument_names_the_command(empty_desk: Desk) -> None:
    err = empty_desk("logs", status=2).err
    assert "missing argument 'SIG'" in err
    assert "`sojourn logs --help`" in err


def test_the_program_alone_shows_its_help(empty_desk: Desk) -> None:
    done = empty_desk()
    assert done.out.startswith("Usage: sojourn")
    assert done.err == ""


def test_without_a_backend_it_says_what_to_install(
    empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sojourn.cli.welcome.entry_points", lambda **_: EntryPoints())
    done = empty_desk()
    assert done.out.startswith("Usage: sojourn")
    assert 'pip install "sojourn[local]"' in done.err


def _given_one_value() -> list[tuple[list[str], click.Option]]:
    return [
        (words, option)
        for entry, words in _ALL
        for option in import_module(entry.module).command.params
        if isinstance(option, click.Option)
        and not (option.multiple or option.is_flag or option.count)
    ]


@pytest.mark.parametrize(
    ("words", "option"), _given_one_value(), ids=lambda one: str(getattr(one, "name", one))
)
def test_one_value_is_not_replaced_by_another_in_silence(
    words: list[str], option: click.Option, empty_desk: Desk
) -> None:
    word = max(option.opts, key=len)
    done = empty_desk(*words, word, "1", min(option.opts, key=len), "2", status=2)
    assert f"{word} is given twice, and sojourn {' '.join(words)} takes one" in done.err
    assert not empty_desk.home.exists()


def test_what_a_script_or_command_is_given_is_its_own_matter(empty_desk: Desk) -> None:
    empty_desk.file("echo.py", "import sys; print(sys.argv[1:])")
    done = empty_desk("run", "echo.py", "--", "--on", "a", "--on", "b")
    assert done.out == "['--on', 'a', '--on', 'b']\n"
    assert "a a" in empty_desk("script", "--", "echo", "a", "a").out


def test_a_value_that_is_missing_is_said_with_its_command(empty_desk: Desk) -> None:
    done = empty_desk("run", "x.py", "--on", status=2)
    assert "option '--on' requires an argument" in done.err
    assert "`sojourn run --help`" in done.err
