"""Text for those who have the monitor started for them: a systemd unit, a line for cron. Pure."""

import re
import shlex
from collections.abc import Mapping, Sequence

SERVICE = "sojourn-monitor.service"

PASSED_ON = (
    "SOJOURN_HOME", "SOJOURN_MACHINES", "PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG",
    "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
)  # fmt: skip
"""Variables that the monitor is given as they are now, where they are set."""

_SYSTEMD = """\
# {comment}
[Unit]
Description=Sojourn: watches jobs on all machines, notifies, resumes workflows

[Service]
ExecStart={command}
{environment}
# Workflows that were resumed run in processes of their own, and go on when the monitor ends.
KillMode=process
Restart=on-failure
RestartSec=30
# Wrong usage or configuration does not get better by itself.
RestartPreventExitStatus=2
Nice=5

[Install]
WantedBy=default.target
"""


def systemd_unit(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """A user unit that runs `command`."""
    comment = (
        f"Save as ~/.config/systemd/user/{SERVICE}, then\n"
        f"#   systemctl --user enable --now {SERVICE}\n"
        "#   loginctl enable-linger    # goes on when you log out"
    )
    variables = [
        f"Environment={_quoted(f'{name}={environ[name]}', specifiers=True)}"
        for name in PASSED_ON
        if environ.get(name) and environ[name].isprintable()
    ]
    return _SYSTEMD.format(
        comment=comment,
        command=" ".join(_quoted(word, specifiers=True, variables=True) for word in command),
        environment="\n".join(variables),
    ).replace("\n\n# Workflows", "\n# Workflows")


def _quoted(word: str, *, specifiers: bool = False, variables: bool = False) -> str:
    """A word as systemd reads it: it expands %, and $ in commands."""
    if specifiers:
        word = word.replace("%", "%%")
    if variables:
        word = word.replace("$", "$$")
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./$-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cron_line(command: Sequence[str], environ: Mapping[str, str], log: str) -> str:
    """A line of a crontab that runs `command` every five minutes, appending to `log`."""
    names = [name for name in PASSED_ON if name not in ("SSH_AUTH_SOCK", "LANG")]
    variables = [
        f"{name}={shlex.quote(environ[name])}"
        for name in names
        if environ.get(name) and environ[name].isprintable()
    ]
    line = " ".join(["*/5 * * * *", *variables, shlex.join(command), f">>{shlex.quote(log)} 2>&1"])
    return line.replace("%", "\\%") + "\n"
