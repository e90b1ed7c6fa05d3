"""Slurm as core's batch backend asks for it: which function answers which question."""

from functools import partialmethod

from sojourn.batch.changing import Change
from sojourn_slurm.change import change
from sojourn_slurm.check import check
from sojourn_slurm.directives import directives, split, warning
from sojourn_slurm.ids import is_id, task_id
from sojourn_slurm.look import look, search
from sojourn_slurm.probe import probe
from sojourn_slurm.site import Site
from sojourn_slurm.submit import read_submit, submit_command


class Slurm(Site):
    """Slurm 20.11 and later, with and without accounting."""

    index_variable = "${SLURM_ARRAY_TASK_ID-}"
    id_variable = (
        "${SLURM_ARRAY_JOB_ID:-${SLURM_JOB_ID-}}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
    )
    tools = ("sbatch", "squeue", "scancel", "scontrol")
    optional_tools = ("sacct",)

    probe = probe
    directives = directives
    split_script = staticmethod(split)
    warning = staticmethod(warning)
    submit_command = submit_command
    read_submit = staticmethod(read_submit)
    is_id = staticmethod(is_id)
    task_id = staticmethod(task_id)
    look = look
    search = search
    cancel = partialmethod(change, what=Change.CANCEL)
    hold = partialmethod(change, what=Change.HOLD)
    release = partialmethod(change, what=Change.RELEASE)
    check = check
