"""Hooks that everyone is asked: listeners, and plugins that add to a job's identity."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from sojourn.errors import PluginError, SojournError
from sojourn.plugins.asking import ask, implementers
from sojourn.plugins.outcomes import one_line

if TYPE_CHECKING:
    from sojourn.values.job import Job

Report = Callable[[str], None]
"""Takes one line about a plugin that failed and was skipped."""

SIGNATURE_HOOK = "sojourn_job_signature"


def tell(
    manager: pluggy.PluginManager, hook: str, report: Callable[[str, str], None], **event: object
) -> None:
    """Call `hook` of each plugin by itself, so that one that raises silences no other.

    `report` is told the plugin's name and what it raised. Nothing is raised.
    """
    for name in implementers(manager, hook):
        try:
            ask(manager, name, hook, **event)
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever it is, it is the plugin's
            said = str(error) if isinstance(error, SojournError) else one_line(error)
            report(name, said)


def signature_extras(manager: pluggy.PluginManager, job: "Job") -> dict[str, dict[str, Any]]:
    """What plugins add to a job's identity, by the plugin's name; those that add nothing left out.

    Raises:
        PluginError: a plugin failed, or answered what canonical JSON cannot hold. The job must
            not be submitted: its identity would depend on luck.
    """
    extras: dict[str, dict[str, Any]] = {}
    for name in implementers(manager, SIGNATURE_HOOK):
        try:
            given = ask(manager, name, SIGNATURE_HOOK, job=job)
        except SojournError as error:
            raise PluginError(_stopped(name, str(error)), hint=error.hint or _HINT) from error
        if given is None:
            continue
        if not isinstance(given, Mapping):
            raise PluginError(_stopped(name, f"a mapping is needed, not {given!r}"), hint=_HINT)
        if given:
            extras[name] = _canonical(name, given)
    return extras


def _canonical(name: str, given: Mapping[Any, Any]) -> dict[str, Any]:
    import rfc8785

    try:
        rfc8785.dumps(dict(given))
    except Exception as error:
        raise PluginError(_stopped(name, one_line(error)), hint=_HINT) from error
    return dict(given)


_HINT = "repair or uninstall the plugin; without it jobs have other signatures"


def _stopped(name: str, why: str) -> str:
    return f"plugin {name!r} could not add to the job's identity, so nothing is submitted: {why}"
