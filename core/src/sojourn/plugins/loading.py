"""Loading one plugin, guarded: a broken one is a value that says why, and breaks nothing else."""

import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint

from sojourn.plugins.discovery import describe, distribution_of
from sojourn.plugins.examining import examine
from sojourn.plugins.outcomes import LoadFailure, Outcome, Reason, one_line


def load(name: str, points: Sequence[EntryPoint]) -> Outcome:
    """Load the plugin `name` from its entry point, of which there should be one. Never raises."""
    if len(points) > 1:
        sources = sorted(describe(point) for point in points)
        return LoadFailure(
            name,
            Reason.CLASH,
            f"more than one distribution provides it: {' and '.join(sources)}",
            hint="uninstall all but one",
        )
    distribution, version = distribution_of(points[0])
    try:
        plugin = points[0].load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever it is, it is the plugin's
        return LoadFailure(
            name,
            Reason.IMPORT,
            one_line(error),
            hint=f"reinstall or uninstall {distribution or points[0].value}",
            detail="".join(traceback.format_exception(error)),
            distribution=distribution,
            version=version,
        )
    return examine(name, plugin, distribution=distribution, version=version)
