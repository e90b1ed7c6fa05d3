"""Handing in: the call of sbatch, and what its answer means."""

from sojourn.batch.commands import read_reply
from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply
from sojourn_slurm.answers import read_refusal
from sojourn_slurm.commands import said
from sojourn_slurm.site import Site

ID = r"(\d+)(?:;[\w.-]*)?"
"""A line that is an id: that of a job, with its cluster where one was named."""


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
    """How sbatch took it."""
    return read_reply(result, ID, said(result), read_refusal)
