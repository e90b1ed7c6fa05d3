"""What a monitor that worked once has done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn.monitor.fetching import Fetching
    from sojourn.monitor.resumer import Resumer
    from sojourn.monitor.watch import Plan


@dataclass(frozen=True, slots=True)
class Summary:
    """`machines` are those that had jobs of ours when it began, or have now, and those that are
    paused: "" if asked, else why not. `resumed` are workflows and their logs, `to_fetch` results that are still to come."""

    machines: dict[str, str] = field(default_factory=dict)
    resumed: dict[str, str] = field(default_factory=dict)
    to_fetch: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a JSON-able dict."""
        return {
            "machines": [
                {"machine": name, "asked": not why, "reason": why}
                for name, why in self.machines.items()
            ],
            "resumed": [{"workflow": name, "log": log} for name, log in self.resumed.items()],
            "to_fetch": self.to_fetch,
        }


def summary_of(
    plans: "Mapping[str, Plan]", paused: Iterable[str], fetching: "Fetching", resumer: "Resumer"
) -> Summary:
    """See `Summary`."""
    machines = dict.fromkeys(paused, "paused")
    for name, plan in plans.items():
        why = plan.unusable or (str(plan.error) if plan.error is not None else "")
        if not why and plan.ended is None:
            why = "asked too lately to be asked again"
        machines[name] = "needs login" if plan.needs_login else why
    resumed = {name: str(log) for name, log in resumer.launched}
    return Summary(dict(sorted(machines.items())), resumed, fetching.left)
