"""Handing in: qsub's command line, and what qsub says."""

import re
from shlex import join, quote

from sojourn.batch.commands import meaning, read_reply, said
from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply, Verdict
from sojourn_pbs import ids
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.shell import NO_SERVER

_AFTER = r"""
sj_qsub() { @QSUB@ ${sj_after:+-W "depend=$sj_after"} @SCRIPT@; }
# sj_forgotten PARENT...: whether the child still waits for one that has gone. One that is ending
# now may forget a child that has just come.
sj_forgotten() {
  for sj_n in 1 2 3 4 5 6 7 8 9; do
    qstat -f "$@" 2>/dev/null | grep -q '^[[:space:]]*job_state = E' || break
    sleep 1
  done
  qstat "$@" >/dev/null 2>&1 && return 1
  for sj_parent; do
    qstat "$sj_parent" >/dev/null 2>&1
    case $? in 153|35) ;; *) continue ;; esac
    case $(qstat -f "$sj_id" 2>/dev/null | tr -d '\n\t') in
      *[:=]"$sj_parent@"*) return 0 ;;
    esac
  done
  return 1
}
sj_end() {
  for sj_child in $sj_stuck; do
    qalter -W "depend=afterany:$sj_id" "$sj_child" >/dev/null 2>&1
  done
  exit 0
}
sj_tries=0 sj_stuck=
while :; do
  sj_jobs= sj_arrays= sj_parents=
  for sj_parent in @PARENTS@; do
    qstat "$sj_parent" >/dev/null 2>&1
    case $? in 153|35) continue ;; esac
    sj_parents="$sj_parents $sj_parent"
    case $sj_parent in
      *"[]"*) sj_arrays=$sj_arrays:$sj_parent ;;
      *) sj_jobs=$sj_jobs:$sj_parent ;;
    esac
  done
  sj_after=${sj_jobs:+,afterany$sj_jobs}${sj_arrays:+,@ARRAY@$sj_arrays}
  sj_after=${sj_after#,}
  sj_id=$(sj_qsub) || exit
  printf '%s\n' "$sj_id"
  sj_id=${sj_id##*
}
  [ -n "$sj_after" ] || sj_end
  qstat "$sj_id" >/dev/null 2>&1
  case $? in
    153|35) ;;
    *)
      sj_forgotten $sj_parents && sleep 1 && sj_forgotten $sj_parents || sj_end
      sj_stuck="$sj_stuck $sj_id"
      ;;
  esac
  sj_tries=$((sj_tries + 1))
  [ "$sj_tries" -lt 5 ] || sj_end
done
"""
"""A server drops a job, without a word, if it waits for one that it no longer knows, however
that one ended. So parents that have gone are left out, and a child that was dropped because one
went meanwhile is handed in again: job.sh runs no attempt twice, and looks at its parents itself.
So is a child that a server left to wait for one that went; the first of them is bound to the
second, after which it does nothing.
"""

_SLURMS_OUTPUT = "sj_out=scheduler.out; case $PWD in *%*) sj_out=/dev/null ;; esac;"
"""Slurm's qsub takes no directory for output, ignores what the script says of it, and reads a %
in the name of the directory that it is called in as the beginning of a field: no job of that
would start."""

_VERDICTS = (
    (Verdict.UNAVAILABLE, NO_SERVER),
    (
        Verdict.FULL,
        r"would exceed .*limit|Maximum number of jobs|exceeds server or queue size limit"
        r"|MaxSubmit\w*Limit|MaxJobCount|MaxArraySize|Bad Job Array Request",
    ),
)
_SPOKEN = r"(?m)^qsub: |^Unknown option|error running the Slurm sbatch command"
_KILLED = range(129, 153)
"""Exit statuses of a qsub that a signal has ended; those of PBS's own begin above."""


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
        after = f"-W depend=afterany:{':'.join(parents)} " if parents else ""
        return f"({_SLURMS_OUTPUT} qsub -o $sj_out -j oe {after}{script})"
    words = join(["-N", call.name, "-o", "./", "-j", "oe", *_array(site.dialect, call)])
    qsub = f'qsub {words} -W umask="$(umask)"'
    if not parents:
        return f"{qsub} {script}"
    text = _AFTER.replace("@QSUB@", qsub).replace("@SCRIPT@", script)
    text = text.replace("@PARENTS@", join(parents))
    arrays = "afteranyarray" if site.dialect is Dialect.TORQUE else "afterany"
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
    return read_reply(result, f"({ids.FORM.pattern})", _reason(result), _verdict)


def _verdict(result: CommandResult) -> Verdict:
    if result.status in _KILLED or not re.search(_SPOKEN, result.words):
        return Verdict.UNAVAILABLE
    return meaning(result.words, _VERDICTS, Verdict.REFUSED)


def _reason(result: CommandResult) -> str:
    """What a person needs of what was printed: neither the usage nor the command line."""
    told = re.findall(r"(?:qsub|sbatch(?:: error)?):\s+(.+?)\s*'?$", result.words, re.MULTILINE)
    return "; ".join(dict.fromkeys(told)) or said(result).partition("; ")[0]
