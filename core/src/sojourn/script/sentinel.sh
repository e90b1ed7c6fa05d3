# Stands before the body of every job.sh: whether anything has signalled the job.
#
# A scheduler ends a job by signalling its processes one after another. The shell of `solve; plot`
# may continue after its killed child, exit with 0, and be published before the signal comes here.
# A sentinel is a process that does nothing until it is asked, and answers; a signal that was sent
# to it before takes effect before it can answer. One is older than all that the command starts, and
# one is younger than the command's shell and beside it. So one of them is signalled before anything
# of the command's is, from the youngest down (OpenPBS) as from the oldest up (Slurm).

# sentinel: starts the older one. It is asked by descriptor 8, and ends when that is closed.
sentinel() {
  sj_sentinel=
  for sj_t in "$sj_list.pipe" "${TMPDIR:-/tmp}/sojourn.$sj_run"; do
    mkfifo -m 600 "$sj_t" 2>/dev/null || continue
    if { true 8<>"$sj_t"; } 2>/dev/null; then
      exec 8<>"$sj_t" 9<"$sj_t"
      {
        exec 8>&-
        trap '' USR1 USR2 # may be sent to all of a job as a warning
        trap - TERM
        read -r sj_t <&9
      } 2>/dev/null &
      sj_sentinel=$!
      exec 9<&-
    fi
    rm -f "$sj_t"
    [ -z "$sj_sentinel" ] || return 0
  done
}

# run SCRIPT: runs it with descriptors 7 and 9 as its stdout and stderr, and sets sj_status. The
# younger sentinel answers when it has ended. Nothing goes by way of a disk, which may be full.
run() {
  sj_status=137
  sj_t=$(
    trap : TERM USR1 USR2
    exec 3>&1
    {
      sj_t=whole
      trap sj_t= TERM
      trap : USR1 USR2
      $sj_shell "$1" </dev/null >&7 2>&9 3>&- 7>&- 8>&- 9>&-
      echo "$?" >&3
      echo "$sj_t"
    } | {
      trap '' USR1 USR2
      trap - TERM
      read -r sj_t && echo "$sj_t"
    } 2>/dev/null
  )
  case $sj_t in *whole) ;; *) sj_disturbed=1 ;; esac
  case $sj_t in [0-9]*) sj_status=${sj_t%%[!0-9]*} ;; esac
}

# told FILE WHAT: what a scheduler has written there of its ending this job.
told() {
  [ ! -f "$1" ] || [ ! -s "$1" ] ||
    sed -n -e '/^=>> PBS: job killed/{p;q;}' -e "/\*\*\* $2 ${SLURM_JOB_ID:-?}[. ].* CANCELLED /{p;q;}" "$1"
} 2>/dev/null

# hasty: whether the walltime is nearly over, or Slurm has ended a step, so that this may be next.
hasty() {
  sj_limit=${PBS_WALLTIME:-$sj_walltime}
  case $sj_limit in '' | *[!0-9]*) sj_limit=0 ;; esac
  sj_over=${SLURM_JOB_END_TIME:-$((sj_limit > 0 ? sj_start + sj_limit : 0))}
  case $sj_over in *[!0-9]*) sj_over=0 ;; esac
  sj_early=$(((sj_over - sj_start) / 10))
  [ "$sj_early" -ge 2 ] || sj_early=2
  [ "$sj_early" -le 60 ] || sj_early=60
  [ "$sj_over" = 0 ] || [ "$(($(date +%s) + sj_early))" -lt "$sj_over" ] || return 0
  [ -n "${SLURM_JOB_ID-}" ] && [ -n "$(told "$sj_dir/stderr" STEP)" ]
}

# linger: gives a signal that has ended a child of the command's the time to come to the sentinel
# and here, too: a tenth of what the command ran for, from 0.2 s up to 1 s, and more near the limit.
linger() {
  sj_t=$(($(date +%s) - sj_start))
  if hasty; then
    sj_t=3
  elif [ "$sj_t" -ge 10 ]; then
    sj_t=1
  elif [ "$sj_t" -lt 2 ]; then
    sj_t=0.2
  else
    sj_t=0.$sj_t
  fi
  sleep "$sj_t" 2>/dev/null || sleep 1 # where sleep takes whole seconds only
}

# undisturbed: whether nothing has signalled the job until now; sj_why is what the scheduler said.
undisturbed() {
  sj_why=
  [ -z "${SLURM_JOB_ID-}${PBS_JOBID-}" ] || sj_why=$(told "/proc/$$/fd/2" JOB)
  [ -z "$sj_why" ] && [ ! -e "$sj_dir/cancelled" ] || sj_disturbed=1
  if [ -n "$sj_sentinel" ]; then
    echo >&8
    wait "$sj_sentinel" || sj_disturbed=1
    sj_sentinel=
  fi
  [ -z "$sj_disturbed$sj_asked" ]
}
