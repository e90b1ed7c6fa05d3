"""Everything about one job, for a person."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sojourn.cli.amounts import age, count, duration, local_time, size
from sojourn.cli.joblist import remark
from sojourn.cli.tables import table
from sojourn.printable import flat
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.amounts import resource_text

_HEADS = ("ATTEMPT", "STATE", "EXIT", "ID", "SUBMITTED", "WAITED", "RAN", "REASON")


def sheet(job: JobRecord, known: Mapping[str, Any], now: float | None = None) -> Iterator[str]:
    """Lines: what it is, how it stands, where it comes from, its attempts, its result.

    `now` is the time that ages are told from, in seconds since the epoch.
    """
    yield from _pairs(_head(job, time.time() if now is None else now))
    yield ""
    what = known["job"] or _signed(known["components"])
    yield from _pairs(_what(what, known["resources"]))
    yield ""
    yield from _pairs(_provenance(job, known))
    yield ""
    yield from _attempts(known["attempts"]).splitlines()
    used = list(_usage(known["usage"], known["efficiency"]))
    if used:
        yield ""
        yield from _pairs(used)
    yield ""
    yield from _pairs(_result(job, known["result"], known["damage"]))


Pairs = Iterable[tuple[str, str]]


def _pairs(pairs: Pairs) -> Iterator[str]:
    for name, value in pairs:
        if value:
            first, *more = flat(value).split("\\n") if name == "command" else [flat(value)]
            yield f"{name:<11} {first}"
            yield from (f"{'':<11} {rest}" for rest in more)


def _head(job: JobRecord, now: float) -> Pairs:
    yield "job", job.signature
    yield "name", job.name
    state = f"{job.state}" + (f", exit code {job.exit_code}" if job.exit_code is not None else "")
    yield "state", f"{state}: {remark(job)}" if remark(job) else state
    yield "machine", f"{job.machine} ({job.backend})"
    yield "id", job.scheduler_id
    yield "directory", job.job_dir
    if job.polled_at is not None:
        ago = age(now - job.polled_at)
        yield "last asked", f"{local_time(job.polled_at)}, {ago} ago"


def _what(job: Mapping[str, Any], resources: Mapping[str, Any]) -> Pairs:
    import shlex

    command = job.get("command", "")
    yield "command", command if isinstance(command, str) else shlex.join(command)
    yield "script", job.get("script", "")
    for line in job.get("setup", ()):
        yield "setup", line
    for name, source in job.get("inputs", {}).items():
        yield "input", f"{name} <- {_source(source)}"
    for output in job.get("outputs", ()):
        stays = isinstance(output, Mapping)
        yield "output", f"{output['remote']} (stays there)" if stays else output
    yield "env", ", ".join(f"{name}={value}" for name, value in job.get("env", {}).items())
    yield "secrets", ", ".join(job.get("secret_env", ()))
    parameters = job.get("parameters", {})
    yield (
        "parameters",
        ", ".join(f"{name}={json.dumps(value)}" for name, value in parameters.items()),
    )
    yield "version", job.get("version") or ""
    yield "check", job.get("check") or ""
    asked = (f"{word}={resource_text(word, value)}" for word, value in resources.items())
    yield "resources", ", ".join(asked)


_SIGNED = ("command", "setup", "outputs", "env", "parameters", "version", "check")


def _signed(components: Mapping[str, Any]) -> dict[str, Any]:
    """What is known by its signature alone of a job that came with a ticket."""
    signed = {word: components[word] for word in _SIGNED if word in components}
    return {**signed, "script": "its text is in --json"} if "script" in components else signed


def _source(source: Mapping[str, Any]) -> str:
    if "path" in source:
        return str(source["path"])
    if "base64" in source:
        return "bytes given by the program"
    if "remote" in source:
        return f"{source['remote']} on the machine"
    return (
        f"{source.get('output') or 'output'} of {str(source.get('of') or source.get('node'))[:8]}"
    )


def _provenance(job: JobRecord, known: Mapping[str, Any]) -> Pairs:
    version = f" (version {job.workflow_version})" if job.workflow_version else ""
    yield "workflow", job.workflow and job.workflow + version
    yield "step", job.step
    for one in known["memberships"]:
        yield "node", f"{one['workflow']}: {one['node']}"
    yield "user", job.user
    yield "parents", ", ".join(parent[:12] for parent in job.parents)
    for name, component in known["components"].get("inputs", {}).items():
        digest = component.get("digest") or component.get("signature") or ""
        yield "input", f"{name}: {component.get('kind', '')} {digest}".rstrip()
    yield "recorded", local_time(job.created_at)


def _attempts(attempts: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in attempts:
        submitted, started, finished = (
            _seconds(one[name]) for name in ("submitted_at", "started_at", "finished_at")
        )
        code = one["exit_code"]
        rows.append(
            (
                str(one["attempt"]),
                one["state"],
                "" if code is None else str(code),
                one["scheduler_id"],
                "" if submitted is None else local_time(submitted),
                _between(submitted, started),
                _between(started, finished),
                flat(one["reason"]),
            )
        )
    return table(_HEADS, rows)


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _between(start: float | None, end: float | None) -> str:
    return "" if start is None or end is None else duration(end - start)


def _usage(usage: Mapping[str, Any], share: Mapping[str, float]) -> Pairs:
    def of(word: str) -> str:
        return f" ({share[word]:.0%} of what was asked for)" if word in share else ""

    if usage.get("elapsed") is not None:
        yield "elapsed", duration(usage["elapsed"]) + of("walltime")
    if usage.get("cpu") is not None:
        cpus = usage.get("allocated_cpus")
        there = f" on {count(cpus, 'CPU')}" if cpus else ""
        busy = f", {share['cpu']:.0%} of the time they were given" if "cpu" in share else ""
        yield "CPU time", f"{duration(usage['cpu'])}{there}{busy}"
    if usage.get("max_memory") is not None:
        yield "memory", f"at most {size(usage['max_memory'])}{of('memory')}"


def _no_result(job: JobRecord) -> str:
    fetch = f"`sojourn fetch {job.signature[:8]}"
    if job.state is State.COMPLETED:
        return f"not here; {fetch}` brings it"
    if job.state in FINAL:
        return f"none; {fetch} --partial -o DIR` brings what files there are"
    return "not yet"


def _result(job: JobRecord, result: Mapping[str, Any] | None, damage: str) -> Pairs:
    if result is None:
        yield "result", damage or _no_result(job)
        return
    yield "result", result["path"]
    for file in result["files"]:
        yield "", f"{file['name']}  {size(file['size']) if file['kind'] == 'f' else ''}".rstrip()
    for name, there in result["remote"].items():
        yield "", f"{name}  {size(there)}, on {result['machine']}"
