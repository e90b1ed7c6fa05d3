"""`sojourn top` where it cannot run."""

import importlib.util

import pytest

from sojourn.cli import main


def test_without_textual_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "sojourn.cli.commands.top.find_spec",
        lambda name: None if name == "textual" else found(name),
    )
    assert main(["top"]) == 2
    assert 'pip install "sojourn[top]"' in capsys.readouterr().err


def test_without_a_terminal_it_names_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top"]) == 2
    assert "sojourn list" in capsys.readouterr().err
