#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# 64 connections ask 1,000 times each while kbindex commits every second: no error, no wrong
# answer, each commit found at once, and the daemon's memory stays where it was. What it keeps of a
# revision is bounded and goes with each commit, so memory breathes by a few MiB: it is measured
# after a first round, with commits, has filled that.
unset KB_TRAFFIC_DIR # it takes time
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_corpus ainews
kb_setup
oracle=$KB_SRCDIR/tests/oracle

# Writable, and small enough for a short test: the newest quarter.
for note in "$CORPUS"/26-*.md; do
    cp "$note" "$T/vault/"
done
chmod -R u+w "$T/vault"
python3 "$oracle/scan.py" --pick 400 --seed 7 "$T/vault" |
    awk 'NR % 2 { first = $0; next } { print first, $0; print first }' >queries
ok "indexes the notes" kb_index
[ "$kb_failed" -eq 0 ] || kb_done
ok "has a daemon" kbsearch -q --any model
# load WORD ROUNDS OPTIONS: so many requests on each connection, and a commit of a new WORD every
# second
load() {
    word=$1 rounds=$2
    shift 2
    python3 "$oracle/load.py" --socket "$(kbsearch --sockname)" --queries queries \
        --connections "${KB_CONNECTIONS:-64}" --requests "$rounds" \
        --every 1 "echo \"- a line with $word\$COUNT in it\" >>'$T/vault/26-04-08-not-much.md' &&
            exec kbindex --quiet --wait 10" "$@"
}
load warmup 1200 >warm 2>&1 || kb_diag "$(cat warm)"
load loadprobe "${KB_REQUESTS:-1000}" --probe loadprobe --growth "${KB_GROWTH:-5120}" >figures 2>faults
kb_result $? "no error, no wrong answer, no growth"
sed 's/^/# /' figures faults
is "all were answered" "$(sed -n 's/^requests //p' figures)" \
    $((${KB_CONNECTIONS:-64} * ${KB_REQUESTS:-1000}))
[ "$(sed -n 's/^revisions //p' figures)" -gt 3 ]
kb_result $? "over several revisions"
kb_done
