"""Handing in: the call of sbatch, and what its answer means."""

import re

from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply, Verdict
from sojourn_slurm.commands import Commands, said

_OUTAGE = re.compile(
    r"Unable to contact|Unable to establish|Socket timed out|Zero Bytes were transmitted"
    r"|[Mm]unge|authentication|[Cc]onnection|[Cc]ommunication|timed out|Message \w+ failure"
    r"|standby mode|persistent connection|Unspecified error|Unexpected message"
)
_LIMIT = re.compile(r"\b(?:Assoc|QOS|Max)[A-Z]\w+")
"""A limit by its name, on a line before the general one."""
_FULL = re.compile(
    r"job submit limit|MaxJobCount|job queue full|temporarily unable|temporarily disabled"
    r"|Resource temporarily unavailable|Rate limit exceeded|submissions disabled"
    r"|Invalid job array specification|I/O error writing script"
)
_ACCEPTED = re.compile(r"(\d+)(?:;\S*)?")


def command(commands: Commands, call: SubmitCall) -> str:
    """The call of sbatch.

    Parents are waited for with `afterany`: `afterok` lets a job run whose parent is not known any
    more, even if that had failed, so job.sh looks for itself.
    """
    words = ["--parsable"]
    if call.first is not None:
        words.append(f"--array={call.first}-{call.first if call.last is None else call.last}")
    if call.after:
        words.append(f"--dependency=afterany:{':'.join(call.after)}")
    return commands.change("sbatch", *words, call.script)


def read(result: CommandResult) -> SubmitReply:
    """How sbatch took it. A job that may be in the queue all the same is UNAVAILABLE."""
    if result.status == 0:
        last = result.stdout.strip().rpartition("\n")[2].strip()
        match = _ACCEPTED.fullmatch(last)
        if match is not None:
            return SubmitReply(Verdict.TAKEN, match[1])
        return SubmitReply(Verdict.UNAVAILABLE, reason=f"sbatch printed no id: {said(result)}")
    return SubmitReply(_verdict(result), reason=said(result))


def _verdict(result: CommandResult) -> Verdict:
    limit = _LIMIT.search(result.stderr)
    if limit is not None and limit[0] != "MaxJobCount":
        return Verdict.FULL if "Submit" in limit[0] else Verdict.REFUSED
    if _FULL.search(result.stderr):
        return Verdict.FULL
    # It ends with 1, or with 255 for an option it does not take; all else is not its own word.
    if is_outage(result.stderr) or result.status not in (1, 255):
        return Verdict.UNAVAILABLE
    return Verdict.REFUSED


def is_outage(stderr: str) -> bool:
    """Whether a command says that the controller, or the way to it, is out of order."""
    return _OUTAGE.search(stderr) is not None
