"""What `sojourn machines check` tries of Slurm, beyond the transport."""

import re
from collections.abc import Mapping, Sequence
from shlex import quote

from sojourn.batch.checks import Queue, queue_lines, version_line
from sojourn.batch.scheduler import CommandResult, Conversation, Header
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources
from sojourn_slurm import sacct
from sojourn_slurm.commands import said
from sojourn_slurm.directives import directives
from sojourn_slurm.probe import facts as found
from sojourn_slurm.probe import question
from sojourn_slurm.site import Site

OLDEST = (20, 11)
_ACCOUNTS = 'sacctmgr -nP show associations format=account "user=$(id -un)"'
_VARIABLES = "env | sed -n 's/^\\(SBATCH_[A-Z0-9_]*\\)=.*/\\1/p'"


def check(site: Site, defaults: Resources) -> Conversation[Sequence[CheckLine]]:
    """One line for each thing tried, on what the probe finds now."""
    result = yield question(site)
    facts = found(result.stdout)
    site = type(site)(site.options, facts)
    commands = site.commands
    lines = [version_line("Slurm's commands", facts.get("version", ""), OLDEST)]
    cluster = facts.get("ClusterName")
    if cluster is None:
        return [*lines, _silent(commands.cluster, result)]
    lines.append(CheckLine("controller", True, f"cluster {cluster} answers"))
    most = f"up to {site.array_limit()} tasks; the queue holds {facts.get('MaxJobCount', '?')}"
    lines.append(CheckLine("arrays", True, most))
    answer = (yield sacct.ask(commands, ["1"])) if site.accounting else None
    lines.append(_accounting(answer))
    result = yield commands.change("scontrol", "show", "partition", "--oneliner")
    lines += _queues(defaults, result)
    if site.accounting and defaults.account is not None:
        result = yield f"{_ACCOUNTS} cluster={quote(commands.cluster or cluster)}"
        lines.append(_account(defaults.account, result))
    if "jobs" in facts.get("PrivateData", ""):
        advice = "in a root shared by a group, each can follow their own jobs only"
        lines.append(CheckLine("privacy", None, "jobs of others are not shown", advice))
    result = yield _VARIABLES
    names = sorted(set(result.stdout.split()))
    if names:
        advice = "Sojourn ignores them: put what they say into the machine's defaults"
        told = f"your start-up files set {' '.join(names)}"
        lines.append(CheckLine("environment", None, told, advice))
    header = Header(name="sojourn-check", directory="/")
    script = "\n".join(("#!/bin/sh", *directives(site, defaults, header), "true"))
    result = yield f"printf '%s\\n' {quote(script)} | {commands.change('sbatch', '--test-only')}"
    lines.append(_trial(result))
    return lines


def _silent(cluster: str, result: CommandResult) -> CheckLine:
    """What Slurm says itself, when it does not tell its configuration."""
    advice = "try `scontrol ping` there; nothing is lost meanwhile"
    if cluster:
        advice = (
            f"if `cluster: {cluster}` is right, t{advice[1:]}; `sacctmgr list clusters` names all"
        )
    return CheckLine("controller", False, said(result) or "does not answer", advice)


def _accounting(result: CommandResult | None) -> CheckLine:
    if result is None:
        age = "what ended longer ago than MinJobAge is known by its exit file only"
        return CheckLine("accounting", None, "there is none", age)
    if result.status == 0:
        return CheckLine("accounting", True, "sacct answers")
    advice = "`accounting: off` in machines.yaml does without; jobs go on either way"
    return CheckLine("accounting", False, said(result), advice)


def _queues(defaults: Resources, result: CommandResult) -> list[CheckLine]:
    if result.status != 0:
        return [CheckLine("queue", False, said(result))]
    settings = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in result.stdout.splitlines()]
    queues = {one["PartitionName"]: one for one in settings if "PartitionName" in one}
    usual = [name for name, one in queues.items() if one.get("Default") == "YES"]
    return queue_lines(defaults, usual, {name: _state(one) for name, one in queues.items()})


def _state(partition: Mapping[str, str]) -> Queue:
    state, most = partition.get("State", "UP"), partition.get("MaxTime", "")
    return Queue(state == "UP", f"{state}, walltime at most {most}", most)


def _account(wanted: str, result: CommandResult) -> CheckLine:
    if result.status != 0:
        return CheckLine("account", None, said(result))
    accounts = sorted(set(result.stdout.split()))
    if wanted in accounts or not accounts:
        return CheckLine("account", True, wanted)
    return CheckLine("account", False, f"not {wanted}", f"yours are: {', '.join(accounts)}")


def _trial(result: CommandResult) -> CheckLine:
    if result.status == 0:
        when = re.search(r"to start at (\S+)", result.stderr)
        return CheckLine("a job", True, f"would start at {when[1]}" if when else "would be taken")
    advice = "look at `account`, `queue`, `qos` and `walltime` of the machine's defaults"
    return CheckLine("a job", False, said(result), advice)
