#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# 200 random words of real notes: each place that a scan of the files finds lies in one hit, and
# no hit is without one.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_corpus ainews
kb_setup
oracle=$KB_SRCDIR/tests/oracle

python3 "$oracle/scan.py" --pick 200 --seed 42 "$CORPUS" >words
is "200 words" "$(grep -c . words)" 200
python3 "$oracle/scan.py" --words words "$CORPUS" >scan.tsv
ok "indexes the notes" kb_index "$CORPUS"
[ "$kb_failed" -eq 0 ] || kb_done

# Quoted: a word's other endings are not meant.
bad=0
while read -r word; do
    printf '%s\t' "$word"
    kbsearch --all --json --strict -- "\"$word\"" || [ $? -eq 1 ] || bad=$((bad + 1))
done <words >answers.tsv
is "every query is answered" "$bad" 0
ok "places and hits agree" python3 "$oracle/compare.py" scan.tsv answers.tsv
kb_done
