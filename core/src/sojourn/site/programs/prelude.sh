# What every trip begins with. The client puts in front of this: sj_nonce, sj_root, sj_create
# (1 to make the root), sj_newid, sj_group, sj_path; sj_head says whether `head -c` can be used.
# The whole is one compound command, evaluated after exactly its own length was read, so that a cut
# one does nothing.
# fd 3 is the channel to the client; everything else that prints goes to stderr.
exec 3>&1 1>&2
trap '' HUP PIPE
unset ENV BASH_ENV CDPATH TAR_OPTIONS POSIXLY_CORRECT GREP_OPTIONS IFS
set -f
LC_ALL=C
export LC_ALL
PATH=$sj_path${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH
case $sj_group in '') umask 077 ;; *) umask 027 ;; esac
printf '@%s begun 0 0\n' "$sj_nonce" >&3
sj_tmp=${TMPDIR:-/tmp}/sojourn-$sj_nonce
mkdir -m 700 "$sj_tmp" 2>/dev/null || {
  sj_tmp=$HOME/.sojourn-$sj_nonce
  mkdir -m 700 "$sj_tmp"
}
# Whose this directory is, for a trip that finds it left behind.
sj_host=
{ read -r sj_host </proc/sys/kernel/hostname; } 2>/dev/null
printf '%s %s\n' "$$" "$sj_host" >"$sj_tmp/of"
at_end() { :; }
sj_watcher=
trap 'at_end; rm -rf "$sj_tmp"; [ -z "$sj_watcher" ] || kill -KILL "$sj_watcher"' EXIT
trap 'exit 143' TERM INT

# alive PID: whether a process runs; one that nobody has waited for has ended.
alive() {
  kill -0 "$1" || return 1
  sj_x=
  [ ! -r "/proc/$1/stat" ] || read -r sj_x sj_x sj_x sj_y <"/proc/$1/stat"
  [ "$sj_x" != Z ]
} 2>/dev/null
# end_all: ends everything that this trip has started: sshd gives it a process group of its own.
end_all() { kill -TERM "-$$" 2>/dev/null || kill -TERM "$$"; }
# What reads or writes sees that the client is gone; what computes, or hangs, is ended when our
# parent, the client's end here, is.
if alive "$PPID"; then
  {
    cd /
    while alive "$PPID" && alive "$$"; do sleep 2; done
    trap '' TERM
    end_all
    sleep 5
    kill -KILL "-$$"
  } </dev/null >/dev/null 2>&1 3>&- &
  sj_watcher=$!
fi
# quietly COMMAND: runs a function that reads nothing of the channel, while the client waits for an
# answer and sends nothing: the end of what it sends is then its own, which ends all of this. With a
# shared connection that is all that tells of it.
quietly() {
  exec 4<&0
  { read -r sj_l || end_all; } <&4 3>&- 4<&- &
  sj_guard=$!
  "$@" 4<&- </dev/null
  sj_status=$?
  # A shell that has only just been made may lose another signal.
  kill -KILL "$sj_guard" 2>/dev/null
  wait "$sj_guard" 2>/dev/null
  exec 4<&-
  return "$sj_status"
}

# say KIND STATUS LENGTH: the head of a frame; its bytes follow.
say() { printf '@%s %s %s %s\n' "$sj_nonce" "$1" "$2" "$3" >&3; }
# tell KIND STATUS TEXT
tell() { say "$1" "$2" "${#3}"; printf %s "$3" >&3; }
# show KIND STATUS FILE
show() {
  [ -s "$3" ] || { say "$1" "$2" 0; return 0; }
  sj_n=$(wc -c <"$3")
  say "$1" "$2" "$((sj_n))"
  cat "$3" >&3
}
fail() { tell fail 1 "$*"; return 1; }

# take LENGTH: exactly so many bytes of what the client sends, to stdout.
if [ -n "$sj_head" ]; then
  take() { head -c "$1"; }
else
  take() {
    sj_left=$1
    while [ "$sj_left" -gt 0 ]; do
      if [ "$sj_left" -gt 65536 ]; then sj_n=65536; else sj_n=$sj_left; fi
      dd bs="$sj_n" count=1 of="$sj_tmp/take" 2>/dev/null
      sj_n=$(wc -c <"$sj_tmp/take")
      [ "$sj_n" -gt 0 ] || return 1
      cat "$sj_tmp/take"
      sj_left=$((sj_left - sj_n))
    done
  }
