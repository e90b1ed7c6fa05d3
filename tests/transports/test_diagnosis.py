"""What ssh's words mean: recorded from OpenSSH 9.2, with names and keys changed."""

import pytest

from sojourn.errors import ConfigError, HostKeyRefused, NeedsLogin, Unreachable
from sojourn.transports.diagnosis import diagnose

AGAIN = ["ssh", "-F", "my config", "hpc", "true"]
SHOWN = "debug1: Server host key: ssh-ed25519 SHA256:5bTYM4w1qYkY2vXlzjqkhKqH8Qq0Wlq4o0r5cZr5cJw"

CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:5bTYM4w1qYkY2vXlzjqkhKqH8Qq0Wlq4o0r5cZr5cJw.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/.ssh/known_hosts:3
  remove with:
  ssh-keygen -f "/home/me/.ssh/known_hosts" -R "[login.hpc]:2222"
Host key for [login.hpc]:2222 has changed and you have requested strict checking.
Host key verification failed.
"""


@pytest.mark.parametrize(
    ("said", "kind", "part"),
    [
        ("ssh: connect to host hpc port 22: Connection refused\r\n", Unreachable, "refused"),
        ("ssh: Could not resolve hostname hpc: Name or service not known", Unreachable, "resolve"),
        ("ssh: connect to host hpc port 22: No route to host", Unreachable, "No route"),
        ("Connection timed out during banner exchange", Unreachable, "timed out"),
        (
            "kex_exchange_identification: Connection closed by remote host\n"
            "Connection closed by 192.0.2.1 port 22\n",
            Unreachable,
            "Connection closed by 192.0.2.1",
        ),
        (
            "debug1: Authentications that can continue: publickey,keyboard-interactive\n"
            "me@hpc: Permission denied (publickey,keyboard-interactive).\n",
            NeedsLogin,
            "publickey or keyboard-interactive",
        ),
        (
            "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\n"
            "Disconnected from 192.0.2.1 port 22\n",
            NeedsLogin,
            "refused the login",
        ),
        (f"{SHOWN}\nHost key verification failed.\n", HostKeyRefused, "SHA256:5bTYM4w1q"),
        (
            f"{SHOWN}\nNo ED25519 host key is known for hpc and you have requested strict "
            "checking.\nHost key verification failed.\n",
            HostKeyRefused,
            "not known",
        ),
        (f"{SHOWN}\n{CHANGED}", HostKeyRefused, "has changed: ssh-ed25519 SHA256:5bTYM4w1q"),
        (
            "/home/me/.ssh/config: line 3: Bad configuration option: hostnam\r\n"
            "/home/me/.ssh/config: terminating, 1 bad configuration options\r\n",
            ConfigError,
            "line 3: Bad configuration option: hostnam",
        ),
        # The jump host's refusal, then that the connection through it ended.
        (
            "you@gate: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535\n",
            NeedsLogin,
            "",
        ),
        ("", Unreachable, "said nothing"),
        ("debug1: Connecting to hpc port 22.\n", Unreachable, "said nothing"),
        ("something nobody has seen before", Unreachable, "something nobody"),
    ],
)
def test_words_and_what_they_mean(said: str, kind: type[Exception], part: str) -> None:
    error = diagnose(said, machine="m", again=AGAIN)
    assert type(error) is kind
    assert part in str(error)
    assert "debug1" not in str(error)


def test_a_changed_key_is_removed_by_the_command_that_ssh_itself_names() -> None:
    hint = diagnose(f"{SHOWN}\n{CHANGED}", machine="m", again=AGAIN).hint
    assert 'ssh-keygen -f "/home/me/.ssh/known_hosts" -R "[login.hpc]:2222" && ssh -o' in hint
    assert "-F 'my config' hpc true" in hint


def test_a_login_is_what_is_advised() -> None:
    error = diagnose("me@hpc: Permission denied (publickey).", machine="m", again=AGAIN)
    assert error.hint == "Run `sojourn login m` at a terminal, or try: ssh -F 'my config' hpc true"
    assert "Permission denied (publickey)." in error.message
