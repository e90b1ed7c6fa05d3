"""PBS as core's batch backend asks for it: which function answers which question."""

from functools import partialmethod

from sojourn.batch.changing import Change
from sojourn_pbs.changes import change
from sojourn_pbs.check import check
from sojourn_pbs.dialects import Site
from sojourn_pbs.directives import directives
from sojourn_pbs.ids import task_id, valid
from sojourn_pbs.look import look
from sojourn_pbs.probe import probe
from sojourn_pbs.script import split, vanished
from sojourn_pbs.search import search
from sojourn_pbs.submit import read_submit, submit_command


class Pbs(Site):
    """OpenPBS and PBS Professional 18 and later, Torque, and Slurm's commands for Torque users.

    Before the probe, and with `dialect: auto`, everything is as for OpenPBS.
    """

    index_variable = "${PBS_ARRAY_INDEX:-${PBS_ARRAYID-}}"
    id_variable = "${PBS_JOBID:-${SLURM_JOB_ID-}}"
    """In a subjob it is `9[3].server`, as `task_id` forms it; Slurm sets no PBS_JOBID."""
    tools = ("qsub", "qstat", "qdel")
    optional_tools = ("qselect", "qhold", "qrls", "qalter")

    probe = staticmethod(probe)
    directives = directives
    split_script = staticmethod(split)
    submit_command = submit_command
    read_submit = staticmethod(read_submit)
    is_id = staticmethod(valid)
    task_id = staticmethod(task_id)
    look = look
    search = search
    vanished = vanished
    cancel = partialmethod(change, what=Change.CANCEL)
    hold = partialmethod(change, what=Change.HOLD)
    release = partialmethod(change, what=Change.RELEASE)
    check = check
