"""The words that open a shell on another machine."""

import pytest

from sojourn.cli.remoteshell import shell_command
from sojourn.errors import NotPossible
from sojourn.machines.model import Machine
from sojourn.transports.config import SshConfig

_NASTY = "/scratch/it's a dir/$HOME"


def _machine(transport: str) -> Machine:
    return Machine(
        name="hpc", backend="slurm", transport=transport,
        connection=SshConfig(host="login", user="me", port=2222, ssh_config="/dev/null"),
    )  # fmt: skip


def test_here_it_is_a_shell_of_ours() -> None:
    words = shell_command(Machine(name="here", backend="local"), _NASTY, terminal=True)
    assert words[:2] == ["sh", "-c"]
    assert words[-1] == _NASTY


@pytest.mark.parametrize(("terminal", "flag"), [(True, "-t"), (False, "-T")])
def test_elsewhere_it_is_the_ssh_program(terminal: bool, flag: str) -> None:
    words = shell_command(_machine("ssh"), _NASTY, terminal=terminal)
    assert words[0] == "ssh"
    assert flag in words
    assert words[words.index("-p") + 1] == "2222"
    assert words[-3:-1] == ["--", "login"]
    assert words[-1].startswith("sh -c ")
    assert words[-1].endswith("""'/scratch/it'"'"'s a dir/$HOME'""")


def test_a_plugins_transport_opens_none() -> None:
    with pytest.raises(NotPossible, match="opens no shells"):
        shell_command(_machine("carrier-pigeon"), "/x", terminal=True)
