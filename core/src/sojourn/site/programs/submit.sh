# Handing in: payload unpacked, attempts claimed, the scheduler called, ids written, in that order.

# Claims of this trip stand in `held` with their token. Those of a submission that no call was
# made for are given back if the client goes away before it asks for the call.
at_end() {
  [ -e "$sj_tmp/held" ] || return 0
  while read -r sj_a sj_t; do
    eval "sj_n=\${sj_called_$sj_t-}"
    [ -n "$sj_n" ] || give_back "$sj_a"
  done <"$sj_tmp/held"
}

# give_back ATTEMPT: undoes a claim of ours whose job has certainly not been handed in.
give_back() {
  rm -f "jobs/$1/claim"
  rmdir "jobs/$1" 2>/dev/null
  return 0
}

# payload LENGTH DIGEST: the submissions' directories, as one tar archive.
payload() {
  sj_in=incoming/$sj_nonce.tar
  take "$1" >"$sj_in" || { fail "cannot write to $sj_root/incoming (disk full or over quota?)"; return 1; }
  sj_got=$(digest <"$sj_in")
  sj_got=${sj_got%% *}
  if [ "${sj_got#\\}" != "$2" ]; then
    rm -f "$sj_in"
    fail "what was sent did not arrive whole at $sj_root/incoming (disk full or over quota?)"
    return 1
  fi
  tar -xf "$sj_in" -C submissions 2>"$sj_tmp/err" || { rm -f "$sj_in"; fail "cannot unpack into $sj_root/submissions: $(cat "$sj_tmp/err")"; return 1; }
  rm -f "$sj_in"
}

# prepare SIGNATURE_DIR...: the jobs' directories. One without job.json was purged: it is moved
# aside, so that nothing of it is taken for ours.
prepare() {
  set +f
  for sj_j; do
    if [ ! -e "jobs/$sj_j/job.json" ]; then
      for sj_a in "jobs/$sj_j"/[0-9]*; do
        [ -d "$sj_a" ] || continue
        mkdir -p purged && mv "jobs/$sj_j" "purged/${sj_j#*/}.$sj_nonce"
        break
      done
    fi
  done
  set -f
  for sj_j; do printf 'jobs/%s\n' "$sj_j"; done | xargs mkdir -p
}

# record SIGNATURE_DIR JSON: writes job.json where there is none yet.
record() {
  [ -s "jobs/$1/job.json" ] || printf '%s\n' "$2" >"jobs/$1/job.json"
}

# attempts ATTEMPT...: makes the directories; which of them were there already, the claims tell.
attempts() {
  for sj_a; do printf 'jobs/%s\n' "$sj_a"; done | xargs mkdir 2>/dev/null
  return 0
}

# claim ATTEMPT TOKEN INDEX KIND: creates the claim exclusively; answers in the list of the taken.
claim() {
  if [ ! -e "jobs/$1/started" ]; then
    set -C
    { printf '%s %s %s %s\n' "$2" "$3" "$sj_now" "$4" >"jobs/$1/claim"; } 2>/dev/null
    sj_r=$?
    set +C
    [ "$sj_r" = 0 ] && { printf '%s %s\n' "$1" "$2" >>"$sj_tmp/held"; return 0; }
  fi
  sj_t=
  { read -r sj_t sj_n <"jobs/$1/claim"; } 2>/dev/null
  # A network file system may have told the winner that it lost.
  if [ "$sj_t" = "$2" ]; then
    printf '%s %s\n' "$1" "$2" >>"$sj_tmp/held"
  else
    printf '%s\n' "$1" >>"$sj_tmp/taken"
  fi
  return 0
}
claims_begin() { : >"$sj_tmp/taken"; sj_now=$(date +%s); }
claims_end() { show taken 0 "$sj_tmp/taken"; }

# call TOKEN COMMAND ATTEMPT:INDEX...: hands in; the first word of the last line printed is the
# id. INDEX is the array index, or - for a single job.
call() {
  sj_t=$1 sj_c=$2
  shift 2
  eval "sj_called_$sj_t=1"
  (cd "submissions/$sj_t" && eval "$sj_c") </dev/null >"$sj_tmp/out" 2>"$sj_tmp/err" 3>&-
  sj_status=$?
  if [ "$sj_status" = 0 ]; then
    sj_i=
    while read -r sj_l sj_n; do [ -z "$sj_l" ] || sj_i=$sj_l; done <"$sj_tmp/out"
    sj_i=${sj_i%%;*}
    [ -z "$sj_i" ] || for sj_a; do printf '%s %s\n' "$sj_i" "${sj_a#*:}" >"jobs/${sj_a%%:*}/id"; done
  fi
  show out "$sj_status" "$sj_tmp/out"
  show err "$sj_status" "$sj_tmp/err"
}
