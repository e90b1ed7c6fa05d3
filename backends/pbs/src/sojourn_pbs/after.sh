# Handing in a job that waits for others: qsub, called again where a server has forgotten the child.
#
# A server drops a job, without a word, if it waits for one that it no longer knows, however
# that one ended. So parents that have gone are left out, and a child that was dropped because one
# went meanwhile is handed in again: job.sh runs no attempt twice, and looks at its parents itself.
# So is a child that a server left to wait for one that went; the first of them is bound to the
# second, after which it does nothing.
#
# @QSUB@, @SCRIPT@, @PARENTS@, @ARRAY@ and @ID@ (what an id looks like) are put in, quoted. What is
# printed is the id of the job that counts, or what qsub printed if no id can be read in that.

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
  printf '%s\n' "$sj_id"
  for sj_child in $sj_stuck; do
    qalter -W "depend=afterany:$sj_id" "$sj_child" >/dev/null 2>&1
  done
  exit 0
}
sj_tries=0 sj_stuck= sj_newline='
'
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
  sj_out=$(sj_qsub)
  sj_status=$?
  sj_id=$(printf '%s\n' "$sj_out" | grep -Ex @ID@ | sort -u)
  case $sj_status:$sj_id in
    0:*"$sj_newline"* | 0: | [!0]*) printf '%s\n' "$sj_out"; exit "$sj_status" ;;
  esac
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
