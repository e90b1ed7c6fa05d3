"""Core's own channels, each with a real program or server at its other end."""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sojourn.errors import PluginError
from sojourn.notify.options import AppriseOptions, CommandOptions, DesktopOptions, TerminalOptions
from sojourn.plugins.registry import Registry
from sojourn.values.notification import Channel, Level, Notice, Notification, Topic
from tests.support.processes import with_environment
from tests.support.waiting import eventually

READY = Notice(Topic.WORKFLOW_READY, "co2", 1.0, workflow="co2")
MESSAGE = Notification("it's <done> & ready", "two\nlines", Level.FAILURE, 0.0, (READY,))
SHORT = Notification("done", "done", Level.INFO, 0.0)


def send(kind: str, options: Any = None, message: Notification = MESSAGE) -> None:
    """Bring a message by one channel, through the registry."""
    Registry(discover=False).notify(Channel("me", kind, options), message)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `notify-send` on the path that keeps its arguments; fails if told to."""
    file = tmp_path / "bin" / "notify-send"
    file.parent.mkdir()
    file.write_text(
        "#!/bin/sh\n"
        'for word do printf "%s\\n" "$word"; done > "$KEPT"\n'
        'echo "no bus" >&2\n'
        "exit ${STATUS:-0}\n"
    )
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KEPT", str(tmp_path / "kept"))
    return tmp_path / "kept"


# --- terminal ---------------------------------------------------------------------------------


def test_terminal_prints_time_level_and_lines(capsys: pytest.CaptureFixture[str]) -> None:
    send("terminal", TerminalOptions(bell=True))
    send("terminal", None, SHORT)
    out, err = capsys.readouterr()
    assert out == ""
    first, *rest, last = err.splitlines()
    assert first[8:] == " failure: it's <done> & ready"
    assert rest == ["  two", "  lines"]
    assert last[8:] == " done"


# --- desktop ----------------------------------------------------------------------------------


def test_desktop_shows_title_and_escaped_body(program: Path) -> None:
    message = Notification("a < b", "x <b>bold</b> & y\nz", Level.FAILURE, 0.0)
    send("desktop", DesktopOptions(seconds=2.5), message)
    assert program.read_text().splitlines() == [
        "--app-name=Sojourn",
        "--urgency=critical",
        "--expire-time=2500",
        "--",
        "a < b",
        "x &lt;b&gt;bold&lt;/b&gt; &amp; y",
        "z",
    ]


def test_desktop_says_a_short_message_once(program: Path) -> None:
    send("desktop", DesktopOptions(), SHORT)
    assert program.read_text().splitlines() == [
        "--app-name=Sojourn", "--urgency=normal", "--", "done", "",
    ]  # fmt: skip


def test_desktop_that_fails_is_an_error(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS", "7")
    with pytest.raises(PluginError, match="notify-send ended with exit status 7: no bus"):
        send("desktop")


def test_desktop_without_the_program_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PluginError, match="there is no notify-send") as caught:
        send("desktop")
    assert "libnotify" in caught.value.hint


# --- command ----------------------------------------------------------------------------------


def test_command_is_told_by_environment_and_input(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    line = f'{{ echo "$SOJOURN_TITLE|$SOJOURN_LEVEL|$SOJOURN_TOPICS"; cat; }} > {kept}'
    send("command", CommandOptions(run=line))
    words, given = kept.read_text().split("\n", 1)
    assert words == "it's <done> & ready|failure|workflow-ready"
    assert json.loads(given) == MESSAGE.to_json()


def test_command_as_a_list_needs_no_shell(tmp_path: Path) -> None:
    kept = tmp_path / "a file"
    send("command", CommandOptions(run=(sys.executable, "-c", f"open({str(kept)!r}, 'w')")))
    assert kept.exists()


def test_command_that_fails_is_told_with_its_last_line() -> None:
    with pytest.raises(PluginError, match="sh ended with exit status 3: second"):
        send("command", CommandOptions(run="echo first >&2; echo second >&2; exit 3"))


def test_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(PluginError, match="does not start"):
        send("command", CommandOptions(run=("/no/such/program",)))


def test_command_that_takes_too_long_is_killed_with_all_it_started() -> None:
    mark = "SOJOURN_TEST_LATE=1"
    line = f"{mark} sh -c 'read _ < /dev/zero' & wait"
    with pytest.raises(PluginError, match=r"not done after 0\.3 s"):
        send("command", CommandOptions(run=line, timeout=0.3))
    eventually(lambda: not list(with_environment(mark)))


def test_command_that_reads_nothing_is_no_trouble() -> None:
    long = Notification("t", "b" * 300_000, Level.INFO, 0.0)
    send("command", CommandOptions(run=":"), Notification("t", "b", Level.INFO, 0.0))
    send("command", CommandOptions(run="unset SOJOURN_BODY; exec true"), SHORT)
    with pytest.raises(PluginError, match="does not start"):  # longer than the kernel allows
        send("command", CommandOptions(run=":"), long)


# --- apprise ----------------------------------------------------------------------------------

by_apprise = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""What Apprise imports is its own affair."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A web hook on loopback; keeps what it is sent in `heard`, answers with `answer`."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            self.server.heard.append(json.loads(self.rfile.read(size)))  # type: ignore[attr-defined]
            self.send_response(self.server.answer)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as made:
        made.heard, made.answer = [], 200  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def address(server: HTTPServer) -> SecretStr:
    return SecretStr(f"json://user:hush@127.0.0.1:{server.server_port}/path")


@by_apprise
def test_apprise_reaches_a_web_hook(server: HTTPServer) -> None:
    send("apprise", AppriseOptions(urls=(address(server),)))
    (heard,) = server.heard  # type: ignore[attr-defined]
    assert (heard["title"], heard["message"], heard["type"]) == (
        "it's <done> & ready",
        "two\nlines",
        "failure",
    )


@by_apprise
def test_apprise_reads_a_file_of_its_own(server: HTTPServer, tmp_path: Path) -> None:
    file = tmp_path / "apprise.cfg"
    file.write_text(address(server).get_secret_value() + "\n")
    send("apprise", AppriseOptions(config=file))
    assert len(server.heard) == 1  # type: ignore[attr-defined]


@by_apprise
def test_apprise_that_fails_says_so_without_the_address(server: HTTPServer) -> None:
    server.answer = 500  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="1 of 1 addresses") as caught:
        send("apprise", AppriseOptions(urls=(address(server),)))
    assert "hush" not in str(caught.value) + caught.value.hint


@by_apprise
def test_apprise_does_not_repeat_an_address_that_it_does_not_understand() -> None:
    with pytest.raises(PluginError, match="address 1 of the channel") as caught:
        send("apprise", AppriseOptions(urls=(SecretStr("nothing://hush"),)))
    assert "hush" not in str(caught.value)


def test_apprise_that_is_not_installed_is_said() -> None:
    code = """
import sys
sys.modules["apprise"] = None
from pydantic import SecretStr
from sojourn.errors import PluginError
from sojourn.notify.options import AppriseOptions
from sojourn.plugins.registry import Registry
from sojourn.values.notification import Channel, Level, Notification
options = AppriseOptions(urls=(SecretStr("json://x"),))
try:
    Registry(discover=False).notify(
        Channel("me", "apprise", options), Notification("t", "b", Level.INFO, 0.0)
    )
except PluginError as error:
    print(error.hint)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == 'pip install "sojourn[notify]"\n'
