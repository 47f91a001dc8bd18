#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon goes on where what answers does not: after faults, and when there is more to read than
# its sandbox allows.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup

keeper() {
    cat "$(kbsearch --sockname).lock"
}
child() {
    kbsearch --no-spawn --json --status | sed 's/.*"pid":\([0-9]*\).*/\1/'
}
held() {
    kbsearch --no-spawn --json --status | sed 's/.*"sandbox":"\([a-z]*\)".*/\1/'
}

kbsearchd || exit 99
first=$(keeper)
kb_note a.md '- Meta debuts Muse Spark'
kb_index || exit 99
ok "an index that came later" kbsearch --no-spawn muse
full=$(held)
case $full in full | none) kb_result 0 "and it is held in full, where the kernel can" ;; *) kb_result 1 "held: $full" ;; esac
ok "a note by its path" kbsearch --no-spawn --get vault/a.md

# sched_getattr(2) tells the length of a turn since Linux 6.12; "short", "long" or "unknown".
turns() {
    python3 - "$1" <<'END'
import ctypes
import os
import struct
import sys

NUMBER = {"x86_64": 315, "aarch64": 275, "riscv64": 275, "loongarch64": 275}.get(os.uname().machine)
room = ctypes.create_string_buffer(48)


def turn(pid):
    if NUMBER is None or ctypes.CDLL(None).syscall(NUMBER, pid, room, 48, 0):
        return 0
    return struct.unpack("=IIQiIQQQ", room.raw)[5]


print("unknown" if not turn(0) else "short" if turn(int(sys.argv[1])) == 300000 else "long")
END
}
if command -v python3 >/dev/null; then
    case $(turns "$(child)") in short | unknown) kb_result 0 "short turns on a busy core" ;; *) kb_result 1 "its turns are long" ;; esac
fi

mkdir "$T/other"
echo '- Quillfeather takes notes' >"$T/other/b.md"
kb_index "$T/other" || exit 99
ok "a note of a vault that came later" kbsearch --no-spawn --get "$T/other/b.md"
like "the note" "$OUT" '*Quillfeather*'

mv "$T/other" "$T/old" && cp -R "$T/old" "$T/other"
id=$(kbsearch --no-spawn --json quillfeather | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
ok "a folder that was made anew" kbsearch --no-spawn --get "$T/other/b.md"
mv "$T/other" "$T/older" && cp -R "$T/old" "$T/other"
like "nothing is stale for want of looking" "$(kbsearch --no-spawn --json --get "$id")" '*"stale":false*'

rm -rf "$HOME/.cache/kbsearch"
kb_index || exit 99
ok "an index that was lost and made anew" kbsearch --no-spawn quillfeather
is "held as before" "$(held)" "$full"
mkdir -p "$HOME/.config/kbsearch"
echo 'quillfeather = feather pen' >"$HOME/.config/kbsearch/synonyms"
ok "synonyms whose folder came later" kbsearch --no-spawn '"feather pen" OR feather pen'
is "all the time one daemon" "$(keeper)" "$first"

chmod 000 "$T/other/b.md"
if [ "$(id -u)" != 0 ]; then
    before=$(child)
    exits "what file modes forbid" 1 kbsearch --no-spawn --get "$T/other/b.md"
    is "is no reason for another process" "$(child)" "$before"
fi
chmod 600 "$T/other/b.md"

# A sanitizer makes an exit of the other two.
for number in KILL ${KB_SANITIZED:-SEGV ABRT}; do
    [ "$number" != 1 ] || continue
    before=$(child)
    kill -$number "$before"
    tail -s 0.01 --pid="$before" -f /dev/null
    ok "answers after a $number" kbsearch --no-spawn muse
done
is "from the same daemon" "$(keeper)" "$first"

before=$(child)
kill -KILL "$first"
tail -s 0.01 --pid="$before" -f /dev/null
ok "what answers dies with its keeper" test ! -e "/proc/$before"
ok "and another daemon takes its place" kbsearchd
ok "and answers" kbsearch --no-spawn muse
kbsearch --no-spawn muse >/dev/null
status=$(kbsearch --no-spawn --json --status)
like "the answer that was kept was given again" "$status" '*"cache":{"entries":1,"bytes":*,"hits":1,"misses":1}*'
like "nobody waits" "$status" '*"queue":0,*'
counted=$(printf '%s\n' "$status" | grep -o '"below_us":[0-9]*,"requests":[0-9]*' | sed 's/.*://' | awk '{ n += $1 } END { print n }')
is "each answer's time is counted" "$counted" "$(printf '%s\n' "$status" | sed 's/.*"requests":\([0-9]*\),"readers".*/\1/')"
second=$(keeper)
kill "$second"
tail -s 0.01 --pid="$second" -f /dev/null
ok "TERM ends both, and the socket" test ! -e "$(kbsearch --sockname)"

# What answers falls, and before the keeper has seen it the end is asked for.
mkfifo "$T/log"
kbsearchd --foreground 2>"$T/log" &
third=$!
exec 3<"$T/log"
while read -r line <&3; do
    case $line in *listening*) break ;; esac
done
before=$(child)
kill -STOP "$third"
kill -KILL "$before"
while read -r _ _ state _ <"/proc/$before/stat" && [ "$state$(ls "/proc/$before/task")" != "Z$before" ]; do :; done
kill "$third"
kill -CONT "$third"
wait "$third"
is "TERM after a fall ends well" "$?" 0
exec 3<&-
kb_done
