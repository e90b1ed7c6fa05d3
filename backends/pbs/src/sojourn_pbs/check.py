"""What `sojourn machines check` tries of PBS: server, history, queue and its limits."""

from collections.abc import Mapping, Sequence

from sojourn.batch.checks import Queue, queue_lines, version_line
from sojourn.batch.commands import statuses
from sojourn.batch.scheduler import Conversation, Header
from sojourn.errors import UnsupportedResource
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.directives import directives
from sojourn_pbs.listing import Record, records

_TRUE = frozenset({"True", "yes"})
_ASK = """\
qstat -B -f 2>&1; echo "@status $?"
qstat -Q -f 2>&1; echo "@status $?"
id -u; echo "@status $?\""""


_WRAPPERS = CheckLine(
    "scheduler",
    None,
    "Slurm's commands for Torque users: no arrays, and no exit statuses from qstat",
    "`backend: slurm` tells more and does more on this machine",
)
_ROOT = CheckLine("user", False, "root", "PBS runs no jobs for root: connect as another user")
_NO_HISTORY = CheckLine(
    "job history",
    None,
    "off: of a job that has ended only what it left itself is known",
    "a job that leaves no exit status will be called LOST, whatever became of it",
)
_OLDEST = {Dialect.OPENPBS: (18,), Dialect.TORQUE: (4,)}
_LIMITS = ("resources_max.", "resources_min.", "max_", "acl_")
"""What a queue's attributes that limit jobs begin with."""


def check(site: Site, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
    """One line for each thing, with what to do about it."""
    wrappers = site.dialect is Dialect.WRAPPERS
    result = yield _ASK.partition("\n")[2] if wrappers else _ASK
    told = [answer.stdout for answer in statuses(result.stdout)]
    server = next(iter(records(told[0])), None) if told and not wrappers else None
    queues = {one.id: one for text in told[-2:-1] for one in records(text)}
    lines = [CheckLine("dialect", True, str(site.dialect))]
    if site.dialect in _OLDEST and "version" in site.facts:
        lines.append(version_line("version", site.facts["version"], _OLDEST[site.dialect]))
    lines += [_WRAPPERS] if wrappers else _server(site, server, told)
    if told and told[-1].strip() == "0" and site.dialect is Dialect.OPENPBS:
        lines.append(_ROOT)
    lines += _queue(server, queues, defaults)
    try:
        directives(site, defaults, Header("sj-check", "/"))
    except UnsupportedResource as error:
        lines.append(CheckLine("defaults", False, error.message, error.hint))
    return lines


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
        duration = server.get("job_history_duration") or "on"
        kept = server.get("job_history_enable") == "True"
        lines.append(CheckLine("job history", True, duration) if kept else _NO_HISTORY)
        lines.append(CheckLine("arrays", None, f"up to {site.array_limit()} tasks"))
    if server.get("query_other_jobs") == "False":
        lines.append(CheckLine("other users' jobs", None, "not shown to you"))
    return lines


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
    asked = defaults.model_copy(update={"queue": name})
    lines = queue_lines(asked, [], {one: _state(queue) for one, queue in queues.items()})
    limits = queues[name].attributes.items() if name in queues else ()
    told = [f"{one} = {value}" for one, value in limits if one.startswith(_LIMITS)]
    return [*lines, CheckLine("limits", None, ", ".join(told))] if told else lines


def _state(queue: Record) -> Queue:
    enabled, started = queue.get("enabled") in _TRUE, queue.get("started") in _TRUE
    said = f"{'' if enabled else 'not '}enabled, {'' if started else 'not '}started"
    return Queue(enabled and started, said, queue.get("resources_max.walltime"))
