#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each form of an answer, what goes to stderr, and the exit codes, against literal replies.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
R=$KB_SRCDIR/tests/data/replies

# with REPLIES NAME CODE OPTION...: the exit code, and $OUT and $ERR for what comes next.
with() {
    kb_replies=$1 kb_case=$2 kb_code=$3
    shift 3
    # shellcheck disable=SC2086 # several replies are several words
    kb_fake $kb_replies
    exits "$kb_case" "$kb_code" kbsearch --no-spawn "$@"
}

with "$R/last.json" "lines" 0 closed source
is "a line a hit" "$OUT" "/home/u/kb/daily/2026-04-09-AI-Digest.md:30:2026-04-09:a closed-source rival"
is "nothing else to say" "$ERR" ""
like "the request" "$(cat asked)" '{"jsonrpc":"2.0","id":1,"method":"search","params":{"query":"closed source","limit":20,"today":"20??-??-??"}}'

with "$R/two.json" "count" 0 -c closed source
is "the total" "$OUT" 54
like "counts exactly" "$(cat asked)" '*"limit":0*"exact":true*'
with "$R/none.json" "count of nothing" 1 -c zebra
is "nothing counted" "$OUT" 0

with "$R/two.json" "quiet" 0 -q closed source
is "says nothing" "$OUT$ERR" ""
like "asks for one" "$(cat asked)" '*"limit":1,*'
with "$R/none.json" "quiet without a hit" 1 -q zebra
is "says nothing then" "$OUT$ERR" ""

with "$R/two.json" "json" 0 --json -n2 closed source
is "byte for byte" "$OUT" "$(cat "$R/two.json")"
with "$R/two.json $R/last.json" "json of all pages" 0 --json --all closed source
is "one object" "$(printf %s "$OUT" | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(len(d["hits"]), d["cursor"], d["hits"][2]["line"])')" "3 None 30"
like "goes on by cursor" "$(sed -n 2p asked)" '*"limit":1000,"cursor":"page-2"*'
with "$R/two.json $R/last.json" "jsonl" 0 --jsonl --all closed source
is "three lines" "$(printf '%s\n' "$OUT" | wc -l | tr -d ' ')" 3

with "$R/two.json $R/last.json" "offset counts once" 0 --all --offset 7 x
is "in the first page" "$(grep -c '"offset":7' asked)" 1
with "$R/two.json $R/last.json" "more than a page" 0 -n 3 x
is "asks for the rest" "$(grep -o '"limit":[0-9]*' asked | tr '\n' ' ')" '"limit":3 "limit":1 '
with "$R/two.json" "a budget" 0 --budget 100 -n 3 x
is "is not asked around" "$(wc -l <asked | tr -d ' ')" 1

with "$R/two.json $R/last.json" "notes" 0 -l closed source
is "each once" "$OUT" '/home/u/kb/daily/2026-04-09-AI-Digest.md
/home/u/other/Muse ["Spark"].md'
with "$R/last.json" "notes with NUL" 0 -l0 closed source
is "as xargs -0 wants" "$(tr '\0' '|' <.out)" "/home/u/kb/daily/2026-04-09-AI-Digest.md|"
with "$R/last.json" "vimgrep" 0 --vimgrep closed source
is "path:line:col:text" "$OUT" "/home/u/kb/daily/2026-04-09-AI-Digest.md:30:2:a closed-source rival"
with "$R/last.json" "template" 0 --format '{date}\t{rel}:{line}' x
is "with a tab" "$OUT" "2026-04-09	daily/2026-04-09-AI-Digest.md:30"
with "$R/last.json" "the version that is there" 0 --json --format-version 1 x

with "$R/none.json" "relaxed, nothing found" 1 geminu pro zebra max
is "nothing on stdout" "$OUT" ""
is "says how it was read" "$ERR" "kbsearch: geminu read as gemini
kbsearch: no unit has all 4 words: showing those with 3
kbsearch: unbalanced quote: closed at the end"

with "$R/bad-query.json" "a bad query" 2 muse tilte:spark
is "with a caret" "$ERR" 'kbsearch: unknown field "tilte"; did you mean "title"?
  muse tilte:spark
         ^'
with "$R/no-index.json" "no index" 4 muse
like "and the cure" "$ERR" '*run kbindex*'

with "$R/status.json" "status" 0 --status
like "aligned" "$OUT" '*notes        701*'
with "$R/status.json" "status as JSON" 0 --status --json
is "as sent" "$OUT" "$(cat "$R/status.json")"
with "$R/suggest.json" "suggest" 0 --suggest mu
is "one a line" "$OUT" "muse
Muse Spark"
with "$R/get.json" "get" 0 --get a.md:2:2
is "the text" "$OUT" "two
  lines"
like "told when stale" "$ERR" '*a.md:2:2 changed since*kbindex'
like "path, line, count" "$(cat asked)" '*"path":"a.md","line":2,"count":2*'
: >"a:3"
with "$R/get.json" "get of a name with a colon" 0 --get a:3:2
like "is that file" "$(cat asked)" "*\"path\":\"$T/a:3\",\"line\":2}*"
with "$R/get.json" "get by id" 0 --get 9f2c000000000001
like "asks by id" "$(cat asked)" '*"id":"9f2c000000000001"*'

unset KBSEARCH_SOCKET
exits "no query" 2 kbsearch
like "usage" "$ERR" 'usage: kbsearch *'
exits "a blank query" 2 kbsearch '  '
exits "unknown option" 2 kbsearch --limt 3 x
is "the nearest" "$ERR" "kbsearch: unknown option --limt; did you mean --limit?"
exits "a template without a placeholder" 2 kbsearch --format abc x
exits "another version" 2 kbsearch --json --format-version 2 x
exits "help" 0 kbsearch --help
exits "short help" 0 kbsearch -h
exits "version" 0 kbsearch --version
like "its line" "$OUT" 'kbsearch [0-9]*.[0-9]*'
exits "socket" 0 kbsearch --sockname
is "its path" "$OUT" "$T/run/kbsearch/main.sock"
exits "configuration" 0 kbsearch --config --index work
like "and where it came from" "$OUT" '*index = work  # --index*'
kb_done
