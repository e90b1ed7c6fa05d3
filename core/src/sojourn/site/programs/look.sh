# What lies at paths of the user's, anywhere on the machine: what each is, its size and its time.

# Run with the paths as arguments; fields end in NUL, since names may hold everything else.
#   none
#   file MODE SIZE TIME, REAL PATH
#   list, REAL PATH, then for each entry: MODE SIZE TIME, NAME, TARGET; last: end, or error WORDS
# MODE is st_mode in hexadecimal; - for a link to nowhere. TARGET is empty where there is no link.
sj_look='
sj_entries='\''
  t=$1
  shift
  for f; do
    shift
    if [ -e "$f" ]; then set -- "$@" "$f"; else printf "%s\0%s\0%s\0" "- 0 0" "${f#./}" "$(readlink -- "$f")"; fi
  done
  [ "$#" != 0 ] || exit 0
  stat -L -c "%f %s %Y" -- "$@" 2>/dev/null >"$t" || stat -L -f "%Xp %z %m" -- "$@" >"$t" || exit 1
  for f; do
    read -r n <&4
    l=
    [ ! -L "$f" ] || l=$(readlink -- "$f")
    printf "%s\0%s\0%s\0" "$n" "${f#./}" "$l"
  done 4<"$t"
'\''
# entries: those of the directory we are in; says why they cannot all be told.
entries() {
  find -L . ! -name . -print0 2>"$t.err" | head -c 8388608 >"$t.names"
  n=$(tr -cd "\000" <"$t.names" | wc -c)
  b=$(wc -c <"$t.names")
  if [ "$n" -gt "$most" ] || [ "$b" -ge 8388608 ]; then
    echo "too many" >"$t.err"
  elif [ "$n" -gt 0 ]; then
    xargs -0 -n 500 sh -c "$sj_entries" sh "$t" <"$t.names" 2>>"$t.err" || [ -s "$t.err" ] || echo "it changed meanwhile" >"$t.err"
  fi
}
t=$1 most=$2
shift 2
for f; do
  n=$(stat -L -c "%f %s %Y" -- "$f" 2>/dev/null || stat -L -f "%Xp %z %m" -- "$f" 2>/dev/null) || { printf "none\0"; continue; }
  r=$(readlink -f -- "$f" 2>/dev/null || realpath -- "$f" 2>/dev/null) || r=$f
  [ -d "$f" ] || { printf "file %s\0%s\0" "$n" "$r"; continue; }
  printf "list\0%s\0" "$r"
  cd -- "$f" 2>"$t.err" && entries
  cd /
  if [ -s "$t.err" ]; then printf "error %s\0" "$(head -c 500 "$t.err")"; else printf "end\0"; fi
done'

# look LENGTH MOST: takes NUL-separated paths; of a directory with more than MOST entries only that is told.
look() {
  take "$1" | xargs -0 sh -c "$sj_look" sh "$sj_tmp/look.facts" "$2" >"$sj_tmp/look"
  show look 0 "$sj_tmp/look"
}
