"""Handing in: the call of sbatch, and what its answer means."""

import re

from sojourn.batch.commands import meaning, read_reply
from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply, Verdict
from sojourn_slurm.commands import said
from sojourn_slurm.site import Site

_OUTAGE = (
    r"Unable to contact|Unable to establish|Socket timed out|Zero Bytes were transmitted"
    r"|[Mm]unge|authentication|[Cc]onnection|[Cc]ommunication|timed out|Message \w+ failure"
    r"|standby mode|persistent connection|Unspecified error|Unexpected message"
)
_VERDICTS = (
    # A limit by its name comes on a line before the general one.
    (Verdict.FULL, r"\b(?:Assoc|QOS|Max)\w*Submit|\bMaxJobCount\b"),
    (Verdict.REFUSED, r"\b(?:Assoc|QOS|Max)[A-Z]\w+"),
    (
        Verdict.FULL,
        r"job submit limit|job queue full|temporarily unable|temporarily disabled"
        r"|Resource temporarily unavailable|Rate limit exceeded|submissions disabled"
        r"|Invalid job array specification|I/O error writing script",
    ),
    (Verdict.UNAVAILABLE, _OUTAGE),
)
_OWN = frozenset({1, 255})
"""How sbatch ends when it refuses: 255 for an option that it does not take."""


def submit_command(site: Site, call: SubmitCall) -> str:
    """The call of sbatch.

    Parents are waited for with `afterany`: `afterok` lets a job run whose parent is not known any
    more, even if that had failed, so job.sh looks for itself.
    """
    words = ["--parsable"]
    if call.first is not None:
        words.append(f"--array={call.first}-{call.first if call.last is None else call.last}")
    if call.after:
        words.append(f"--dependency=afterany:{':'.join(call.after)}")
    return site.commands.change("sbatch", *words, call.script)


def read_submit(result: CommandResult) -> SubmitReply:
    """How sbatch took it. A job that may be in the queue all the same is UNAVAILABLE."""
    return read_reply(result, r"(\d+)(?:;\S*)?", said(result), _verdict)


def _verdict(result: CommandResult) -> Verdict:
    otherwise = Verdict.REFUSED if result.status in _OWN else Verdict.UNAVAILABLE
    return meaning(result.stderr, _VERDICTS, otherwise)


def is_outage(stderr: str) -> bool:
    """Whether a command says that the controller, or the way to it, is out of order."""
    return re.search(_OUTAGE, stderr) is not None
