# Blobs: what is missing, and how what comes is verified before it gets its name.

# blobs_wanted LENGTH CLIENT: the digests taken, a line each; answers those missing, with the
# bytes of an interrupted upload of this client that are there.
blobs_wanted() {
  take "$1" >"$sj_tmp/want"
  while read -r sj_d; do
    sj_b=blobs/${sj_d%"${sj_d#??}"}/$sj_d
    if [ -e "$sj_b" ]; then
      printf '%s\n' "$sj_b" >&5
    elif [ -e "incoming/$2-$sj_d" ]; then
      sj_n=$(wc -c <"incoming/$2-$sj_d")
      printf '%s %s\n' "$sj_d" "$((sj_n))"
    else
      printf '%s 0\n' "$sj_d"
    fi
  done <"$sj_tmp/want" >"$sj_tmp/missing" 5>"$sj_tmp/used"
  [ ! -s "$sj_tmp/used" ] || [ "$sj_writable" = 0 ] || xargs touch -c <"$sj_tmp/used"
  show missing 0 "$sj_tmp/missing"
}

# blobs_small LENGTH: a tar archive of files named by their digests.
blobs_small() {
  sj_in=incoming/$sj_nonce
  mkdir "$sj_in" || { take "$1" >/dev/null; fail "cannot write to $sj_root/incoming"; return 1; }
  take "$1" | { tar -xf - -C "$sj_in" 2>"$sj_tmp/err"; sj_r=$?; cat >/dev/null; exit "$sj_r"; } ||
    { rm -rf "$sj_in"; fail "cannot unpack inputs into $sj_root/incoming: $(cat "$sj_tmp/err")"; return 1; }
  (cd "$sj_in" && find . -type f -print0 | digests) >"$sj_tmp/digests" 2>"$sj_tmp/err"
  (cd "$sj_in" && find . -type f -print) >"$sj_tmp/names"
  sj_wrong=
  while read -r sj_name <&5; do
    read -r sj_d sj_n || sj_d=none
    [ "$sj_d" = "${sj_name#./}" ] || sj_wrong=$sj_name
  done <"$sj_tmp/digests" 5<"$sj_tmp/names"
  [ -z "$sj_wrong" ] || { rm -rf "$sj_in"; fail "input ${sj_wrong#./} arrived damaged"; return 1; }
  sed 's/^\.\/\(..\).*/blobs\/\1/' "$sj_tmp/names" | sort -u >"$sj_tmp/prefixes"
  xargs mkdir -p <"$sj_tmp/prefixes" && (
    set +f
    cd "$sj_in" && chmod 0444 -- * && while read -r sj_p; do
      mv -f -- "${sj_p#blobs/}"* "../../$sj_p/" || exit 1
    done <"$sj_tmp/prefixes"
  ) 2>"$sj_tmp/err" || { rm -rf "$sj_in"; fail "cannot store inputs: $(cat "$sj_tmp/err")"; return 1; }
  rm -rf "$sj_in"
}

# blob_large LENGTH DIGEST CLIENT OFFSET: one file, continued from OFFSET.
blob_large() {
  sj_in=incoming/$3-$2
  if [ "$4" = 0 ]; then
    : >"$sj_in" || { take "$1" >/dev/null; fail "cannot write to $sj_root/incoming"; return 1; }
  fi
  sj_got=$({ [ "$4" = 0 ] || cat "$sj_in"; take "$1" | tee -a "$sj_in"; } 2>"$sj_tmp/err" | digest)
  [ ! -s "$sj_tmp/err" ] || { fail "cannot write an input to $sj_root/incoming: $(cat "$sj_tmp/err")"; return 1; }
  sj_got=${sj_got%% *}
  if [ "${sj_got#\\}" = "$2" ]; then
    sj_p=blobs/${2%"${2#??}"}
    mkdir -p "$sj_p" && chmod 0444 "$sj_in" && mv -f "$sj_in" "$sj_p/$2" || { fail "cannot store input $2"; return 1; }
    tell stored 0 "$2"
  else
    # What is shorter than it should be was cut off, and is continued the next time.
    sj_n=$(wc -c <"$sj_in")
    [ "$((sj_n))" -lt "$(($4 + $1))" ] || rm -f "$sj_in"
    tell damaged 1 "$((sj_n))"
  fi
}
