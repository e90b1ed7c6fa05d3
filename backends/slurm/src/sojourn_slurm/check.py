"""What `sojourn machines check` tries of Slurm, beyond the transport."""

import re
from collections.abc import Mapping, Sequence
from shlex import quote

from sojourn.batch.scheduler import CommandResult, Conversation
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources
from sojourn_slurm import sacct
from sojourn_slurm.commands import Commands, said
from sojourn_slurm.probe import array_limit, has_accounting, probe

OLDEST = (20, 11)
_VARIABLES = "env | sed -n 's/^\\(SBATCH_[A-Z0-9_]*\\)=.*/\\1/p'"
_STARTS = "to start at"


def check(
    commands: Commands, accounting: bool | None, defaults: Resources, directives: Sequence[str]
) -> Conversation[Sequence[CheckLine]]:
    """One line for each thing tried. `directives` are those of a job with the defaults alone."""
    facts = yield from probe(commands)
    lines = [_version(facts), _controller(facts)]
    if "ClusterName" not in facts:
        return lines
    lines.append(_arrays(facts))
    accounting = has_accounting(facts) if accounting is None else accounting
    answer = (yield sacct.ask(commands, ["1"])) if accounting else None
    lines.append(_accounting(accounting, answer))
    result = yield commands.change("scontrol", "show", "partition", "--oneliner")
    lines.append(_queue(defaults.queue, result))
    if accounting and defaults.account is not None:
        cluster = quote(commands.cluster or facts["ClusterName"])
        result = yield (
            f'sacctmgr -nP show associations format=account "user=$(id -un)" cluster={cluster}'
        )
        lines.append(_account(defaults.account, result))
    if "jobs" in facts.get("PrivateData", ""):
        lines.append(_private())
    result = yield _VARIABLES
    lines += _variables(result)
    script = "\n".join(("#!/bin/sh", *directives, "true"))
    result = yield f"printf '%s\\n' {quote(script)} | {commands.change('sbatch', '--test-only')}"
    lines.append(_trial(result))
    return lines


def _version(facts: Mapping[str, str]) -> CheckLine:
    version = facts.get("version", "")
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if not numbers:
        advice = "set `path` to the directory that holds sbatch"
        return CheckLine("Slurm's commands", False, "sbatch does not say its version", advice)
    old = f"older than {'.'.join(map(str, OLDEST))}, the oldest that Sojourn knows"
    ok = numbers >= OLDEST
    return CheckLine("Slurm's commands", ok or None, version, "" if ok else old)


def _controller(facts: Mapping[str, str]) -> CheckLine:
    if "ClusterName" in facts:
        return CheckLine("controller", True, f"cluster {facts['ClusterName']} answers")
    advice = "try `scontrol ping` there; nothing is lost meanwhile"
    return CheckLine("controller", False, "does not answer", advice)


def _arrays(facts: Mapping[str, str]) -> CheckLine:
    queue = facts.get("MaxJobCount", "?")
    return CheckLine("arrays", True, f"up to {array_limit(facts)} tasks; the queue holds {queue}")


def _accounting(there: bool | None, result: CommandResult | None) -> CheckLine:
    if result is None:
        age = "what ended longer ago than MinJobAge is known by its exit file only"
        return CheckLine("accounting", None, "there is none" if there is False else "unknown", age)
    if result.status == 0:
        return CheckLine("accounting", True, "sacct answers")
    advice = "`accounting: off` in machines.yaml does without; jobs go on either way"
    return CheckLine("accounting", False, said(result), advice)


def _queue(wanted: str | None, result: CommandResult) -> CheckLine:
    if result.status != 0:
        return CheckLine("queue", False, said(result))
    queues = {
        values["PartitionName"]: values
        for line in result.stdout.splitlines()
        if "PartitionName" in (values := dict(re.findall(r"(\w+)=(\S*)", line)))
    }
    open_ = sorted(name for name, values in queues.items() if values.get("State") == "UP")
    names = ", ".join(open_)
    usual = next((name for name, values in queues.items() if values.get("Default") == "YES"), None)
    for name in (wanted or usual or "").split(","):
        if not name:
            advice = f"set `queue` in the machine's defaults, one of: {names}"
            return CheckLine("queue", False, "none given, and the cluster has no default", advice)
        if name not in queues:
            return CheckLine("queue", False, f"there is no {name}", f"one of: {names}")
        state = queues[name].get("State", "UP")
        if state != "UP":
            return CheckLine("queue", False, f"{name} is {state}", f"wait, or one of: {names}")
    most = queues[name].get("MaxTime", "")
    return CheckLine("queue", True, f"{wanted or usual} is up, walltime at most {most}")


def _account(wanted: str, result: CommandResult) -> CheckLine:
    if result.status != 0:
        return CheckLine("account", None, said(result))
    accounts = sorted(set(result.stdout.split()))
    if wanted in accounts or not accounts:
        return CheckLine("account", True, wanted)
    return CheckLine("account", False, f"not {wanted}", f"yours are: {', '.join(accounts)}")


def _private() -> CheckLine:
    advice = "in a root shared by a group, each can follow their own jobs only"
    return CheckLine("privacy", None, "jobs of others are not shown", advice)


def _variables(result: CommandResult) -> list[CheckLine]:
    names = " ".join(sorted(set(result.stdout.split())))
    advice = "Sojourn ignores them: put what they say into the machine's defaults"
    line = CheckLine("environment", None, f"your start-up files set {names}", advice)
    return [line] if names else []


def _trial(result: CommandResult) -> CheckLine:
    if result.status == 0:
        when = re.search(rf"{_STARTS} (\S+)", result.stderr)
        return CheckLine("a job", True, f"would start at {when[1]}" if when else "would be taken")
    advice = "look at `account`, `queue`, `qos` and `walltime` of the machine's defaults"
    return CheckLine("a job", False, said(result), advice)
