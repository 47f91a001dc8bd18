#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An index of another schema: made anew beside the old one, or refused; and who goes on answering.
# (tests/packages upgrades real packages under load.)
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
[ -x "$KB_BINDIR/tests/cli/tamper" ] || kb_skip "no tamper"
kb_setup
db=$HOME/.cache/kbsearch/main
set_schema() {
    "$KB_BINDIR/tests/cli/tamper" "$db/current" set schema "$1"
}
identity() {
    kbsearch --json gemma | jq -c '[.index, [.hits[].id]]'
}
kb_note daily/2026-04-09-AI-Digest.md '- Gemma is open' '- Gemma is open'
kb_index
before=$(identity)
was=$(readlink "$db/current")

set_schema 2
exits "an older schema: a search is refused" 4 kbsearch gemma
like "and told what to run" "$ERR" "*has schema 2, this program needs *: run kbindex, which makes it anew*"
mv vault away
exits "without the vault it is not made anew" 66 kbindex
like "and told why" "$ERR" "*vault: no such vault*older schema*--remove*--force*"
is "the old index stays" "$(readlink "$db/current")" "$was"
mv away vault
chmod -w "$db"
[ "$(id -u)" = 0 ] || exits "nor where there is no room for it" 73 kbindex
chmod +w "$db"
exits "kbindex makes it anew" 0 kbindex
like "and says so" "$OUT$ERR" "*has schema 2, now *: it is made anew beside the old one*"
is "the ids and the index are the same" "$(identity)" "$before"
set_schema 2
exits "for cron" 0 kbindex --quiet
is "in silence" "$OUT$ERR" ""
is "with the same answers" "$(identity)" "$before"

set_schema 99
exits "a newer schema: kbindex does not go back by itself" 70 kbindex --quiet
like "and tells what to run" "$ERR" "*has schema 99, this program needs *: run the newer kbindex*or kbindex --full*"
exits "asked to, it does" 0 kbindex --full --quiet
is "with the same answers, again" "$(identity)" "$before"

# A daemon whose program was replaced and whose index it cannot read: it gives way.
kb_stop
mkdir bin
cp "$KB_BINDIR/kbsearch" "$KB_BINDIR/kbsearchd" bin/
PATH=$T/bin:$PATH
kbsearch -q gemma
pid=$(cat run/kbsearch/main.sock.lock)
set_schema 99
exits "not replaced: it tells" 4 kbsearch gemma
is "and stays" "$(cat run/kbsearch/main.sock.lock)" "$pid"
cp bin/kbsearchd bin/new
mv bin/new bin/kbsearchd
exits "replaced: who asks is answered by the new program" 4 kbsearch gemma
isnt=$(cat run/kbsearch/main.sock.lock)
is "which is another process" "$([ "$isnt" = "$pid" ] && echo the same)" ""
tail -s 0.01 --pid="$pid" -f /dev/null
is "and the old one is gone" "$(kill -0 "$pid" 2>/dev/null && echo there)" ""
kbindex --full --quiet
exits "then all is well" 0 kbsearch gemma
kb_done
