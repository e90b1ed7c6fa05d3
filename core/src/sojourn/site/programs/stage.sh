# Blobs: what is missing, and how what comes is verified before it gets its name.

# blobs_wanted LENGTH CLIENT: the digests taken, a line each; answers those missing, with the
# bytes of an interrupted upload of this client that are there.
blobs_wanted() {
  take "$1" >"$sj_tmp/want"
  set +f
  for sj_left in "incoming/$2"-*; do break; done
  set -f
  [ -e "$sj_left" ] || sj_left=
  while read -r sj_d; do
    sj_b=blobs/${sj_d%"${sj_d#??}"}/$sj_d
    if [ -e "$sj_b" ]; then
      printf '%s\n' "$sj_b" >&5
    elif [ -n "$sj_left" ] && partial "$2" "$sj_d"; then
      printf '%s %s\n' "$sj_d" "$sj_n"
    else
      printf '%s 0\n' "$sj_d"
    fi
  done <"$sj_tmp/want" >"$sj_tmp/missing" 5>"$sj_tmp/used"
  [ ! -s "$sj_tmp/used" ] || [ "$sj_writable" = 0 ] || xargs touch -c <"$sj_tmp/used"
  show missing 0 "$sj_tmp/missing"
  # How many kilobytes are free, as far as that can be told: a quota is not seen here.
  : >"$sj_tmp/room"
  [ ! -s "$sj_tmp/missing" ] || df -Pk . 2>/dev/null | sed 1d | { read -r sj_x sj_x sj_x sj_n sj_x; printf '%s\n' "$sj_n"; } >"$sj_tmp/room"
  show room 0 "$sj_tmp/room"
}

# partial CLIENT DIGEST: the longest that an interrupted upload has left, as sj_p of sj_n bytes.
# Each upload writes to a file of its own: one that was cut off may not know of it yet.
partial() {
  set +f
  sj_p= sj_n=0
  for sj_f in "incoming/$1-$2".*; do
    [ -s "$sj_f" ] || continue
    sj_m=$(wc -c <"$sj_f")
    [ "$((sj_m))" -le "$sj_n" ] || sj_p=$sj_f sj_n=$((sj_m))
  done
  set -f
  [ -n "$sj_p" ]
}
# go_on FILE OFFSET: so much of what partial has found, as the beginning of a new file.
go_on() {
  [ "$sj_n" -ge "$2" ] || return 1
  cp --reflink=auto "$sj_p" "$1" 2>/dev/null || cat "$sj_p" >"$1" || return 1
  dd if=/dev/null of="$1" bs=1 seek="$2" 2>/dev/null
}

