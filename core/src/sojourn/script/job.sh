# The body of every job.sh. In front of it stand: the directives, sj_root, sj_token, sj_index,
# sj_scheduler (the id under which this runs), sj_umask, sj_shell (words), sj_warning (the signal
# that this process alone is sent ahead of its end, if that was asked for), and sentinel.sh.
# It creates no directory that should be there, and does nothing at all unless the attempt's
# claim names this submission and this run is the one that has started it.
unset CDPATH ENV BASH_ENV
umask "$sj_umask"
cd /
sj_host=${SLURMD_NODENAME:-$(uname -n)}
sj_sub=$sj_root/submissions/$sj_token
[ -r "$sj_sub/$sj_index.task" ] || exit 0
. "$sj_sub/$sj_index.task"
sj_dir=$sj_root/jobs/$sj_job
sj_t=
{ read -r sj_t sj_rest <"$sj_dir/claim"; } 2>/dev/null
[ "$sj_t" = "$sj_token" ] || exit 0

sj_start=$(date +%s)
sj_run=$sj_host.$$.$sj_start
sj_line="$sj_token ${sj_scheduler:--} $sj_start $sj_run"
printf '%s\n' "$sj_line" >"$sj_dir/run.$sj_run" || exit 1
sj_t=$(ln "$sj_dir/run.$sj_run" "$sj_dir/started" 2>&1) || [ -e "$sj_dir/started" ] ||
  printf 'sojourn: this job cannot be started: %s\n' "$sj_t" >&2
sj_t=
{ IFS= read -r sj_t <"$sj_dir/started"; } 2>/dev/null
if [ "$sj_t" != "$sj_line" ]; then
  # Only a run that the scheduler itself has started again may go on from here.
  [ "$sj_requeue" = 1 ] && [ "${sj_t%% *}" = "$sj_token" ] || {
    # One that may not be is over, if the scheduler has begun it again; that is told in its place.
    case $sj_t in
      "$sj_token ${sj_scheduler:--} "*)
        sj_t=${sj_t#* * }
        printf 'sojourn-exit 1\nverdict again\nstatus 0\nstarted %s\nfinished %s\nrun %s\nfiles\n' \
          "${sj_t%% *}" "$sj_start" "$sj_run" >"$sj_dir/exit.$sj_run"
        # So it is if the first was asked to end for that, and not because Sojourn has cancelled it.
        sj_t=
        { read -r sj_t && read -r sj_t; } <"$sj_dir/exit" 2>/dev/null
        if [ "$sj_t" = 'verdict asked' ] && [ ! -e "$sj_dir/cancelled" ]; then
          mv -f "$sj_dir/exit.$sj_run" "$sj_dir/exit"
        else
          ln "$sj_dir/exit.$sj_run" "$sj_dir/exit" 2>/dev/null
          rm -f "$sj_dir/exit.$sj_run"
        fi
        ;;
    esac
    rm -f "$sj_dir/run.$sj_run"
    exit 0
  }
  printf '%s\n' "$sj_line" >>"$sj_dir/started"
fi
sj_list=$sj_dir/files.$sj_run
sj_asked= sj_disturbed= sj_sentinel= sj_full=

# publish VERDICT STATUS DETAIL: writes `exit`, whole or not at all, if no later run has started.
publish() {
  sj_last=
  while IFS= read -r sj_t; do sj_last=$sj_t; done <"$sj_dir/started"
  [ "$sj_last" = "$sj_line" ] || return 0
  [ -e "$sj_list" ] || true >"$sj_list"
  {
    printf 'sojourn-exit 1\nverdict %s\nstatus %s\nstarted %s\nfinished %s\nrun %s\ndetail ' \
      "$1" "$2" "$sj_start" "$sj_finished" "$sj_run"
    [ -z "$3" ] || printf '%s' "$3" | tr '\n' ' '
    printf '\nfiles\n'
  } | cat - "$sj_list" >"$sj_dir/exit.$sj_run" && mv -f "$sj_dir/exit.$sj_run" "$sj_dir/exit"
}

