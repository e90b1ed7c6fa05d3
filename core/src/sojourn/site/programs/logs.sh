# What jobs print, while they run or after.

# tails BYTES FILE...: the last bytes of files below jobs/.
tails() {
  sj_b=$1
  shift
  for sj_f; do
    : >"$sj_tmp/tail"
    [ ! -f "jobs/$sj_f" ] || tail -c "$sj_b" "jobs/$sj_f" 2>/dev/null >"$sj_tmp/tail"
    show tail 0 "$sj_tmp/tail"
  done
}

# log ATTEMPT FILE OFFSET LIMIT: bytes from OFFSET on (from the end if negative), and the size.
log() {
  sj_f=jobs/$1/$2
  # Only regular files end. A job can put anything in their place.
  { [ -f "$sj_f" ] && [ -r "$sj_f" ]; } || { tell log 1 ''; return 0; }
  sj_n=$(wc -c <"$sj_f")
  sj_n=$((sj_n))
  sj_from=$3
  [ "$sj_from" -ge 0 ] || sj_from=$((sj_n + sj_from))
  [ "$sj_from" -ge 0 ] || sj_from=0
  # A log that is shorter than what was read has begun anew.
  [ "$sj_from" -le "$sj_n" ] || sj_from=0
  tail -c "+$((sj_from + 1))" "$sj_f" | head -c "$4" >"$sj_tmp/log"
  tell from 0 "$sj_from"
  show log 0 "$sj_tmp/log"
}
