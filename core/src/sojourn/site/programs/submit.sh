# Handing in: payload unpacked, attempts claimed, the scheduler called, ids written, in that order.

# What this trip claims stands in sj_list_TOKEN. What no call was made for is given back if the
# client goes away before it asks for the call.
sj_tokens=
at_end() {
  for sj_t in $sj_tokens; do
    eval "sj_n=\${sj_called_$sj_t-}; set -- \$sj_list_$sj_t"
    [ -n "$sj_n" ] || give_back "$sj_t" "$@"
  done
}

# give_back TOKEN ATTEMPT...: undoes those claims of a submission whose jobs have certainly not
# been handed in.
give_back() {
  sj_t=$1
  shift
  for sj_a; do
    sj_w=
    [ ! -f "jobs/$sj_a/claim" ] || read -r sj_w sj_n <"jobs/$sj_a/claim"
    [ "$sj_w" != "$sj_t" ] || printf 'jobs/%s\n' "$sj_a"
  done >|"$sj_tmp/back" 2>/dev/null
  sed 's|$|/claim|' "$sj_tmp/back" | xargs rm -f
  xargs rmdir <"$sj_tmp/back" 2>/dev/null
  return 0
}

# payload LENGTH DIGEST: the submissions' directories, as one tar archive.
payload() {
  # What is on its way is nobody else's yet.
  [ -z "$sj_group" ] || chmod 700 incoming
  received "$1" "$2" "incoming/$sj_nonce.tar" || return 1
  tar -xmof "$sj_in" -C submissions 2>"$sj_tmp/err"
  unpacked "$?"
}
# secrets LENGTH DIGEST: files with secrets for these, which are the user's alone from the first byte.
secrets() {
  received "$1" "$2" "$sj_tmp/secrets.tar" || return 1
  (umask 077; tar -xmof "$sj_in" -C submissions 2>"$sj_tmp/err")
  unpacked "$?"
}
# received LENGTH DIGEST FILE: takes what must have this digest.
received() {
  sj_in=$3
  (umask 077; take "$1" >"$sj_in") || { rm -f "$sj_in"; fail "cannot write to $sj_root/incoming (disk full or over quota?)"; return 1; }
  sj_got=$(digest <"$sj_in")
  sj_got=${sj_got%% *}
  [ "${sj_got#\\}" = "$2" ] && return 0
  rm -f "$sj_in"
  fail "what was sent did not arrive whole at $sj_root/incoming (disk full or over quota?)"
  return 1
}
unpacked() {
  [ "$1" = 0 ] || tar -tf "$sj_in" | sed -n 's|^\([0-9a-f]\{16,\}\)/.*|submissions/\1|p' | sort -u | xargs rm -rf
  rm -f "$sj_in"
  [ "$1" = 0 ] || { fail "cannot unpack into $sj_root/submissions: $(cat "$sj_tmp/err")"; return 1; }
}

# prepare JOB...: the jobs' directories. One without job.json was purged: it is moved aside, so
# that nothing of it is taken for ours.
prepare() {
  for sj_j; do
    [ ! -d "jobs/$sj_j" ] || [ -e "jobs/$sj_j/job.json" ] || move_aside "$sj_j"
  done
  printf 'jobs/%s\n' "$@" | xargs mkdir -p 2>"$sj_tmp/err" ||
    { fail "cannot make directories in $sj_root/jobs: $(sed 1q "$sj_tmp/err")"; return 1; }
}
move_aside() {
  set +f
  for sj_a in "jobs/$1"/[0-9]*; do
    [ -d "$sj_a" ] || continue
    mkdir -p purged && mv "jobs/$1" "purged/${1#*/}.$sj_nonce"
    break
  done
  set -f
}

# record JOB JSON: writes job.json where there is none yet.
record() {
  [ -s "jobs/$1/job.json" ] || printf '%s\n' "$2" >"jobs/$1/job.json"
}

# attempts ATTEMPT...: makes the directories; which of them were there already, the claims tell.
attempts() {
  printf 'jobs/%s\n' "$@" | xargs mkdir 2>/dev/null
  return 0
}

# claims TOKEN KIND FIRST ATTEMPT...: creates each claim exclusively; the attempts' indices go up
# from FIRST. Those that somebody else was quicker with are listed as taken.
claims() {
  sj_t=$1 sj_k=$2 sj_i=$3
  shift 3
  [ "$sj_i" != 0 ] || sj_tokens="$sj_tokens $sj_t"
  eval "sj_list_$sj_t=\"\${sj_list_$sj_t-} \$*\""
  set -C
  for sj_a; do
    { [ ! -e "jobs/$sj_a/started" ] && [ ! -e "jobs/$sj_a/claim" ] && printf '%s %s %s %s\n' "$sj_t" "$sj_i" "$sj_now" "$sj_k" >"jobs/$sj_a/claim"; } || {
      # A network file system may have told the winner that it lost.
      sj_w=
      [ ! -f "jobs/$sj_a/claim" ] || read -r sj_w sj_n <"jobs/$sj_a/claim"
      [ "$sj_w" = "$sj_t" ] || printf '%s\n' "$sj_a" >>"$sj_tmp/taken"
    }
    sj_i=$((sj_i + 1))
  done 2>/dev/null
  set +C
}
# claims_begin COUNT: before so many are made. A claim that cannot be written whole would be taken
# for one whose writer was cut off.
claims_begin() {
  : >"$sj_tmp/taken"
  sj_now=$(date +%s)
  dd if=/dev/zero of="incoming/room.$sj_nonce" bs=4096 count="$(($1 + 16))" 2>"$sj_tmp/err"
  sj_r=$?
  rm -f "incoming/room.$sj_nonce"
  [ "$sj_r" = 0 ] || { fail "cannot write to $sj_root: $(sed 1q "$sj_tmp/err")"; return 1; }
}
claims_end() { show taken 0 "$sj_tmp/taken"; }

# call TOKEN COMMAND: hands in what was claimed. Whether an id was printed is not for a shell to
# say: the client reads it, and has it written with `ids`.
call() {
  sj_t=$1 sj_c=$2
  eval "sj_called_$sj_t=1"
  (cd "submissions/$sj_t" && eval "$sj_c") </dev/null >"$sj_tmp/out" 2>"$sj_tmp/err" 3>&-
  sj_status=$?
  show out "$sj_status" "$sj_tmp/out"
  show err "$sj_status" "$sj_tmp/err"
}

# ids TOKEN ID KIND FIRST LAST: writes the id of what was claimed with these indices. A single
# job's (KIND s) has no index beside it. One that started meanwhile may have written more.
ids() {
  sj_t=$1 sj_id=$2 sj_k=$3 sj_i=$4 sj_l=$5
  eval "set -- \$sj_list_$sj_t"
  shift "$sj_i"
  for sj_a; do
    [ "$sj_i" -le "$sj_l" ] || break
    if [ "$sj_k" = s ]; then sj_n=-; else sj_n=$sj_i; fi
    printf '%s %s\n' "$sj_id" "$sj_n" >"jobs/$sj_a/id"
    sj_i=$((sj_i + 1))
  done
}
