"""From many notices to the words of one message. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from sojourn.values.notification import Level, Notice, Notification, Topic

MOST_LINES = 20
"""Lines of one message; what is left is counted in the last."""

_NAMED = 3
"""So many jobs of one group are named."""

SUSPENDED = "suspended"
"""The state of a workflow that is told as failed, though it still waits: it is not resumed."""

_LEVELS = {
    Topic.JOB_FAILED: Level.FAILURE,
    Topic.WORKFLOW_FAILED: Level.FAILURE,
    Topic.MACHINE_UNREACHABLE: Level.WARNING,
    Topic.MACHINE_LOGIN: Level.WARNING,
    Topic.TROUBLE: Level.WARNING,
}
_URGENCY = list(Level)

_ORDER = (
    Topic.WORKFLOW_FAILED,
    Topic.JOB_FAILED,
    Topic.MACHINE_LOGIN,
    Topic.MACHINE_UNREACHABLE,
    Topic.TROUBLE,
    Topic.WORKFLOW_READY,
    Topic.WORKFLOW_DONE,
    Topic.JOB_READY,
    Topic.WORKFLOW_PROGRESS,
    Topic.MACHINE_BACK,
)
"""What comes first in a message."""


def compose(notices: Sequence[Notice], at: float) -> Notification | None:
    """One message of all notices; None of none."""
    ordered = sorted(notices, key=lambda notice: (_ORDER.index(notice.topic), _group(notice)))
    lines = [
        _WORDS[topic](list(group))
        for (topic, _), group in groupby(ordered, lambda one: (one.topic, _group(one)))
    ]
    if not lines:
        return None
    level = max((_LEVELS.get(one.topic, Level.INFO) for one in ordered), key=_URGENCY.index)
    title = lines[0] if len(lines) == 1 else _title(ordered)
    return Notification(_short(title), _body(lines), level, at, tuple(ordered))


def _group(notice: Notice) -> str:
    """Notices with one topic and one group share a line."""
    if notice.topic in _BY_WORKFLOW:
        return notice.workflow
    return notice.subject if notice.topic is not Topic.JOB_READY else ""


_BY_WORKFLOW = frozenset({Topic.JOB_FAILED, Topic.WORKFLOW_PROGRESS})


def _body(lines: Sequence[str]) -> str:
    shown = lines if len(lines) <= MOST_LINES else lines[: MOST_LINES - 1]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"and {left} more"] if left else [])])


def _title(notices: Iterable[Notice]) -> str:
    counts = Counter(notice.topic for notice in notices)
    return ", ".join(
        f"{counts[topic]} {_TITLES[topic][counts[topic] > 1]}" for topic in _ORDER if counts[topic]
    )


_TITLES = {
    Topic.WORKFLOW_FAILED: ("workflow failed", "workflows failed"),
    Topic.JOB_FAILED: ("job failed", "jobs failed"),
    Topic.MACHINE_LOGIN: ("machine needs login", "machines need login"),
    Topic.MACHINE_UNREACHABLE: ("machine does not answer", "machines do not answer"),
    Topic.TROUBLE: ("thing to see to", "things to see to"),
    Topic.WORKFLOW_READY: ("workflow ready", "workflows ready"),
    Topic.WORKFLOW_DONE: ("workflow done", "workflows done"),
    Topic.JOB_READY: ("job completed", "jobs completed"),
    Topic.WORKFLOW_PROGRESS: ("job of a workflow completed", "jobs of workflows completed"),
    Topic.MACHINE_BACK: ("machine answers again", "machines answer again"),
}
"""One, and many."""


def _failed(group: Sequence[Notice]) -> str:
    where = f"{_plain(group[0].workflow)}: " if group[0].workflow else ""
    if len(group) == 1:
        one = group[0]
        return f"{where}job {_job(one)} is {one.state}{_because(one.detail)}"
    states = Counter(one.state for one in group)
    counted = ", ".join(f"{number} {state}" for state, number in states.most_common())
    return f"{where}{len(group)} jobs did not end well ({counted}): {_named(group)}"


def _completed(group: Sequence[Notice]) -> str:
    if len(group) == 1:
        return f"job {_job(group[0])} has completed on {_plain(group[0].machine)}"
    return f"{len(group)} jobs have completed: {_named(group)}"


def _progress(group: Sequence[Notice]) -> str:
    what = f"{len(group)} jobs have" if len(group) > 1 else f"job {_job(group[0])} has"
    return f"{_plain(group[0].workflow)}: {what} completed"


def _workflow_failed(group: Sequence[Notice]) -> str:
    last = group[-1]
    what = "is not resumed" if last.state == SUSPENDED else "failed"
    return f"workflow {_plain(last.subject)} {what}{_because(last.detail)}"


def _saying(words: str) -> Callable[[Sequence[Notice]], str]:
    def line(group: Sequence[Notice]) -> str:
        last = group[-1]
        return f"{words.format(_plain(last.subject))}{_because(last.detail)}"

    return line


_WORDS: dict[Topic, Callable[[Sequence[Notice]], str]] = {
    Topic.JOB_FAILED: _failed,
    Topic.JOB_READY: _completed,
    Topic.WORKFLOW_PROGRESS: _progress,
    Topic.WORKFLOW_READY: _saying("workflow {} is ready"),
    Topic.WORKFLOW_DONE: _saying("workflow {} is done"),
    Topic.WORKFLOW_FAILED: _workflow_failed,
    Topic.MACHINE_LOGIN: _saying("{} needs login"),
    Topic.MACHINE_UNREACHABLE: _saying("{} does not answer"),
    Topic.MACHINE_BACK: _saying("{} answers again"),
    Topic.TROUBLE: _saying("{}"),
}


def _named(group: Sequence[Notice]) -> str:
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    return ", ".join(_job(one) for one in group[:_NAMED]) + more


def _job(notice: Notice) -> str:
    name, short = _plain(notice.subject), notice.signature[:8]
    return f"{name} ({short})" if name and name != short else short or name


def _because(detail: str) -> str:
    return f": {_plain(detail)}" if detail else ""


def _plain(text: str) -> str:
    """One printable line: words of jobs and machines may steer neither a terminal nor a mail."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)


def _short(title: str, most: int = 120) -> str:
    return title if len(title) <= most else f"{title[: most - 3]}..."
