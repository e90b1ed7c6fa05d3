"""Handing in: qsub's command line, and what qsub says."""

import re

from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply, Verdict
from sojourn_pbs import ids
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.shell import command, no_server

_AFTER = r"""
sj_qsub() { @QSUB@ ${sj_after:+-W "depend=$sj_after"} @SCRIPT@; }
sj_tries=0
while :; do
  sj_jobs= sj_arrays=
  for sj_parent in @PARENTS@; do
    qstat "$sj_parent" >/dev/null 2>&1
    case $? in 153|35) continue ;; esac
    case $sj_parent in
      *"[]"*) sj_arrays=$sj_arrays:$sj_parent ;;
      *) sj_jobs=$sj_jobs:$sj_parent ;;
    esac
  done
  sj_after=${sj_jobs:+,afterany$sj_jobs}${sj_arrays:+,@ARRAY@$sj_arrays}
  sj_after=${sj_after#,}
  sj_id=$(sj_qsub) || exit
  printf '%s\n' "$sj_id"
  [ -n "$sj_after" ] || exit 0
  qstat "${sj_id##*
}" >/dev/null 2>&1
  case $? in 153|35) ;; *) exit 0 ;; esac
  sj_tries=$((sj_tries + 1))
  [ "$sj_tries" -lt 5 ] || exit 0
done
"""
"""A server drops a job, without a word, if it waits for one that it no longer knows, however
that one ended. So parents that have gone are left out, and a child that was dropped because one
went meanwhile is handed in again: job.sh runs no attempt twice, and looks at its parents itself.
"""

_SLURMS_OUTPUT = "sj_out=scheduler.out; case $PWD in *%*) sj_out=/dev/null ;; esac;"
"""Slurm's qsub takes no directory for output, ignores what the script says of it, and reads a %
in the name of the directory that it is called in as the beginning of a field: no job of that
would start."""

_FULL = re.compile(
    r"would exceed .*limit|Maximum number of jobs|exceeds server or queue size limit"
    r"|MaxSubmit\w*Limit|MaxJobCount|MaxArraySize|Bad Job Array Request"
)
_SPOKEN = re.compile(
    r"^qsub: |^Unknown option|error running the Slurm sbatch command", re.MULTILINE
)
_KILLED = range(129, 153)
"""Exit statuses of a qsub that a signal has ended; those of PBS's own begin above."""


def submit_command(dialect: Dialect, call: SubmitCall) -> str:
    """qsub, called in the submission's directory.

    Output goes there under a relative name, since a colon in an absolute one would be read as a
    host's. The job gets the umask of whoever submits, which job.sh sets again for itself. qsub's
    own `-v` and `-V` are not used: they do not hand on values as they are.
    """
    # A subjob cannot be waited for: OpenPBS calls that an illegal value. Its array can.
    parents = list(dict.fromkeys(ids.whole(parent) for parent in call.after))
    if dialect is Dialect.WRAPPERS:
        after = ["-W", f"depend=afterany:{':'.join(parents)}"] if parents else []
        return f"({_SLURMS_OUTPUT} qsub -o $sj_out {command('-j', 'oe', *after, call.script)})"
    words = command("-N", call.name, "-o", "./", "-j", "oe", *_array(dialect, call))
    qsub = f'qsub {words} -W umask="$(umask)"'
    if not parents:
        return f"{qsub} {command(call.script)}"
    text = _AFTER.replace("@QSUB@", qsub).replace("@SCRIPT@", command(call.script))
    text = text.replace("@PARENTS@", command(*parents))
    arrays = "afteranyarray" if dialect is Dialect.TORQUE else "afterany"
    return f"({text.replace('@ARRAY@', arrays)})"


def _array(dialect: Dialect, call: SubmitCall) -> list[str]:
    """The array's bounds. OpenPBS takes no array of one but one with a step beyond its end."""
    first, last = call.first, call.last
    if first is None or last is None:
        return []
    if dialect is Dialect.TORQUE:
        return ["-t", f"{first}-{last}"]
    return ["-J", f"{first}-{last}" if first < last else f"{first}-{first + 1}:2"]


def read_submit(result: CommandResult) -> SubmitReply:
    """What qsub has said. Its words count before its exit status: releases number those anew."""
    if result.status == 0:
        last = (result.stdout.strip().splitlines() or [""])[-1].split()
        if last and ids.valid(last[0]):
            return SubmitReply(Verdict.TAKEN, last[0])
        return SubmitReply(Verdict.UNAVAILABLE, reason=f"qsub printed no id: {_reason(result)}")
    if no_server(result) or result.status in _KILLED or not _SPOKEN.search(result.words):
        return SubmitReply(Verdict.UNAVAILABLE, reason=_reason(result))
    verdict = Verdict.FULL if _FULL.search(result.words) else Verdict.REFUSED
    return SubmitReply(verdict, reason=_reason(result))


def _reason(result: CommandResult) -> str:
    """What a person needs of what was printed: neither the usage nor the command line."""
    said = re.findall(r"(?:qsub|sbatch(?:: error)?):\s+(.+?)\s*'?$", result.words, re.MULTILINE)
    lines = said or [line for line in result.words.splitlines() if line.strip()][:1]
    return "; ".join(dict.fromkeys(lines)) or f"qsub ended with exit status {result.status}"
