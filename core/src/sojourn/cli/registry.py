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
            _here("resume", "Run a suspended workflow again."),
            _here("monitor", "Watch all machines, tell what has ended, resume workflows."),
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
            _here("top", "Watch and handle jobs in a terminal UI."),
            _here("report", "Write a page about jobs: timeline, efficiency, failures."),
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
        (
            _here("cancel", "End jobs, waiting or running."),
            _here("hold", "Keep waiting jobs from starting."),
            _here("release", "Let held jobs start again."),
            _here("retry", "Run ended jobs again, in a new attempt."),
            _here("pause", "Leave a machine, a workflow or jobs alone."),
            _here("unpause", "Go on with what was paused."),
        ),
    ),
    (
        "Understand",
        (
            _here("show", "Show everything about one job."),
            _here("explain", "Say why a job is in its state, or why two signatures differ."),
            _here("script", "Print the script that submit would hand to the scheduler."),
            _here("shell", "Open a shell in a job's directory."),
        ),
    ),
    (
        "Keep house",
        (
            _here("machines", "List, show and check machines."),
            _here("login", "Open a connection that wants a person, and keep it."),
            _here("logout", "End the connection that login keeps."),
            _here("plugins", "List, begin and check plugins."),
            _here("gc", "Free results and job directories."),
            _here("forget", "Remove jobs or a workflow from the local record."),
            _here("rebuild", "Make the store anew from what lies on a machine."),
            _here("completion", "Print the code for the shell's completion."),
        ),
    ),
)
"""Headings of the help page, and the commands below each."""

MACHINES: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Commands",
        (
            _here("list", "List the configured machines.", "machines.list"),
            _here("show", "Show what is configured, and what we have cost.", "machines.show"),
            _here("check", "Try everything that jobs need, and say what to do.", "machines.check"),
            _here("schema", "Print the JSON Schema of machines.yaml.", "machines.schema"),
            _here("init", "Write a first machines.yaml.", "machines.init"),
        ),
    ),
)
"""The same for `sojourn machines`."""

PLUGINS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Commands",
        (
            _here("list", "List what is installed, and what does not load.", "plugins.list"),
            _here("new", "Begin a plugin: a whole project, tests and all.", "plugins.new"),
            _here("check", "Say what a project lacks before it is published.", "plugins.check"),
        ),
    ),
)
"""The same for `sojourn plugins`."""