# blobs_small LENGTH: a tar archive of files, each named ab/DIGEST. Thousands of them take a dozen
# processes: no loop here has one a file.
blobs_small() {
  sj_in=incoming/$sj_nonce
  mkdir "$sj_in" || { take "$1" >/dev/null; fail "cannot write to $sj_root/incoming"; return 1; }
  take "$1" | { tar -xmof - -C "$sj_in" 2>"$sj_tmp/err"; sj_r=$?; cat >/dev/null; exit "$sj_r"; } ||
    { rm -rf "$sj_in"; fail "cannot unpack inputs into $sj_root/incoming: $(cat "$sj_tmp/err")"; return 1; }
  sj_wrong=$(cd "$sj_in" && find . -type f -print0 | digests 2>&1 | sed '/^\([0-9a-f]\{64\}\) [ *]\.\/..\/\1$/d' | sed 1q)
  [ -z "$sj_wrong" ] || { rm -rf "$sj_in"; fail "input ${sj_wrong##*/} arrived damaged"; return 1; }
  find "$sj_in" -type f -exec chmod 0444 {} + 2>"$sj_tmp/err" && store_small "$sj_in" 2>>"$sj_tmp/err" ||
    { rm -rf "$sj_in"; fail "cannot store inputs: $(cat "$sj_tmp/err")"; return 1; }
  rm -rf "$sj_in"
}
# store_small DIRECTORY: gives what was verified its names. Where some are there meanwhile, or the
# file system has no hard links, those missing are renamed, with a process for each directory.
store_small() {
  (
    set +f
    cd "$1" && for sj_p in ??; do printf '%s\n' "../../blobs/$sj_p"; done | xargs mkdir -p || exit 1
    cp -Rl . ../../blobs 2>/dev/null && exit 0
    for sj_f in ??/*; do [ ! -e "../../blobs/$sj_f" ] || printf '%s\n' "$sj_f"; done | xargs rm -f
    for sj_p in ??; do
      rmdir "$sj_p" 2>/dev/null || mv -f "$sj_p"/* "../../blobs/$sj_p/" || exit 1
    done
  )
}

# take_much LENGTH: as take, with fewer calls of the system's for the same bytes.
if [ "$(printf abcdef | dd bs=4 count=1 iflag=fullblock 2>/dev/null)" = abcd ]; then
  take_much() {
    [ "$1" -lt 65536 ] || dd bs=65536 count="$(($1 / 65536))" iflag=fullblock 2>"$sj_tmp/dd" ||
      { sed 1q "$sj_tmp/dd" >&2; return 1; }
    [ "$(($1 % 65536))" = 0 ] || take "$(($1 % 65536))"
  }
else
  take_much() { take "$1"; }
fi

# append LENGTH FILE: takes bytes and adds them to a file; a line to stdout whenever there are more.
append() {
  exec 8>>"$2" || return 1
  sj_rest=$1
  while [ "$sj_rest" -gt 0 ]; do
    if [ "$sj_rest" -gt 67108864 ]; then sj_part=67108864; else sj_part=$sj_rest; fi
    take_much "$sj_part" >&8 || return 1
    echo
    sj_rest=$((sj_rest - sj_part))
  done
}
# follow FILE: all of a file, which grows until stdin ends; each line there says that it has grown.
follow() {
  exec 7<"$1"
  while read -r sj_l; do cat <&7; done
  cat <&7
}

# blob_large LENGTH DIGEST CLIENT OFFSET: one file, continued from OFFSET. Its digest is made of
# what is in the file, while it grows.
blob_large() {
  sj_in=incoming/$3-$2.$sj_nonce
  if [ "$4" = 0 ]; then
    : >"$sj_in" || { take "$1" >/dev/null; fail "cannot write to $sj_root/incoming"; return 1; }
  elif ! partial "$3" "$2" || ! go_on "$sj_in" "$4"; then
    # Gone meanwhile, or no room for it: the client then sends all of it.
    take "$1" >/dev/null
    rm -f "$sj_in"
    tell damaged 1 0
    return 0
  fi
  sj_got=$(append "$1" "$sj_in" 2>"$sj_tmp/err" | follow "$sj_in" | digest)
  if [ -s "$sj_tmp/err" ]; then
    # On a full disk what is there would keep it full.
    set +f
    rm -f "incoming/$3-$2".*
    set -f
    fail "cannot write an input to $sj_root/incoming: $(cat "$sj_tmp/err")"
    say done 1 0
    # How much of it was taken is not known, so that nothing that follows can be understood.
    cat >/dev/null
    exit 1
  fi
  sj_got=${sj_got%% *}
  if [ "${sj_got#\\}" = "$2" ]; then
    sj_b=blobs/${2%"${2#??}"}
    mkdir -p "$sj_b" && chmod 0444 "$sj_in" && mv -f "$sj_in" "$sj_b/$2" || [ -e "$sj_b/$2" ] || { fail "cannot store input $2"; return 1; }
    set +f
    rm -f "incoming/$3-$2".*
    set -f
    tell stored 0 "$2"
  else
    # What is shorter than it should be was cut off, and is continued the next time.
    sj_n=$(wc -c <"$sj_in")
    [ "$((sj_n))" -lt "$(($4 + $1))" ] || rm -f "$sj_in"
    tell damaged 1 "$((sj_n))"
  fi
}
