"""What `sojourn machines check` tries of PBS: server, history, queue and its limits."""

from collections.abc import Mapping, Sequence

from sojourn.batch.checks import Queue, queue_line
from sojourn.batch.commands import statuses
from sojourn.batch.scheduler import Conversation, Header
from sojourn.batch.units import seconds
from sojourn.errors import UnsupportedResource
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.directives import directives
from sojourn_pbs.listing import Record, records
from sojourn_pbs.units import clock

_TRUE = frozenset({"True", "yes"})
_ASK = """\
qstat -B -f 2>&1; echo "@status $?"
qstat -Q -f 2>&1; echo "@status $?"
id -u; echo "@status $?\""""


def check(site: Site, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
    """One line for each thing, with what to do about it."""
    wrappers = site.dialect is Dialect.WRAPPERS
    result = yield _ASK.partition("\n")[2] if wrappers else _ASK
    told = [answer.stdout for answer in statuses(result.stdout)]
    server = next(iter(records(told[0])), None) if told and not wrappers else None
    queues = {one.id: one for text in told[-2:-1] for one in records(text)}
    lines = [CheckLine("dialect", True, f"{site.dialect}, {site.facts.get('version', '?')}")]
    lines += _wrappers() if wrappers else _server(site, server, told)
    if told and told[-1].strip() == "0" and site.dialect is Dialect.OPENPBS:
        lines.append(
            CheckLine("user", False, "root", "PBS runs no jobs for root: connect as another user")
        )
    lines += _queue(server, queues, defaults)
    try:
        directives(site, defaults, Header("sj-check", "/"))
    except UnsupportedResource as error:
        lines.append(CheckLine("defaults", False, error.message, error.hint))
    return lines


def _wrappers() -> list[CheckLine]:
    return [
        CheckLine(
            "scheduler",
            None,
            "Slurm's commands for Torque users: no arrays, and no exit statuses from qstat",
            "`backend: slurm` tells more and does more on this machine",
        )
    ]


def _server(site: Site, server: Record | None, told: Sequence[str]) -> list[CheckLine]:
    if server is None:
        said = " ".join(" ".join(told[:1]).split())
        return [CheckLine("server", False, said or "no answer", "ask the site's administrators")]
    state, scheduling = server.get("server_state"), server.get("scheduling") != "False"
    advice = "" if scheduling else "jobs will wait until an administrator switches it on"
    lines = [
        CheckLine("server", True, f"{server.id}, {state}"),
        CheckLine("scheduling", scheduling, "on" if scheduling else "off", advice),
    ]
    if site.dialect is Dialect.OPENPBS:
        lines.append(_history(server))
        lines.append(CheckLine("arrays", None, f"up to {site.array_limit()} tasks"))
    if server.get("query_other_jobs") == "False":
        lines.append(CheckLine("other users' jobs", None, "not shown to you"))
    return lines


def _history(server: Record) -> CheckLine:
    if server.get("job_history_enable") == "True":
        return CheckLine("job history", True, server.get("job_history_duration") or "on")
    return CheckLine(
        "job history",
        None,
        "off: of a job that has ended only what it left itself is known",
        "a job that leaves no exit status will be called LOST, whatever became of it",
    )


def _queue(
    server: Record | None, queues: Mapping[str, Record], defaults: Resources
) -> list[CheckLine]:
    """The queue that jobs go to, and whether the defaults fit its limits."""
    if not queues:
        return [CheckLine("queues", False, "none is shown", "ask the site's administrators")]
    usual = server.get("default_queue") if server is not None else ""
    name = (defaults.queue or usual).partition("@")[0]
    if not name and server is None:  # Slurm does not say which it is
        return [CheckLine("queues", True, ", ".join(sorted(queues)))]
    states = {one: _state(queue) for one, queue in queues.items()}
    lines = [queue_line([name] if name else [], states)]
    queue = queues.get(name)
    if queue is None:
        return lines
    limits = {key: value for key, value in queue.attributes.items() if _is_limit(key)}
    if limits:
        told = ", ".join(f"{key} = {value}" for key, value in limits.items())
        lines.append(CheckLine("limits", None, told))
    longest = seconds(queue.get("resources_max.walltime"))
    if longest is not None and (defaults.walltime or 0) > longest:
        asked = f"{clock(defaults.walltime or 0)} is more than {name} allows"
        hint = f"at most {queue.get('resources_max.walltime')}"
        lines.append(CheckLine("walltime", False, asked, hint))
    return lines


def _state(queue: Record) -> Queue:
    enabled, started = queue.get("enabled") in _TRUE, queue.get("started") in _TRUE
    said = f"{'' if enabled else 'not '}enabled, {'' if started else 'not '}started"
    return Queue(enabled and started, said)


def _is_limit(name: str) -> bool:
    return name.startswith(("resources_max.", "resources_min.", "max_", "acl_"))