# room: whether something can be written beside the exit file. The disk may be full.
room() {
  printf '%4096s' '' | cat - >"$sj_list.room"
  set -- "$?"
  rm -f "$sj_list.room"
  return "$1"
} 2>/dev/null

# await_room: says that nothing can be written, and waits; one that stays full, for a day.
await_room() {
  [ -d "$sj_dir" ] && [ "$sj_paused" -lt 86400 ] || exit 1
  [ "$sj_paused" != 0 ] ||
    echo "sojourn: cannot write to $sj_dir (is the disk full?); trying until it works" >&2
  sleep "$sj_pause"
  sj_paused=$((sj_paused + sj_pause))
  [ "$sj_pause" -ge 60 ] || sj_pause=$((sj_pause * 2))
  sj_full=1
}

# note_full: says in the job's stderr that it had to wait: what was said before may not be kept.
note_full() {
  [ -n "$sj_full" ] || return 0
  echo "sojourn: the disk was full; waited until $sj_dir could be written to" >>"$sj_dir/stderr" &&
    sj_full=
} 2>/dev/null

# finish VERDICT STATUS DETAIL: leaves `exit` and ends.
finish() {
  sj_finished=$(date +%s)
  undisturbed || {
    # One that may be started again tells nothing if it is killed, as is to be expected.
    [ "$sj_requeue" != 1 ] || sleep 30
    set -- asked "$2" "$sj_why"
  }
  sj_pause=1 sj_paused=0
  until note_full && publish "$@"; do await_room; done
  rm -f "$sj_list" "$sj_dir/run.$sj_run" "$sj_sub/$sj_index.secret"
  exit "$2"
}

# need ATTEMPT: a parent must have ended well. Its exit may take a while to show on a network
# file system; a parent that has not ended makes this one end, to be handed in again.
need() {
  sj_waited=0
  while [ ! -e "$sj_root/jobs/$1/exit" ] && [ "$sj_waited" -lt "${SOJOURN_PARENT_WAIT-20}" ]; do
    [ -e "$sj_root/jobs/$1/started" ] || break
    ls "$sj_root/jobs/$1" >/dev/null 2>&1
    sleep 1
    sj_waited=$((sj_waited + 1))
  done
  sj_t=
  { read -r sj_t && read -r sj_t; } <"$sj_root/jobs/$1/exit" 2>/dev/null
  [ "$sj_t" = 'verdict ok' ] || finish parent 1 "$1"
}

