# What a machine has, for a person who asks whether jobs can run there.

# tools NAME...: for each a line with its name, and where it is; then what it says of its version.
tools() {
  for sj_f; do
    sj_p=$(command -v "$sj_f" 2>/dev/null) || { printf '%s\n' "$sj_f"; continue; }
    case $sj_f in
      openssl) sj_v=$(openssl version 2>/dev/null) ;;
      tar | sha256sum | bash | zsh | fish) sj_v=$("$sj_f" --version 2>/dev/null </dev/null) ;;
      *) sj_v= ;;
    esac
    printf '%s %s %s\n' "$sj_f" "$sj_p" "$(printf '%s\n' "$sj_v" | sed 1q)"
  done >"$sj_tmp/tools"
  show tools 0 "$sj_tmp/tools"
}

# room: kilobytes that are free where the root is, and whether something can be written there.
room() {
  df -Pk . 2>/dev/null | sed 1d | { read -r sj_a sj_b sj_c sj_n sj_rest; printf '%s\n' "$sj_n"; } >"$sj_tmp/room"
  show room 0 "$sj_tmp/room"
  {
    head -c 65536 /dev/zero >"incoming/check.$sj_nonce" && rm -f "incoming/check.$sj_nonce"
  } 2>"$sj_tmp/err"
  show written "$?" "$sj_tmp/err"
}
