# Files of many jobs in one stream; names are relative to the root and NUL-separated.

# Run with names as arguments: those of regular files, links followed. Reading a pipe or a device
# would never end. Outputs that have become large since they were listed are left out.
sj_regular='find -L "$@" -prune -type f \( -size -8388609c -o ! -path "*/work/*" \) -print0'

# fetch_small LENGTH: one tar archive with links followed, then the digests in the same order.
fetch_small() {
  take "$1" | xargs -0 sh -c "$sj_regular" sh >"$sj_tmp/names" 2>/dev/null
  quietly send_small
}
send_small() {
  digests <"$sj_tmp/names" >"$sj_tmp/digests" 2>"$sj_tmp/err" &
  sj_d=$!
  say tar 0 0
  tar -chf - --null -T "$sj_tmp/names" >&3 2>"$sj_tmp/tarerr"
  sj_n=$?
  wait "$sj_d"
  say tarend "$sj_n" 0
  show digests 0 "$sj_tmp/digests"
}

# fetch_large OFFSET FILE MOST: the rest of one file, then its whole digest, made beside it. The
# number beside "rest" is 1 for a program. A file of more than MOST bytes is not read.
fetch_large() { quietly send_large "$@"; }
send_large() {
  if [ ! -f "$2" ] || [ ! -r "$2" ]; then tell absent 1 "$2"; return 0; fi
  sj_n=$(wc -c <"$2")
  [ "$sj_n" -le "$3" ] || { tell larger 1 "$2"; return 0; }
  sj_n=$((sj_n - $1))
  [ "$sj_n" -ge 0 ] || sj_n=0
  digest <"$2" >"$sj_tmp/digest" &
  sj_d=$!
  sj_x=0
  [ ! -x "$2" ] || sj_x=1
  say rest "$sj_x" "$sj_n"
  if [ "$1" = 0 ]; then head -c "$sj_n" <"$2" >&3; else tail -c "+$(($1 + 1))" <"$2" | head -c "$sj_n" >&3; fi
  wait "$sj_d"
  show digest 0 "$sj_tmp/digest"
}

# list_partial ATTEMPT WORDS: what the words match in a job's directory at this moment.
list_partial() {
  (
    cd "jobs/$1/work" 2>/dev/null || exit 0
    set +f
    eval "set -- $2"
    for sj_f; do
      [ -e "$sj_f" ] || continue
      find -H "$sj_f" -type f -exec sh -c 'for f; do n=$(wc -c <"$f"); printf "f %s %s\0" "$((n))" "${f#./}"; done' sh {} +
    done
  ) >"$sj_tmp/partial" 2>"$sj_tmp/err"
  show partial 0 "$sj_tmp/partial"
  sed 1q "$sj_tmp/err" >"$sj_tmp/unlisted"
  show unlisted 0 "$sj_tmp/unlisted"
}
