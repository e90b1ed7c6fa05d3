"""How a workflow is run: what `sojourn run` passes to the workflows of a script.

Light: the command line imports this before it knows whether there is a workflow at all.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.workflow.report import Plan, WorkflowReport


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What holds for every workflow that runs inside `using`. All of it may be left out."""

    on: str | None = None
    """The machine, instead of every one that the workflows name themselves."""
    dry_run: bool = False
    """Look and count, then raise `DryRun`: nothing is run, submitted or recorded."""
    accept_changes: bool = False
    """Submit however many known jobs have changed, without asking."""
    accept_stale: bool = False
    """Take results that were made from other bytes than their inputs have now."""
    update: bool = False
    """Replace jobs that wait in the queue and are asked for with other resources now."""
    retry_changed: bool = True
    """Run jobs again that failed and are asked for with other resources now."""
    confirm_update: "Callable[[Sequence[str]], bool] | None" = None
    """Asks a person whether jobs that wait are to be replaced, shown lines about them."""
    wait: bool = False
    """Stay until everything has ended. Ctrl-C suspends: the jobs go on."""
    confirm: "Callable[[Plan], bool] | None" = None
    """Asks a person whether many changed jobs may be submitted; None: that is an error."""
    on_report: "Callable[[WorkflowReport], None] | None" = None
    """Shown the tree of the outermost workflow whenever something in it has changed."""
    say: Callable[[str], None] | None = None
    """Takes lines for people."""
    session: "Callable[[], Session] | None" = None
    """Opens the session; by default one with the configured machines. Closed by the workflow."""
    script: str = ""
    """Path of the script, recorded so that it can be run again, as are the next three."""
    arguments: tuple[str, ...] = ()
    directory: str = ""
    environment: tuple[str, ...] = ()
    """Names of the environment variables that matter."""
    needed: tuple[str, ...] = ()
    """Those of them that were named with `--env`, to be named again."""
    script_digest: str = ""
    """SHA-256 of the script, in hexadecimal: tells whether it has changed since."""


_CURRENT: ContextVar[RunSettings] = ContextVar("sojourn_run_settings", default=RunSettings())  # noqa: B039


def current() -> RunSettings:
    """The settings that hold here."""
    return _CURRENT.get()


@contextmanager
def using(settings: RunSettings) -> Iterator[None]:
    """Let `settings` hold inside the `with`, in this thread."""
    token = _CURRENT.set(settings)
    try:
        yield
    finally:
        _CURRENT.reset(token)


class DryRun(BaseException):
    """A dry run has come to something that is not there yet; `report` tells what would be done.

    Not raised when everything is remembered: then the script goes on, and nothing is run anyway.
    """

    def __init__(self, report: "WorkflowReport") -> None:
        super().__init__(f"dry run of workflow {report.name}")
        self.report = report
