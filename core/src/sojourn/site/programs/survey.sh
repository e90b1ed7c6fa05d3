# What lies under the root, whoever put it there.

# survey: each job's job.json, and its attempts' claim, id, started and exit; what is left out
# because it cannot be listed is said in `unlisted`.
survey() {
  : >"$sj_tmp/files"
  : >"$sj_tmp/err"
  [ ! -d jobs ] || find jobs -path 'jobs/*/*/*/*' -prune ! -type d \( -name claim -o -name id -o -name started -o -name exit \) -print -o -name job.json -print >"$sj_tmp/files" 2>"$sj_tmp/err"
  archive survey
  sed -n 1p "$sj_tmp/err" >"$sj_tmp/unlisted"
  show unlisted 0 "$sj_tmp/unlisted"
}
