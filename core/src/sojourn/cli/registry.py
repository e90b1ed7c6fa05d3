"""Every command, in the order of the help page. A new command is one module and one line here.

The summaries stand here, so that `sojourn --help` loads no command.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name, one line about it, and the module that holds it as `command`."""

    name: str
    summary: str
    module: str


def _here(name: str, summary: str, module: str = "") -> Entry:
    return Entry(name, summary, f"sojourn.cli.commands.{module or name}")


SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Run",
        (
            _here("run", "Run a workflow script; suspends while its jobs are out."),
            _here("submit", "Hand in one job and print its signature."),
        ),
    ),
    (
        "Follow",
        (
            _here("status", "Ask the machines how jobs stand."),
            _here("list", "List known jobs; contacts no machine."),
            _here("wait", "Wait until jobs have ended."),
            _here("logs", "Print what a job prints, live while it runs."),
            _here("fetch", "Bring results here."),
        ),
    ),
    (
        "Elsewhere",
        (
            _here("export", "Write a ticket from which another computer goes on."),
            _here("import", "Take a ticket in.", "import_"),
        ),
    ),
    (
        "Change",
        (_here("cancel", "End jobs, waiting or running."),),
    ),
)
"""Headings of the help page, and the commands below each."""
