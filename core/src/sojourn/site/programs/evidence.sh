# What lies in attempts' directories: presence, and the small files that tell the story.

# Run with paths as arguments: those of regular files that are not too large to be read in bulk. A
# job can put anything in their place.
sj_small='find "$@" -prune -type f \( -name exit -size -1048577c -o -name job.json -size -1048577c -o -size -16385c \) -print'

# archive KIND: answers one tar archive of the paths in $sj_tmp/files, and as `odd` those that are
# none of these.
archive() {
  : >"$sj_tmp/archive.tar"
  : >"$sj_tmp/odd"
  if [ -s "$sj_tmp/files" ]; then
    xargs sh -c "$sj_small" sh <"$sj_tmp/files" >"$sj_tmp/small"
    cmp -s "$sj_tmp/files" "$sj_tmp/small" || grep -vxF -f "$sj_tmp/small" "$sj_tmp/files" >"$sj_tmp/odd"
    [ ! -s "$sj_tmp/small" ] || tar -cf "$sj_tmp/archive.tar" -T "$sj_tmp/small" 2>/dev/null
  fi
  show "$1" 0 "$sj_tmp/archive.tar"
  show odd 0 "$sj_tmp/odd"
}

# large_exit PATH MOST: an exit file of up to MOST bytes.
large_exit() {
  sj_n=$(find "$1" -prune -type f -size "-$(($2 + 1))c" 2>/dev/null)
  if [ -n "$sj_n" ]; then show exit 0 "$1"; else tell exit 1 ''; fi
}

# evidence LENGTH: lines `ab/<signature>/<attempt>` taken; answers `seen`, a flag for each (0 no
# job.json, 1 job.json, 2 also the attempt), and as `files` what is there.
evidence() {
  for sj_a in $(take "$1"); do
    if [ ! -e "jobs/${sj_a%/*}/job.json" ]; then
      echo 0
    elif [ ! -d "jobs/$sj_a" ]; then
      echo 1
    else
      echo 2
      for sj_f in claim id started cancelled exit; do
        [ ! -e "jobs/$sj_a/$sj_f" ] || printf 'jobs/%s\n' "$sj_a/$sj_f" >&5
      done
    fi
  done >"$sj_tmp/seen" 5>"$sj_tmp/files"
  show seen 0 "$sj_tmp/seen"
  archive files
}

# lies ATTEMPT OUTPUT: whether an output is there, in the directory of a job that was not purged.
lies() {
  if [ -e "jobs/${1%/*}/job.json" ] && { [ -e "jobs/$1/work/$2" ] || [ -L "jobs/$1/work/$2" ]; }; then
    echo 1
  else
    echo 0
  fi >>"$sj_tmp/lies"
}
lies_begin() { : >"$sj_tmp/lies"; }
lies_end() { show lies 0 "$sj_tmp/lies"; }

# adopt ATTEMPT ID: writes the id of a claim whose submission did not get to it.
adopt() {
  [ "$sj_writable" = 1 ] || return 0
  printf '%s\n' "$2" >"jobs/$1/id.$sj_nonce" && mv -f "jobs/$1/id.$sj_nonce" "jobs/$1/id" ||
    rm -f "jobs/$1/id.$sj_nonce"
}

# mark, unmark ATTEMPT: marks one that has not ended as about to be cancelled; removes the mark.
mark() { [ -e "jobs/$1/exit" ] || true >"jobs/$1/cancelled"; } 2>/dev/null
unmark() { rm -f "jobs/$1/cancelled"; }

# shut ATTEMPT: closes an attempt, so that it can never start; answers whether it is closed. The
# file is created exclusively, as the hard link of a start is: one of the two wins. It may be
# empty, if this is cut off in between; nothing but closing leaves it so.
shut() {
  set -C
  # What is no regular file would be written to.
  { [ ! -e "jobs/$1/started" ] && [ ! -L "jobs/$1/started" ] && printf 'closed %s\n' "$sj_nonce" >"jobs/$1/started"; } 2>/dev/null
  sj_r=$?
  set +C
  if [ "$sj_r" != 0 ]; then
    sj_w=started
    [ -e "jobs/$1/started" ] && { sj_w=odd; [ ! -f "jobs/$1/started" ] || sj_w=; [ -n "$sj_w" ] || read -r sj_w sj_n <"jobs/$1/started"; }
    case $sj_w in '' | closed) sj_r=0 ;; *) sj_r=1 ;; esac
  fi
  [ "$sj_r" != 0 ] || no_secret "$1"
  printf '%s\n' "$sj_r" >>"$sj_tmp/shut"
}
# no_secret ATTEMPT: what cannot start any more needs no secrets.
no_secret() {
  sj_w= sj_n=
  [ ! -f "jobs/$1/claim" ] || read -r sj_w sj_n sj_rest <"jobs/$1/claim"
  case $sj_w in '' | *[!0-9a-f]*) return 0 ;; esac
  case $sj_n in '' | *[!0-9]*) return 0 ;; esac
  [ ! -e "submissions/$sj_w/$sj_n.secret" ] || rm -f "submissions/$sj_w/$sj_n.secret"
}
shut_begin() { : >"$sj_tmp/shut"; }
shut_end() { show shut 0 "$sj_tmp/shut"; }
