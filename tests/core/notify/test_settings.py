"""`notify.yaml`: where it lies, what it means, and every mistake with its line."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from sojourn.errors import ConfigError
from sojourn.notify.options import USUAL, AppriseOptions, CommandOptions
from sojourn.notify.settings import NotifySettings, load_settings, notify_file
from sojourn.plugins.registry import Registry
from sojourn.values.notification import Topic

Read = Callable[..., NotifySettings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(text, **environ)` reads `text` as the file beside `machines.yaml`."""

    def from_text(text: str, **environ: str) -> NotifySettings:
        (tmp_path / "notify.yaml").write_text(dedent(text))
        machines = str(tmp_path / "machines.yaml")
        return load_settings(Registry(discover=False), {"SOJOURN_MACHINES": machines, **environ})

    return from_text


def test_without_a_file_the_terminal_is_told() -> None:
    assert notify_file() is None
    settings = load_settings(Registry(discover=False))
    assert [(one.channel.name, one.channel.kind) for one in settings.channels] == [
        ("terminal", "terminal")
    ]
    assert settings.channels[0].topics == set(USUAL)
    assert Topic.WORKFLOW_PROGRESS not in USUAL
    assert settings.file is None


def test_it_lies_in_the_user_s_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "sojourn" / "notify.yaml"
    file.parent.mkdir()
    file.write_text("notify: {channels: {}}")
    assert notify_file() == file
    assert load_settings(Registry(discover=False)).channels == ()


def test_every_word(read: Read) -> None:
    settings = read(
        """
        notify:
          window: 1m
          longest: 2h
          unreachable_after: 30m
          channels:
            terminal: {bell: true}
            me: {channel: command, run: ./tell, only: job-failed, timeout: 5s}
            args: {channel: command, run: [tell, "a b"]}
            mail:
              channel: apprise
              urls: ["mailtos://${SECRET}@example.org"]
              only: [workflow-ready, workflow-progress]
        """,
        SECRET="me:pass",
    )
    assert settings.general.window == 60.0
    assert settings.general.longest == 7200.0
    assert settings.general.unreachable_after == 1800.0
    bell, me, args, mail = settings.channels
    assert bell.channel.kind == "terminal"
    assert me.topics == {Topic.JOB_FAILED}
    assert me.channel.options == CommandOptions(run="./tell", timeout=5.0)
    assert isinstance(args.channel.options, CommandOptions)
    assert args.channel.options.run == ("tell", "a b")
    assert mail.topics == {Topic.WORKFLOW_READY, Topic.WORKFLOW_PROGRESS}
    assert isinstance(mail.channel.options, AppriseOptions)
    assert mail.channel.options.urls[0].get_secret_value() == "mailtos://me:pass@example.org"


def test_secrets_are_not_shown(read: Read) -> None:
    settings = read("notify: {channels: {mail: {channel: apprise, urls: 'x://${S}'}}}", S="hush")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ("notfy: {}", 1, "unknown key 'notfy' at the top", "did you mean 'notify'?"),
        ("- a", 1, "the top of the file must be a mapping", "begin with notify:"),
        ("notify: 3", 1, "'notify' must hold a mapping", ""),
        ("notify:\n  windw: 3s", 2, "unknown key 'windw'", "did you mean 'window'?"),
        ("notify:\n  window: soon", 2, "window", ""),
        ("notify:\n  window: -1", 2, "window", ""),
        ("notify:\n  chanels: {}", 2, "unknown key 'chanels'", "did you mean 'channels'?"),
        ("notify:\n  channels: [a]", 2, "'channels' must hold", ""),
        ("notify:\n  channels:\n    me: 3", 3, "channel 'me': needs a mapping", "channel: desktop"),
        ("notify:\n  channels:\n    me: {}", 3, "no installed plugin offers a channel 'me'", ""),
        (
            "notify:\n  channels:\n    me:\n      channel: desktp",
            4,
            "channel 'me': no installed plugin offers a channel 'desktp'",
            "did you mean 'desktop'?",
        ),
        (
            "notify:\n  channels:\n    desktop:\n      secnds: 3",
            4,
            "channel 'desktop': unknown key 'secnds'",
            "did you mean 'seconds'?",
        ),
        (
            "notify:\n  channels:\n    desktop:\n      only: [job-faild]",
            4,
            "channel 'desktop': only.0",
            "",
        ),
        ("notify:\n  channels:\n    command:\n      timeout: 3", 3, "key 'run' is missing", ""),
        ("notify:\n  channels:\n    apprise: {}", 3, "give urls, or a config file", ""),
        (
            "notify:\n  channels:\n    command:\n      run: tell ${NOBODY}",
            4,
            "the environment variable NOBODY is not set",
            "$${",
        ),
    ],
)
def test_mistakes_are_told_with_their_line(
    read: Read, text: str, line: int, said: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert "notify.yaml" in str(caught.value)
    assert hint in caught.value.hint
