"""Handing in: qsub's command line, and what qsub says."""

import re
from functools import cache
from importlib.resources import files
from shlex import join, quote

from sojourn.batch.commands import read_reply, said
from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply
from sojourn_pbs import ids
from sojourn_pbs.answers import read_refusal
from sojourn_pbs.dialects import Dialect, Site

ID = f"({ids.PRINTED})"
"""A line that is an id."""


@cache
def _after() -> str:
    """The program that hands in a job that waits for others, without its comments."""
    lines = (files("sojourn_pbs") / "after.sh").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


_SLURMS_OUTPUT = "sj_out=scheduler.out; case $PWD in *%*) sj_out=/dev/null ;; esac;"
"""Slurm's qsub takes no directory for output, ignores what the script says of it, and reads a %
in the name of the directory that it is called in as the beginning of a field: no job of that
would start."""


def submit_command(site: Site, call: SubmitCall) -> str:
    """qsub, called in the submission's directory.

    Output goes there under a relative name, since a colon in an absolute one would be read as a
    host's. The job gets the umask of whoever submits, which job.sh sets again for itself. qsub's
    own `-v` and `-V` are not used: they do not hand on values as they are.
    """
    # A subjob cannot be waited for: OpenPBS calls that an illegal value. Its array can.
    parents = list(dict.fromkeys(ids.whole(parent) for parent in call.after))
    script = quote(call.script)
    if site.dialect is Dialect.WRAPPERS:
        after = ["-W", f"depend=afterany:{':'.join(parents)}"] if parents else []
        return f'({_SLURMS_OUTPUT} qsub -o "$sj_out" -j oe {join([*after, call.script])})'
    words = join(["-N", call.name, "-o", "./", "-j", "oe", *_array(site.dialect, call)])
    qsub = f'qsub {words} -W umask="$(umask)"'
    if not parents:
        return f"{qsub} {script}"
    text = _after().replace("@QSUB@", qsub).replace("@SCRIPT@", script)
    text = text.replace("@ID@", quote(ids.PRINTED)).replace("@PARENTS@", join(parents))
    arrays = "afteranyarray" if site.dialect is Dialect.TORQUE else "afterany"
    return f"({text.replace('@ARRAY@', arrays)}\n)"


def _array(dialect: Dialect, call: SubmitCall) -> list[str]:
    """The array's bounds. OpenPBS takes no array of one but one with a step beyond its end."""
    first, last = call.first, call.last
    if first is None or last is None:
        return []
    if dialect is Dialect.TORQUE:
        return ["-t", f"{first}-{last}"]
    return ["-J", f"{first}-{last}" if first < last else f"{first}-{first + 1}:2"]


def read_submit(result: CommandResult) -> SubmitReply:
    """What qsub has said."""
    return read_reply(result, ID, _reason(result), read_refusal)


def _reason(result: CommandResult) -> str:
    """What a person needs of what was printed: neither the usage nor the command line."""
    told = re.findall(r"(?:qsub|sbatch(?:: error)?):\s+(.+?)\s*'?$", result.words, re.MULTILINE)
    return "; ".join(dict.fromkeys(told)) or said(result).partition("; ")[0]
