#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The sample vault, with what is planted in it (docs/hacking.md), against a scan of its files.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
oracle=$KB_SRCDIR/tests/oracle

cp -R "$KB_SRCDIR/docs/vault/." vault
chmod -R u+w vault
ok "indexes the sample vault" kb_index
[ "$kb_failed" -eq 0 ] || kb_done
ok "every visible byte is in one unit" kbindex --check

# agree NAME WORD [WORD]: the phrase of these words, all of it.
agree() {
    agree_name=$1
    shift
    python3 "$oracle/scan.py" vault "$@" >scan.tsv
    printf '%s\t' "$*" >answers.tsv
    kbsearch --all --json --strict -- "\"$*\"" >>answers.tsv
    ok "$agree_name" python3 "$oracle/compare.py" scan.tsv answers.tsv
}
agree "closed source, over a line wrap, in bold, hyphened" closed source
agree "open weights, in three spellings" open weights
agree "a word in a quote, a row, a mermaid block" advisor

python3 "$oracle/scan.py" --pick 300 --seed 1 vault >words
python3 "$oracle/scan.py" --words words vault >scan.tsv
while read -r word; do
    printf '%s\t' "$word"
    kbsearch --all --json --strict -- "\"$word\""
done <words >answers.tsv
ok "300 words" python3 "$oracle/compare.py" scan.tsv answers.tsv

# units QUERY: how many
units() {
    kbsearch -c --strict -- "$@"
}
exits "a word in a comment is not found" 1 kbsearch -q --strict quillfeather
is "open-weights finds what openweights finds" "$(units open-weights)" "$(units openweights)"
is "GPT-5.4 in every spelling" "$(units GPT-5.4)" "$(units '"gpt 5.4"')"
kbsearch --all --jsonl GPT-5 >gpt5
is "GPT-5 is never GPT-5.4 or GPT-4o alone" \
    "$(grep -cviE '"text":"([^"\\]|\\.)*gpt[- ]?5([^.0-9]|\.[^0-9])' gpt5)" 0
like "the licence line of Muse Spark is found by its note's name" \
    "$(kbsearch muse spark license proprietary | cut -d: -f4-)" '*closed source; API preview only*'
is "an event is dated by its link" \
    "$(kbsearch --format '{date}\n' 'kind:event "eight hours" OR kind:event "first independent test"')" \
    2026-04-11
is "a bare dated name dates a bullet" \
    "$(kbsearch --format '{kind} {date}\n' '"a million downloads" path:imported')" \
    "event 2026-04-10"
is "a nested tag is below its parent" "$(units 'tag:release')" "$(units '#release/open OR #release/promised')"
is "the tag of a note holds for all its units" "$(units tag:digest)" "$(units path:daily)"
is "so does its title" "$(units title:gemma)" "$(units 'path:"models/Gemma 4"')"
is "Chinese" "$(kbsearch -l 本地部署)" "vault/models/Qwen 3.5.md"
kb_done
