#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# When stdout takes nothing, and when somebody has waited long enough.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
R=$KB_SRCDIR/tests/data/replies

kb_fake "$R/last.json"
exits "a full disk" 6 sh -c 'exec kbsearch --no-spawn x >/dev/full'
is "is told" "$ERR" "kbsearch: standard output: No space left on device"
kb_fake "$R/last.json"
exits "a closed stdout" 6 sh -c 'exec kbsearch --no-spawn x >&-'
kb_fake "$R/last.json"
exits "closed stdin and stderr" 0 sh -c 'exec kbsearch --no-spawn x <&- 2>&-'

mkfifo go
kb_fake "$R/last.json"
{
    read -r _ <go
    kbsearch --no-spawn x 2>said
    echo "$?" >code
} | {
    exec <&-
    echo >go
}
is "a reader that left: as everybody else" "$(cat code)" 141
is "quietly" "$(cat said)" ""

rm -f asked
mkfifo asked
kb_fake hang
env --default-signal=INT kbsearch --no-spawn x &
read -r _ <asked
kill -INT $!
wait $!
is "interrupted" $? 130
kb_done
