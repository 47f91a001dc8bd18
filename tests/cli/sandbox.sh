#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon can read and write what it has to, and nothing else: a burglar inside of it tries.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
! kb_sanitized || kb_skip "the sanitizers' runtime has to be loaded first"
command -v python3 >/dev/null || kb_skip "python3 is not there"
command -v cc >/dev/null || kb_skip "no C compiler"
cc -shared -fPIC -o "$T/probe.so" "$KB_SRCDIR/tests/cli/probe.c" -ldl || exit 99

# served [OPTIONS]: a daemon with the burglar in it, once it listens; what it says goes to $T/said.
served() {
    rm -f "$T/says" && mkfifo "$T/says" && : >"$T/said"
    LD_PRELOAD=$T/probe.so kbsearchd --foreground "$@" 2>"$T/says" &
    daemon=$!
    exec 3<"$T/says"
    while read -r line <&3; do
        case $line in *listening*) break ;; esac
    done
    cat <&3 >"$T/said" &
    reader=$!
    exec 3<&-
}

# Ends it; all it said is there then.
ended() {
    kill "$daemon"
    wait "$daemon"
    code=$?
    wait "$reader"
}

# tried WHO WHAT PATH RESULT
tried() {
    grep -qxF "$1: $2 $3: $4" "$T/said"
    kb_result $? "$1: $2 ${3#"$T"/}: $4"
    [ "$kb_failed" -eq 0 ] || kb_diag "$(grep -F "$2 $3" "$T/said")"
}

kb_note a.md '- Meta debuts Muse Spark'
mkdir "$T/secret" "$T/vault/sub"
echo secret >"$T/secret/key"
echo 'a = "b"' >"$T/file"
kb_index || exit 99
socket=$(kbsearch --sockname)
db=$(kbsearch --config | sed -n 's/^db = \([^ ]*\) .*/\1/p')
outside="$T/secret/key"
KB_PROBE="read $outside
list $T/secret
read $T/.out
list $T
write $outside
make $T/secret/new
remove $outside
move $outside
truncate $outside
folder $T/secret/folder
link $T/secret/link
pipe $T/secret/pipe
make $T/vault/new.md
write $T/vault/a.md
remove $T/vault/a.md
make $db/new
write $db/lock
make ${socket%/*}/new
signal $$
read $T/vault/a.md
list $T/vault/sub
list $db
read /etc/passwd
write /dev/null"
export KB_PROBE

: >"$T/.out"
served
ok "finds and reads" kbsearch --no-spawn --get "$T/vault/a.md"
like "a note of the vault" "$OUT" '*Meta debuts Muse Spark*'
ok "tells how it is held" kbsearch --no-spawn --status
# One that is alone is answered by who runs the loop, two are by workers.
cat >two.py <<'END'
import rpc
c = rpc.Client()
line = b'{"jsonrpc":"2.0","id":%d,"method":"search","params":{"query":"muse"}}\n'
c.socket.sendall(line % 1 + line % 2)
assert all("result" in c.read() for n in range(2))
END
ok "two at once" env KBSEARCH_SOCKET="$socket" PYTHONPATH="$KB_SRCDIR/tests/cli" python3 two.py
held=$(kbsearch --no-spawn --json --status | sed 's/.*"sandbox":"\([a-z]*\)".*/\1/')
is "core files" "$(sed -n 's/^Max core file size *\([0-9]*\) .*/\1/p' "/proc/$daemon/limits")" 0
is "no new privileges" "$(sed -n 's/^NoNewPrivs:[[:blank:]]*//p' "/proc/$daemon/status")" 1
ended
is "it ends well" $code 0
ok "and removes its socket" test ! -e "$socket"
if [ "$held" = none ]; then
    echo "# this kernel has no Landlock"
    kb_done
fi
is "it is held in full" "$held" full
for who in loop worker; do
    for what in "read $outside" "list $T/secret" "read $T/.out" "list $T" "write $outside" "make $T/secret/new" \
        "remove $outside" "move $outside" "truncate $outside" "folder $T/secret/folder" "link $T/secret/link" \
        "pipe $T/secret/pipe" "make $T/vault/new.md" "write $T/vault/a.md" "remove $T/vault/a.md" \
        "make $db/new" "write $db/lock" "make ${socket%/*}/new"; do
        tried "$who" "${what%% *}" "${what#* }" EACCES
    done
    for what in "read $T/vault/a.md" "list $T/vault/sub" "list $db" "read /etc/passwd" "write /dev/null"; do
        tried "$who" "${what%% *}" "${what#* }" ok
    done
done
is "the secret is whole" "$(cat "$outside")" secret

# Without an index nobody knows the vaults: writing alone is held.
unset KB_PROBE
KB_PROBE="read $outside
make $T/secret/new"
export KB_PROBE
served --db "$T/none" --socket "$T/run/none.sock"
like "without an index" "$(kbsearch --no-spawn --json --status --db "$T/none" --socket "$T/run/none.sock")" \
    '*"sandbox":"writes"*'
ended
tried loop read "$outside" ok
tried loop make "$T/secret/new" EACCES
kb_done
