#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbindex killed at its system calls, and locked out: the old revision stays, the next run is whole.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v strace >/dev/null || kb_skip "strace is not there"
kb_setup
strace -o /dev/null true 2>/dev/null || kb_skip "strace may not trace here"

make_vault() {
    rm -rf vault
    for n in 1 2 3 4 5 6 7 8; do
        kb_note "daily/2026-04-0$n-AI-Digest.md" "# Digest $n" "- one $n" "- two $n" "- three $n"
    done
}
edit_vault() {
    kb_note daily/2026-04-01-AI-Digest.md "# Digest 1" "- one 1" "- two changed" "- four 1"
    mv vault/daily/2026-04-02-AI-Digest.md vault/daily/2026-04-12-AI-Digest.md
    rm vault/daily/2026-04-03-AI-Digest.md
    kb_note daily/2026-04-09-AI-Digest.md "- new"
}
db=$T/db
make_vault
kbindex --quiet --db "$db" vault || exit 99
cp -a "$db" golden
cp -a vault vault.golden

# Kills it at the nth call of this name; false when it made fewer.
killed() {
    strace -f -o /dev/null -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2" \
        kbindex --quiet --db "$db" $3 2>/dev/null
    test $? -eq 137
}

points=0 broken=0
for mode in "" --full; do
    for call in openat pwrite64 fdatasync fsync renameat unlinkat symlinkat; do
        n=1 step=1
        [ "$call" = openat ] && step=5
        [ "$call" = pwrite64 ] && step=4
        while :; do
            rm -rf "$db" vault
            cp -a golden "$db"
            cp -a vault.golden vault
            edit_vault
            killed "$call" "$n" "$mode" || break
            points=$((points + 1))
            if ! kbindex --check=index --quiet --db "$db"; then
                broken=$((broken + 1))
                kb_diag "after $call $n $mode: the index is not whole"
            fi
            if ! kbindex --quiet --db "$db" || ! kbindex --check --quiet --db "$db" ||
                [ "$(find "$db" -maxdepth 1 -name 'gen-*' | wc -l)" -ne 1 ]; then
                broken=$((broken + 1))
                kb_diag "after $call $n $mode: the next run does not mend it"
            fi
            n=$((n + step))
        done
    done
done
is "killed at $points points: none broke" "$broken" 0
ok "many points" test "$points" -ge 60

# A run that is stopped while it holds the lock.
mkfifo held
strace -f -o held -e trace=fdatasync -e inject=fdatasync:signal=SIGSTOP:when=1 \
    kbindex --quiet --db "$db" --full &
writer=$!
read -r line <held
exec 3<held
exits "locked" 75 kbindex --db "$db"
holder=$(cat "$db/lock")
like "names who holds it" "$ERR" "*process $holder *"
exits "quiet and locked" 0 kbindex --quiet --db "$db"
is "says nothing" "$OUT$ERR" ""
exits "waits as long as told" 75 kbindex --wait 0.1 --db "$db"
is "with --full it does not give way" "$(awk '{ print $19 }' "/proc/$holder/stat")" "$(nice)"
# The nice value of a run with these options, once it asked for its turns (3: SCHED_BATCH)
gives_way() {
    kbindex "$@" --wait 60 --db "$db" >/dev/null 2>&1 &
    late=$(($(date +%s) + 20))
    until [ "$(awk '{ print $41 }' "/proc/$!/stat")" = 3 ] || [ "$(date +%s)" -ge "$late" ]; do :; done
    awk '{ print $19 }' "/proc/$!/stat"
    kill -KILL $!
}
is "who waits for it has it first" "$(gives_way)" "$(nice)"
is "with --quiet it gives way" "$(gives_way --quiet)" 19
kill -KILL "$holder"
wait "$writer" 2>/dev/null
ok "free again" kbindex --quiet --db "$db"
kb_done
