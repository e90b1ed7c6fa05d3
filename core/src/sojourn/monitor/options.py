"""How a monitor works."""

from dataclasses import dataclass

from sojourn.monitor.resumer import ResumeOptions


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """`interval` is in seconds between two polls of a machine, never less than the machine's own;
    None: what the user has set for good, or else each machine's own. `fetch` brings results as
    soon as jobs complete, `notify` tells by the channels of `notify.yaml`, `resume` starts
    workflows again. With `follow` a monitor that finds another one at work passes on what that
    one records, and takes its place when it ends. `what` is how others are told of it.
    """

    interval: float | None = None
    fetch: bool = True
    notify: bool = True
    resume: ResumeOptions | None = None
    follow: bool = False
    what: str = "sojourn monitor"
