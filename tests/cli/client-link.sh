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
printf '#!/bin/sh\nexit 70\n' >bin/kbsearchd
exits "one that ends without a word" 3 bin/kbsearch x
is "how to see why" "$ERR" "kbsearch: no daemon could be started: it ended at once; run: kbsearchd --foreground"
echo '#!/nonexistent/interpreter' >bin/kbsearchd
exits "one that cannot be run" 3 bin/kbsearch x
like "and why" "$ERR" "kbsearch: no daemon could be started: kbsearchd cannot be run: No such file or directory"
exits "no descriptors to start one with" 3 prlimit --nofile=4 env -u LD_PRELOAD bin/kbsearch x 3>&-
is "and that is why" "$ERR" "kbsearch: no daemon could be started: Too many open files"
printf '#!/bin/sh\nprintf "%%s " "$@" >"%s/args"\nexec python3 "%s/tests/cli/fake.py" "%s/run/f.sock" /dev/null "%s/hello.json" "%s/last.json"\n' \
    "$T" "$KB_SRCDIR" "$T" "$T" "$R" >bin/kbsearchd
printf '{"db":"%s/db"}' "$T" >hello.json
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
is "one daemon, a keeper and its child" "$(kb_running | wc -l | tr -d ' ')" 2
exits "found" 0 kbsearch muse spark
is "below the working directory" "$OUT" "vault/daily/2026-04-09-AI-Digest.md:1:2026-04-09:Meta debuts Muse Spark"
for pid in $(kb_running); do kill -KILL "$pid" && tail -s 0.01 --pid="$pid" -f /dev/null; done
exits "a stale socket is no obstacle" 0 kbsearch muse

# A socket and an index that were both named: never an answer from another index.
ok "another index" kb_index --db other vault
ok "its daemon" kbsearchd --db other --socket run/other.sock
exits "with its own name" 0 kbsearch --db other --socket run/other.sock muse
exits "the other's index is refused" 4 kbsearch --index main --socket run/other.sock muse
is "and told" "$ERR" "kbsearch: the daemon at $T/run/other.sock has the index $T/other, not $T/home/.cache/kbsearch/main: name another socket, or none"
exits "by the relay too" 4 env KBSEARCH_DB="$T/none" kbsearch --socket run/other.sock --rpc
exits "a socket alone is enough" 0 kbsearch --socket run/other.sock muse
exits "the relay" 0 sh -c 'for i in 1 2 3; do echo "{\"jsonrpc\":\"2.0\",\"id\":$i,\"method\":\"hello\"}"; done |
    kbsearch --rpc >relayed'
is "every answer came" "$(wc -l <relayed | tr -d ' ')" 3
seq 3000 | sed 's/.*/{"jsonrpc":"2.0","id":&,"method":"search","params":{"query":"muse"}}/' |
    kbsearch --rpc | wc -l | tr -d ' ' >many
is "more answers than any buffer holds" "$(cat many)" 3000

# A list that was cut says so, in a pipe as well, unless its length was asked for or the form tells.
seq 25 | sed 's/.*/- cutword &/' >vault/cut.md
kbindex --quiet
exits "the first 20" 0 kbsearch cutword
is "told to be so" "$(printf '%s\n' "$OUT" | wc -l | tr -d ' ') $ERR" "20 kbsearch: 20 of 25 shown; -n N or --all for more"
exits "as asked" 0 kbsearch -n 5 cutword
is "nothing to tell" "$ERR" ""
exits "all" 0 kbsearch --all cutword
is "nothing to tell of all" "$ERR" ""
exits "an object tells itself" 0 kbsearch --json cutword
is "nothing besides" "$ERR" ""
kb_done
