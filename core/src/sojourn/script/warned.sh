# Stands before the body of a job.sh that asks to be warned ahead of its end.

# warned: runs the command and passes the warning on to it. Another process waits for it there,
# because what a `wait` says that a signal has cut short is not to be relied on; nor is, in dash,
# what a condition in a trap says while more signals come. In the background INT and QUIT are
# ignored, by all that is started there too, unless that is undone.
warned() {
  sj_heed='env --default-signal=INT,QUIT'
  $sj_heed true 2>/dev/null || sj_heed=
  [ -n "$sj_heed" ] || [ -z "${BASH_VERSION-}" ] || set -m
  sj_came= sj_child=
  sj_pass='{ read -r sj_child <"$sj_list.pid"; kill "-$sj_warning" "$sj_child"; } 2>/dev/null'
  sj_t=
  [ "$sj_warning" != TERM ] || sj_t='sj_asked=1; '
  trap "${sj_t}sj_came=1; $sj_pass" "$sj_warning"
  {
    trap : TERM USR1 USR2 "$sj_warning"
    {
      sj_t=whole
      trap : USR1 USR2 "$sj_warning"
      trap sj_t= TERM
      $sj_heed sh -c 'echo $$ >"$0"; exec "$@"' "$sj_list.pid" \
        $sj_shell "$sj_dir/command.sh" </dev/null >"$sj_dir/stdout" 2>"$sj_dir/stderr" 8>&-
      sj_status=$?
      until echo "$sj_status" >"$sj_list.end"; do sleep 2; done
      echo "$sj_t"
    } | {
      trap '' USR1 USR2
      trap - TERM
      read -r sj_t && [ -n "$sj_t" ] && until true >"$sj_list.whole"; do sleep 2; done
    }
  } 2>/dev/null &
  sj_beside=$!
  [ -n "$sj_heed" ] || [ -z "${BASH_VERSION-}" ] || set +m
  while [ ! -e "$sj_list.whole" ] && kill -0 "$sj_beside"; do
    # It may have come before the command was there.
    [ -z "$sj_came" ] || [ -n "$sj_child" ] || { sleep 1 && eval "$sj_pass"; }
    wait "$sj_beside"
  done 2>/dev/null
  trap : "$sj_warning"
  sj_status=137
  { read -r sj_status <"$sj_list.end"; } 2>/dev/null
  [ -e "$sj_list.whole" ] || sj_disturbed=1
  rm -f "$sj_list.pid" "$sj_list.end" "$sj_list.whole"
  [ "$sj_requeue$sj_asked" != 11 ] || { trap - TERM && kill -TERM $$; }
  may_end
}