folder_of() {
  case $1 in */*) [ -d "./${1%/*}" ] || mkdir -p "./${1%/*}" ;; esac
}

# Each takes the name first. Copies share blocks where the file system can. What can be done for
# all files at once is put on lists: with thousands of inputs a process for each takes a minute.
from_blob() {
  folder_of "$1"
  if [ "$4" = 1 ]; then
    ln -s "$sj_root/blobs/$2" "./$1" || finish inputs 1 "$1"
  else
    cp --reflink=auto "$sj_root/blobs/$2" "./$1" 2>/dev/null || cp "$sj_root/blobs/$2" "./$1" || finish inputs 1 "$1"
    printf '%s\0' "./$1" >>"$sj_list.mode$3"
  fi
  printf '%s\0' "$sj_root/blobs/$2" >>"$sj_list.used"
}
# blobs_done: modes of the copies, and the blobs' times: what is cleaned away goes by its last use.
blobs_done() {
  for sj_t in 0600 0700; do
    [ ! -e "$sj_list.mode$sj_t" ] || xargs -0 chmod "$sj_t" <"$sj_list.mode$sj_t" || finish inputs 1 chmod
  done
  [ -e "$sj_list.used" ] || return 0
  xargs -0 touch -c <"$sj_list.used" 2>/dev/null
  rm -f "$sj_list.mode0600" "$sj_list.mode0700" "$sj_list.used"
}
from_tree() {
  mkdir -p "./$1" && (cd "./$1" && tar -xf "$sj_root/blobs/$2") || finish inputs 1 "$1"
}
from_output() {
  folder_of "$1"
  if [ "$4" = 1 ]; then
    ln -s "$sj_root/jobs/$2/work/$3" "./$1" || finish inputs 1 "$1"
  else
    [ -e "$sj_root/jobs/$2/work/$3" ] || finish inputs 1 "$1"
    cp -RL --reflink=auto "$sj_root/jobs/$2/work/$3" "./$1" 2>/dev/null || cp -RL "$sj_root/jobs/$2/work/$3" "./$1" || finish inputs 1 "$1"
    chmod -R u+w "./$1"
  fi
}
from_machine() {
  folder_of "$1"
  [ -e "$2" ] || finish inputs 1 "$2"
  ln -s "$2" "./$1" || finish inputs 1 "$1"
}

# unlisted NAME WORDS: something of the outputs could not be listed.
unlisted() { sj_unlisted=${sj_unlisted:-$1: $2}; }

# through DIRECTORY...: a pattern matches nothing in a directory that cannot be read.
through() {
  for sj_f; do
    [ ! -d "$sj_f" ] || { [ -r "$sj_f" ] && [ -x "$sj_f" ]; } ||
      unlisted "${sj_f#./}" 'this directory cannot be read'
  done
}

# found NAME FIND-ARGUMENT...: adds what find prints to the list.
found() {
  sj_name=$1
  shift
  sj_t=$({ find -H "$@" >>"$sj_list"; } 2>&1) || unlisted "${sj_name#./}" "$sj_t"
}

missing() {
  printf 'm %s\0' "$1" >>"$sj_list" || unlisted "$1" 'not written'
  [ -n "$sj_missing" ] || sj_missing=$1
}

# output PATTERN KEEP MATCH...: lists what a pattern has matched; KEEP is R for what stays here.
output() {
  sj_pattern=$1 sj_keep=$2
  shift 2
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    missing "$sj_pattern"
    return
  fi
  for sj_f; do
    if [ -d "$sj_f" ]; then
      found "$sj_f" "$sj_f" -type d -exec sh -c 'k=$1; shift; for f; do printf "d%s 0 %s\0" "$k" "${f#./}" || exit; done' sh "$sj_keep" {} +
      found "$sj_f" "$sj_f" -type l -exec sh -c 'k=$1; shift; for f; do printf "l%s 0 %s\0%s\0" "$k" "${f#./}" "$(readlink "$f")" || exit; done' sh "$sj_keep" {} +
      found "$sj_f" "$sj_f" -type f -exec sh -c '
        k=$1 t=$2
        shift 2
        stat -c %s -- "$@" >"$t" 2>/dev/null || for f; do wc -c <"$f" || exit; done >"$t" || exit
        for f; do
          read -r n <&4 && printf "f%s %s %s\0" "$k" "$((n))" "${f#./}" || exit
        done 4<"$t"' sh "$sj_keep" "$sj_list.sizes" {} +
      rm -f "$sj_list.sizes"
    elif [ -f "$sj_f" ]; then
      sj_n=$(wc -c <"$sj_f") && printf 'f%s %s %s\0' "$sj_keep" "$((sj_n))" "${sj_f#./}" >>"$sj_list" ||
        unlisted "${sj_f#./}" 'this file cannot be read'
    else
      # A link to nowhere, a pipe, a device: nothing that could be a result.
      missing "${sj_f#./}"
    fi
  done
}

# list: lists all outputs. What fails on a full disk is tried until it is not; what fails twice on
# one that is not, cannot be listed.
list() {
  sj_pause=1 sj_paused=0 sj_tries=0
  while :; do
    sj_missing= sj_unlisted=
    { true >"$sj_list"; } 2>/dev/null && outputs 2>/dev/null || unlisted outputs 'not written'
    [ -n "$sj_unlisted" ] || return 0
    if room; then
      sj_tries=$((sj_tries + 1))
      [ "$sj_tries" -lt 2 ] || return 1
    else
      await_room
    fi
  done
}

# may_end: asked to end (walltime, a delete), everything here gets SIGTERM; that is told before the
# kill that follows. One that may be started again tells nothing: its next run will.
may_end() {
  if [ "$sj_requeue" = 1 ]; then trap - TERM; else trap sj_asked=1 TERM; fi
}

[ ! -e "$sj_dir/work" ] || mv "$sj_dir/work" "$sj_dir/work.before.$sj_run"
mkdir "$sj_dir/work" && cd "$sj_dir/work" || finish inputs 1 work
true >"$sj_dir/stdout"
true >"$sj_dir/stderr"
[ ! -e "$sj_dir/setup-failed" ] || rm -f "$sj_dir/setup-failed"
parents
inputs
blobs_done
# What the site's own start-up files set may be needed by the shell below; what came along from
# the scheduler about exporting must not reach what the command starts.
[ -z "${SLURM_JOB_ID-}" ] || { SLURM_EXPORT_ENV=ALL; export SLURM_EXPORT_ENV; }
# Since Slurm 22.05 srun no longer reads what sbatch was asked for.
[ -z "${SLURM_CPUS_PER_TASK-}" ] || { SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK; export SRUN_CPUS_PER_TASK; }
SOJOURN_JOB_DIR=$sj_dir
export SOJOURN_JOB_DIR
# Scripts go back to where they were handed in, to find their files there.
[ -z "$sj_script${PBS_O_WORKDIR-}" ] || { PBS_O_WORKDIR=$sj_dir/work; export PBS_O_WORKDIR; }
[ -z "$sj_script${SLURM_SUBMIT_DIR-}" ] || { SLURM_SUBMIT_DIR=$sj_dir/work; export SLURM_SUBMIT_DIR; }
printf '%s\n' "$sj_command" >"$sj_dir/command.sh"
[ -z "$sj_script" ] || { printf '%s' "$sj_script" >"$sj_dir/script" && chmod u+x "$sj_dir/script"; }
may_end
# Somebody may send this process a warning by hand: that must not end it.
trap : USR1 USR2
sentinel
if [ -n "$sj_warning" ]; then
  warned  # of warned.sh, which then stands before all this
else
  run "$sj_dir/command.sh" 7>"$sj_dir/stdout" 9>"$sj_dir/stderr"
fi
[ ! -e "$sj_dir/setup-failed" ] || finish setup "$sj_status" "$(cat "$sj_dir/setup-failed")"
sj_verdict=ok sj_end=$sj_status
case " $sj_accept " in *" $sj_status "*) ;; *) sj_verdict=command ;; esac
if [ "$sj_verdict" = ok ] && [ -z "$sj_asked$sj_disturbed" ] && [ -n "$sj_check" ]; then
  printf '%s\n' "$sj_check" >"$sj_dir/check.sh"
  run "$sj_dir/check.sh" 7>>"$sj_dir/stdout" 9>>"$sj_dir/stderr"
  [ "$sj_status" = 0 ] || sj_verdict=check
fi
if ! list; then
  [ "$sj_verdict" != ok ] || { sj_verdict=unlisted sj_missing=$sj_unlisted; }
elif [ -n "$sj_missing" ] && [ "$sj_verdict" = ok ]; then
  sj_verdict=outputs
fi
# Asked to end, a job has not done all of its work, whatever the status: of `solve; plot` only
# `solve` may have been ended by the signal. A command that a signal has ended, or whose outputs are
# missing, has not failed by itself if the signal was for the whole job. Once one has come here there
# is no time to lose: a kill may follow.
[ -n "$sj_asked$sj_disturbed" ] || { [ "$sj_verdict" = command ] && [ "$sj_end" -le 128 ]; } || linger
finish "$sj_verdict" "$sj_end" "$sj_missing"
