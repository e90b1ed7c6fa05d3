# What lies in attempts' directories: presence, and the small files that tell the story.

# evidence LENGTH: lines `ab/<signature>/<attempt>` taken; answers `seen`, a flag for each (0 no
# job.json, 1 job.json, 2 also the attempt), and `files`, one tar archive of what is there.
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
  : >"$sj_tmp/evidence.tar"
  [ ! -s "$sj_tmp/files" ] || tar -cf "$sj_tmp/evidence.tar" -T "$sj_tmp/files"
  show seen 0 "$sj_tmp/seen"
  show files 0 "$sj_tmp/evidence.tar"
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
  printf '%s\n' "$2" >"jobs/$1/id.$sj_nonce" && mv -f "jobs/$1/id.$sj_nonce" "jobs/$1/id"
}

# mark, unmark ATTEMPT: marks one that has not ended as about to be cancelled; removes the mark.
mark() { [ -e "jobs/$1/exit" ] || true >"jobs/$1/cancelled"; } 2>/dev/null
unmark() { rm -f "jobs/$1/cancelled"; }

# shut ATTEMPT: closes an attempt, so that it can never start; answers whether it is closed. The
# file is created exclusively, as the hard link of a start is: one of the two wins. It may be
# empty, if this is cut off in between; nothing but closing leaves it so.
shut() {
  set -C
  { printf 'closed %s\n' "$sj_nonce" >"jobs/$1/started"; } 2>/dev/null
  sj_r=$?
  set +C
  if [ "$sj_r" != 0 ]; then
    sj_w=started
    [ -e "jobs/$1/started" ] && { sj_w=; read -r sj_w sj_n <"jobs/$1/started"; }
    case $sj_w in '' | closed) sj_r=0 ;; *) sj_r=1 ;; esac
  fi
  printf '%s\n' "$sj_r" >>"$sj_tmp/shut"
}
shut_begin() { : >"$sj_tmp/shut"; }
shut_end() { show shut 0 "$sj_tmp/shut"; }