fi

# digest: SHA-256 of stdin. digests: of the NUL-separated names on stdin, a line each, in order.
if command -v openssl >/dev/null 2>&1; then
  digest() { openssl dgst -sha256 -r; }
elif command -v sha256sum >/dev/null 2>&1; then
  digest() { sha256sum; }
else
  digest() { shasum -a 256; }
fi
if command -v sha256sum >/dev/null 2>&1; then
  digests() { xargs -0 sha256sum --; }
elif command -v shasum >/dev/null 2>&1; then
  digests() { xargs -0 shasum -a 256 --; }
else
  digests() { xargs -0 openssl dgst -sha256 -r; }
fi

# run COMMAND: a command of the scheduler's, which must not read what the client sends, and may
# leave a process behind that would keep the channel open (PBS's qsub does so, for a minute).
run() { quietly run_command "$1"; }
run_command() {
  (eval "$1") </dev/null >"$sj_tmp/out" 2>"$sj_tmp/err" 3>&-
  sj_status=$?
  show out "$sj_status" "$sj_tmp/out"
  show err "$sj_status" "$sj_tmp/err"
}

case $sj_root in
  '~') sj_root=$HOME ;;
  '~/'*) sj_root=$HOME/${sj_root#??} ;;
  /*) ;;
  *) sj_root=$HOME/$sj_root ;;
esac
sj_trouble=
make_root() {
  mkdir -p "$sj_root" && mkdir -p "$sj_root/jobs" "$sj_root/blobs" "$sj_root/incoming" "$sj_root/submissions" || return 1
  if [ -n "$sj_group" ]; then
    chgrp "$sj_group" "$sj_root" "$sj_root/jobs" "$sj_root/blobs" "$sj_root/submissions" &&
      chmod 2750 "$sj_root" "$sj_root/jobs" "$sj_root/blobs" "$sj_root/submissions" || return 1
  fi
  [ -e "$sj_root/version" ] && return 0
  # Beside it: some file systems have hard links only within a directory, as job.sh needs them.
  sj_new=$sj_root/version.$sj_nonce
  printf 'sojourn-root 1\nid %s\n' "$sj_newid" >"$sj_new" || return 1
  [ -z "$sj_group" ] || chgrp "$sj_group" "$sj_new"
  ln "$sj_new" "$sj_root/version"
  rm -f "$sj_new"
  [ -e "$sj_root/version" ]
}
has_root() { [ -d "$sj_root/jobs" ] && [ -e "$sj_root/version" ]; }
if [ "$sj_create" = 1 ] && ! has_root; then
  sj_n=$(make_root 2>&1 | sed -n 1p)
  has_root || sj_trouble="cannot make the root directory $sj_root: $sj_n"
fi
sj_version= sj_id= sj_there=0 sj_writable=0
if cd "$sj_root" 2>/dev/null; then
  sj_there=1
  sj_root=$PWD
  [ -w jobs ] && sj_writable=1
  [ -r version ] && { read -r sj_n sj_version && read -r sj_n sj_id; } <version
elif [ -e "$sj_root" ]; then
  sj_there=2
fi
# What trips that were killed here have left behind, and on their way into this root.
if [ -n "$sj_host" ]; then
  set +f
  for sj_left in "${sj_tmp%-*}"-*; do
    [ "$sj_left" != "$sj_tmp" ] && [ -O "$sj_left" ] && [ ! -L "$sj_left" ] && [ -f "$sj_left/of" ] || continue
    sj_n=
    read -r sj_n sj_rest <"$sj_left/of"
    [ -n "$sj_n" ] && [ "$sj_rest" = "$sj_host" ] && ! alive "$sj_n" || continue
    rm -rf "$sj_left"
    [ "$sj_writable" != 1 ] || rm -rf "incoming/${sj_left##*-}" "incoming/${sj_left##*-}.tar"
  done
  set -f
fi
tell hello 0 "root $sj_root
version $sj_version
id $sj_id
there $sj_there
writable $sj_writable
now $(date +%s)
user ${LOGNAME:-$(id -un 2>/dev/null)}
trouble $sj_trouble"

while read -r sj_verb sj_size; do
  [ "$sj_verb" = do ] || break
  sj_text=$(take "$sj_size" && printf .)
  [ "${#sj_text}" -eq $((sj_size + 1)) ] || break
  sj_go() { eval "${sj_text%.}"; }
  sj_go
  say done "$?" 0
done
