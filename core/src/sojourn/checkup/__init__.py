"""Trying, one thing after the other, everything that jobs need of a machine."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sojourn.errors import NotPossible, SojournError
from sojourn.values.messages import CheckLine

if TYPE_CHECKING:
    from sojourn.session.session import Session

TRIAL_TIMEOUT = 120.0
"""Seconds to wait for the tiny job."""


def checkup(
    session: "Session", name: str, *, timeout: float = TRIAL_TIMEOUT, trial: bool = True
) -> Iterator[CheckLine]:
    """Lines as they are found, each ok, a remark, or what is wrong and what to do about it.

    What cannot be tried because something before it failed is left out. With `trial` one tiny
    job is run, waited for at most `timeout` seconds, and cleared away.

    Raises:
        UnknownMachine, ConfigError, PluginError: the machine cannot even be spoken of.
    """
    from sojourn.checkup.connecting import reaching
    from sojourn.checkup.place import place
    from sojourn.checkup.trial import run_trial

    link = session.link(name)
    machine = link.machine
    yield CheckLine(
        "configuration", True, f"backend {machine.backend} over transport {machine.transport}"
    )
    for part in (reaching(link, session.store), place(link)):
        failed = False
        for line in part:
            failed = failed or line.ok is False
            yield line
        if failed:
            return
    try:
        lines = link.contact(lambda: link.backend.check(link.context))
    except NotPossible as lacking:
        lines = [CheckLine("scheduler", None, lacking.message)]
    except SojournError as error:
        lines = [CheckLine("scheduler", False, error.message, error.hint)]
    yield from lines
    if trial and not any(line.ok is False for line in lines):
        yield run_trial(session, name, timeout)
