"""How Slurm's commands are called: quoted, and free of the caller's settings."""

from dataclasses import dataclass
from shlex import join

from sojourn.batch import commands
from sojourn.batch.scheduler import CommandResult

# SBATCH_TIMELIMIT and its like outrank a script's directives, SQUEUE_PARTITION hides jobs, and
# the SLURM_ARRAY_TASK_ID of a job around us would reach the jobs handed in. What says where the
# controller is stays. Starts no program: there may be hundreds of calls.
_FORGET = r"""set -f
IFS='
'
for v in $(export -p); do
v=${v#export } v=${v#declare -x } v=${v#typeset -x } v=${v%%=*}
case $v in
*[!A-Z0-9_]*|SLURM_CONF|SLURM_CONF_SERVER|SLURM_JWT|SLURM_SACK_*) ;;
SLURM_*|SBATCH_*|SQUEUE_*|SACCT_*|SCANCEL_*|SCONTROL_*|SINFO_*) unset "$v" ;;
esac
done
unset IFS"""

# Times as seconds since the epoch, and lists of array tasks at their full length.
_PLAIN = "SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0"

_LABEL = r"(?:\w+: )?(?:error: )?(?:Batch job submission failed: |slurm_load_\w+ error: )?"
MOST = 2_000
"""Ids of one call: Slurm compares each with every job."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Renders calls. `cluster` is what `-M` gets, if anything."""

    cluster: str = ""
    federated: bool = False

    def change(self, program: str, *words: str) -> str:
        """A call of sbatch, scancel or scontrol."""
        return self._call("", program, *words)

    def ask(self, program: str, *words: str) -> str:
        """A call of squeue or sacct, which prints times as seconds since the epoch."""
        everywhere = ["--federation"] if self.federated and not self.cluster else []
        return self._call(f"{_PLAIN} ", program, *everywhere, *words)

    def _call(self, settings: str, program: str, *words: str) -> str:
        where = [f"--clusters={self.cluster}"] if self.cluster else []
        return f"({_FORGET}\n{settings}{join((program, *where, *words))})"


def said(result: CommandResult) -> str:
    """What a command complained about, on one line, without what every such line begins with."""
    return commands.said(result, _LABEL)
