#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that is full: a real one, of 3 MiB, where we may mount.
[ -n "${KB_MOUNTED:-}" ] || ! unshare -m true 2>/dev/null || KB_MOUNTED=1 exec unshare -m sh "$0"
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
mkdir "$T/small"
mount -t tmpfs -o size=3m,mode=700 none "$T/small" 2>/dev/null || kb_skip "nothing can be mounted here"
trap 'umount -l "$T/small"; kb_cleanup' EXIT
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
KBSEARCH_DB=$T/small/db
export KBSEARCH_DB
serve
golden=$(kbsearch --no-spawn --json --all -s path model | sed 's/"took_us":[0-9]*//; s/"revision":[0-9]*//')
# As large as what is in it and somewhat more.
shrink() {
    kbindex --quiet --full && kbsearch --no-spawn -q model
    used=$(df -k --output=used "$T/small" | tail -n 1)
    mount -o remount,size=$((used + 1000))k "$T/small" || kb_diag "it cannot be small again"
}
failed=0
for mode in "" --full; do
    for lines in 2000 4000 8000 16000; do
        awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++) print "- filler" i " word" i * 7 " other" i * 13 }' >"$T/vault/big.md"
        # shellcheck disable=SC2086 # no option is none
        kbindex --quiet $mode >"$T/said" 2>&1
        code=$?
        [ "$code" -ne 0 ] || { rm "$T/vault/big.md"; continue; }
        failed=$((failed + 1))
        like "full$mode at $lines lines: it says so" "$(cat "$T/said")" "*$T/small*No space left*"
        is "full$mode at $lines lines: the old answers" \
            "$(kbsearch --no-spawn --json --all -s path model | sed 's/"took_us":[0-9]*//; s/"revision":[0-9]*//')" "$golden"
        ok "full$mode at $lines lines: the tables are whole" kbindex --check=index
        rm "$T/vault/big.md"
        # A table that grew stays as large, so there has to be room first.
        mount -o remount,size=32m "$T/small"
        ok "full$mode at $lines lines: with room the next run is fine" kbindex --quiet
        is "full$mode at $lines lines: and the same is found" \
            "$(kbsearch --no-spawn --json --all -s path model | sed 's/"took_us":[0-9]*//; s/"revision":[0-9]*//')" "$golden"
        shrink
    done
done
echo "# figure disk_full_times $failed"
[ "$failed" -ge 2 ]
kb_result $? "the disk was full"
kb_done
