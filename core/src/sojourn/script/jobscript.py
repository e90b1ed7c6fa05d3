"""The whole text of job.sh: directives, what it must know, and its constant parts."""

import re
from functools import cache
from importlib.resources import files
from shlex import quote


@cache
def _shell(name: str) -> str:
    text = (files("sojourn.script") / name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not re.match(r"\s*#", line)) + "\n"


def job_script(
    directives: list[str],
    *,
    root: str,
    token: str,
    index: str,
    scheduler_id: str,
    shell: str,
    group: bool,
    warning: str = "",
) -> str:
    """Render job.sh.

    `index` and `scheduler_id` are shell expressions (the task's index, the id under which it
    runs); `shell` are the words that run the command, from machines.yaml; `warning` is the name
    of a signal that job.sh alone will be sent ahead of its end, and passes on to the command.
    """
    known = {
        "sj_root": quote(root),
        "sj_token": quote(token),
        "sj_index": index,
        "sj_scheduler": scheduler_id,
        "sj_umask": "027" if group else "077",
        "sj_shell": quote(shell),
        "sj_warning": warning,
    }
    head = "".join(f"{name}={value}\n" for name, value in known.items())
    lines = "".join(f"{line}\n" for line in directives)
    parts = ["sentinel.sh", *(["warned.sh"] if warning else []), "job.sh"]
    return f"#!/bin/sh\n{lines}{head}{''.join(map(_shell, parts))}"
