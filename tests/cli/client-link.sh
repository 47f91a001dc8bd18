#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding a daemon, starting one, losing it, and what is said when there is none.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
R=$KB_SRCDIR/tests/data/replies

exits "no daemon and none wanted" 3 kbsearch --no-spawn x
is "what to run" "$ERR" "kbsearch: no daemon listens at $T/run/kbsearch/main.sock; run: kbsearchd"

kb_fake close "$R/last.json"
exits "a daemon that ends between" 0 kbsearch --no-spawn x
kb_fake half "$R/last.json"
exits "and one that ends in mid-answer" 0 kbsearch --no-spawn x
kb_fake close close
exits "but not for ever" 3 kbsearch --no-spawn x
kb_fake hang
exits "one that never answers" 5 kbsearch --no-spawn --deadline 1 x
like "says how long" "$ERR" 'kbsearch: no answer within *'
rm -f "$KBSEARCH_SOCKET"
: >"$KBSEARCH_SOCKET"
exits "a file where the socket should be" 3 kbsearch --no-spawn x
unset KBSEARCH_SOCKET

# A daemon that cannot start: the one beside the program is taken first.
mkdir bin
cp "$(command -v kbsearch)" bin/kbsearch
printf '#!/bin/sh\necho "kbsearchd: first line" >&2\necho "kbsearchd: the disk is full" >&2\nexit 73\n' \
    >bin/kbsearchd
chmod +x bin/kbsearchd
exits "a daemon that fails to start" 3 bin/kbsearch x
is "its last words are told" "$ERR" "kbsearch: no daemon could be started: kbsearchd: the disk is full"
printf '#!/bin/sh\nprintf "%%s " "$@" >"%s/args"\nexec python3 "%s/tests/cli/fake.py" "%s/run/f.sock" /dev/null "%s/last.json"\n' \
    "$T" "$KB_SRCDIR" "$T" "$R" >bin/kbsearchd
exits "one that starts" 0 bin/kbsearch --socket "$T/run/f.sock" --db "$T/db" --index i x
is "it gets the same places" "$(cat args)" "--index i --db $T/db --socket $T/run/f.sock --idle-exit 3600 "

if ! command -v kbsearchd >/dev/null || ! command -v kbindex >/dev/null; then
    kb_done
fi
exits "without an index" 4 kbsearch muse
like "the cure" "$ERR" '*kbindex*'
kb_stop
kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark' '- Closed source'
ok "indexed" kb_index
kb_stop
seq 10 | xargs -P 10 -I@ sh -c 'kbsearch -q muse || echo "$?"' >raced
is "ten at once, none failed" "$(cat raced)" ""
is "one daemon" "$(kb_running | wc -l | tr -d ' ')" 1
exits "found" 0 kbsearch muse spark
is "below the working directory" "$OUT" "vault/daily/2026-04-09-AI-Digest.md:1:2026-04-09:Meta debuts Muse Spark"
for pid in $(kb_running); do kill -KILL "$pid" && tail -s 0.01 --pid="$pid" -f /dev/null; done
exits "a stale socket is no obstacle" 0 kbsearch muse
exits "the relay" 0 sh -c 'for i in 1 2 3; do echo "{\"jsonrpc\":\"2.0\",\"id\":$i,\"method\":\"hello\"}"; done |
    kbsearch --rpc >relayed'
is "every answer came" "$(wc -l <relayed | tr -d ' ')" 3
seq 3000 | sed 's/.*/{"jsonrpc":"2.0","id":&,"method":"search","params":{"query":"muse"}}/' |
    kbsearch --rpc | wc -l | tr -d ' ' >many
is "more answers than any buffer holds" "$(cat many)" 3000
kb_done
