"""Everything that is known of one job, gathered from store and results; contacts nothing."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sojourn.errors import DamagedResult
from sojourn.store.history import AttemptRecord
from sojourn.store.records import JobRecord, rfc3339

if TYPE_CHECKING:
    from sojourn.results.cache import ResultCache
    from sojourn.results.result import Result
    from sojourn.store.store import Store


def facts(store: "Store", results: "ResultCache", job: JobRecord) -> dict[str, Any]:
    """A JSON-able mapping: the fields of the list, and all that `show` adds to them."""
    attempts = store.attempts(job.signature, job.machine)
    members = store.memberships(job.signature, job.machine)
    result, damage = _result(results, job)
    return {
        **job.to_json(),
        "job": json.loads(job.job),
        "components": json.loads(job.components),
        "efficiency": efficiency(json.loads(job.usage), json.loads(job.resources)),
        "attempts": [_attempt(one) for one in attempts],
        "memberships": [
            {"workflow": one.workflow, "node": one.node, "step": one.step} for one in members
        ],
        "result": None
        if result is None
        else {
            "path": str(result.path),
            "machine": result.machine,
            "attempt": result.manifest.attempt,
            "files": [
                {"name": file.name, "size": file.size, "kind": file.kind, "sha256": file.digest}
                for file in result.manifest.files
            ],
            "remote": dict(result.remote),
            "consumed": dict(result.manifest.consumed),
            "fetched_at": _time(result.manifest.fetched_at),
        },
        "damage": damage,
    }


def efficiency(usage: Mapping[str, Any], resources: Mapping[str, Any]) -> dict[str, float]:
    """Shares of what was given that were used, as far as they were accounted.

    `cpu`: CPU time over elapsed time on all CPUs; `memory`: the most that was used over what
    was asked for; `walltime`: elapsed time over what was asked for.
    """
    found: dict[str, float] = {}
    elapsed, cpu = usage.get("elapsed"), usage.get("cpu")
    cpus = usage.get("allocated_cpus") or _cpus(resources)
    if elapsed and cpu is not None and cpus:
        found["cpu"] = round(cpu / (elapsed * cpus), 4)
    memory = resources.get("memory") or resources.get("memory_per_cpu", 0) * (cpus or 0)
    if memory and usage.get("max_memory") is not None:
        found["memory"] = round(usage["max_memory"] / memory, 4)
    if elapsed is not None and resources.get("walltime"):
        found["walltime"] = round(elapsed / resources["walltime"], 4)
    return found


def _cpus(resources: Mapping[str, Any]) -> int:
    tasks = resources.get("tasks") or resources.get("nodes", 1) * resources.get("tasks_per_node", 1)
    return int(tasks * resources.get("cpus_per_task", 1))


def _result(results: "ResultCache", job: JobRecord) -> "tuple[Result | None, str]":
    try:
        result = results.get(job.signature)
        foreign = result is not None and result.manifest.imported and result.machine != job.machine
        return None if foreign else result, ""
    except DamagedResult as damaged:
        return None, damaged.message


def _attempt(one: AttemptRecord) -> dict[str, Any]:
    return {
        "attempt": one.attempt,
        "state": one.state.value,
        "exit_code": one.exit_code,
        "reason": one.reason,
        "scheduler_id": one.scheduler_id,
        "submitted_at": _time(one.submitted_at),
        "started_at": _time(one.started_at),
        "finished_at": _time(one.finished_at),
        "job_dir": one.job_dir,
        "resources": json.loads(one.resources),
        "usage": json.loads(one.usage),
    }


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)
