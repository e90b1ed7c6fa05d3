# Clearing away: what is to go is moved aside first, so that nobody finds half of it.

# sizes LENGTH: directories below jobs, a line each; answers kilobytes, a line each.
sizes() {
  take "$1" >"$sj_tmp/list"
  while read -r sj_j; do
    sj_k=$(du -sk "jobs/$sj_j" 2>/dev/null) || sj_k=0
    printf '%s\n' "${sj_k%%[!0-9]*}"
  done <"$sj_tmp/list" >"$sj_tmp/sizes"
  show sizes 0 "$sj_tmp/sizes"
}

# discard PATH: moved aside by one rename, then removed, read-only or not.
discard() {
  sj_old=purged/${1##*/}.$sj_nonce
  mkdir -p purged && mv "$1" "$sj_old" || return 1
  rm -rf "$sj_old" 2>/dev/null || { chmod -R u+rwX "$sj_old"; rm -rf "$sj_old"; }
}

# erase LENGTH: lines `DIRECTORY ATTEMPT`, of jobs that had ended with that attempt; answers what
# became of each: gone, newer (it goes on in another attempt), foreign or failed.
erase() {
  take "$1" >"$sj_tmp/list"
  while read -r sj_j sj_a; do
    if [ ! -d "jobs/$sj_j" ]; then echo gone
    elif [ ! -O "jobs/$sj_j" ]; then echo foreign
    elif [ -e "jobs/$sj_j/$((sj_a + 1))" ]; then echo newer
    elif discard "jobs/$sj_j" 2>"$sj_tmp/err"; then echo gone
    else echo failed
    fi
  done <"$sj_tmp/list" >"$sj_tmp/erased"
  show erased 0 "$sj_tmp/erased"
}

# old DAYS DIRECTORY: what lies directly in it and was not touched for more than so many days.
old() {
  [ ! -d "$2" ] || find "$2/." ! -name . -prune -mtime "+$1" -print | sed 's|/\./|/|'
}

# interrupted: what uploads that were cut off have left, and nobody has continued for an hour.
interrupted() {
  [ ! -d incoming ] || { find incoming/. ! -name . -prune -mmin +60 -print 2>/dev/null || old 0 incoming; } | sed 's|/\./|/|'
}

# sweep LENGTH DRY: tokens of submissions that still matter, a line each. Removes (or with DRY
# lists) submissions that do not, inputs that none of the others needs, and rests of what was
# interrupted; all of it only if unused for a day. Answers lines `KILOBYTES PATH`.
sweep() {
  { take "$1"; echo none; } >"$sj_tmp/live"
  : >"$sj_tmp/err"
  set +f
  while read -r sj_t; do
    sj_d=submissions/$sj_t
    [ -d "$sj_d" ] || continue
    { [ -r "$sj_d" ] && [ -x "$sj_d" ]; } || echo "$sj_d: Permission denied" >>"$sj_tmp/err"
    for sj_f in "$sj_d"/*.task; do
      [ ! -e "$sj_f" ] || printf '%s\n' "$sj_f"
    done
  done <"$sj_tmp/live" | xargs sh -c '[ "$#" = 0 ] || cat "$@"' sh 2>>"$sj_tmp/err" | sed -n 's|.* \([0-9a-f][0-9a-f]/[0-9a-f]\{64\}\).*|blobs/\1|p' >"$sj_tmp/keep"
  set -f
  echo none >>"$sj_tmp/keep"
  sed 's|^|submissions/|' "$sj_tmp/live" >>"$sj_tmp/keep"
  {
    old 0 submissions
    old 0 purged
    interrupted
    [ ! -d blobs ] || find blobs -type f -mtime +0 -print
  } 2>>"$sj_tmp/err" | grep -vxF -f "$sj_tmp/keep" >"$sj_tmp/swept"
  # What is needed cannot be told from half of it.
  [ ! -s "$sj_tmp/err" ] || { fail "nothing was swept, since not all can be listed: $(sed 1q "$sj_tmp/err")"; return 1; }
  while read -r sj_f; do
    [ -O "$sj_f" ] || continue
    sj_k=$(du -sk "$sj_f" 2>/dev/null) || continue
    # Used at this very moment: it stays after all.
    case $sj_f in blobs/*) [ -n "$(find "$sj_f" -mtime +0 2>/dev/null)" ] || continue ;; esac
    [ "$2" = 1 ] || discard "$sj_f" 2>/dev/null || continue
    printf '%s %s\n' "${sj_k%%[!0-9]*}" "$sj_f"
  done <"$sj_tmp/swept" >"$sj_tmp/gone"
  show swept 0 "$sj_tmp/gone"
}
