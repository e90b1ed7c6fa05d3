"""Finding out who stands behind the commands, and what the server allows."""

from collections.abc import Mapping

from sojourn.batch.commands import statuses, unavailable
from sojourn.batch.scheduler import Conversation
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.listing import records

_PROBE = """\
sj_said=$(qstat --version 2>&1); sj_status=$?
printf '%s\\n' "$sj_said"; echo "@status $sj_status"
[ "$sj_status" != 0 ] || { qstat -B -f 2>&1; echo "@status $?"; }"""

_KEPT = ("default_queue", "query_other_jobs", "server_state", "scheduling")
"""Attributes of the server that are facts by their own names."""


def probe() -> Conversation[Mapping[str, str]]:
    """Ask for the version, which needs no server, and for the server's attributes.

    Where the server does not answer the facts are what the commands alone tell.

    Raises:
        SchedulerUnavailable: there is no qstat, or one that nothing is known of.
    """
    result = yield _PROBE
    told = statuses(result.stdout)
    version = told[0] if told else result
    said = version.stdout.strip()
    if version.status == 0 and "pbs_version" in said:
        facts = {"dialect": str(Dialect.OPENPBS), "version": said.partition("=")[2].strip()}
    elif version.status == 0 and "ersion" in said:
        number = said.splitlines()[0].partition(":")[2].strip()
        facts = {"dialect": str(Dialect.TORQUE), "version": number}
    elif "Unknown option: version" in said and "--man" in said:
        return {"dialect": str(Dialect.WRAPPERS), "version": "Slurm's commands for Torque users"}
    else:
        raise unavailable(version, "qstat")
    server = next(iter(records(told[1].stdout)), None) if len(told) > 1 else None
    if server is not None:
        facts |= {name: server.get(name) for name in _KEPT if server.get(name)}
        if limit := server.get("max_array_size") or server.get("max_job_array_size"):
            facts["array_limit"] = limit
        facts["server"] = server.id
        facts["history"] = "on" if server.get("job_history_enable") == "True" else "off"
    return facts
