#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every place of two words side by side, in 701 notes of other people, against a scan of the files.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_corpus ainews
kb_setup
oracle=$KB_SRCDIR/tests/oracle

python3 "$oracle/scan.py" "$CORPUS" closed source >scan.tsv
[ "$(grep -c 'must$' scan.tsv)" -gt 50 ]
kb_result $? "the scan finds its places"
ok "indexes the notes" kb_index "$CORPUS"
[ "$kb_failed" -eq 0 ] || kb_done

# answer FILE QUERY: what kbsearch says, named as the scan names it.
answer() {
    printf 'closed source\t' >"$1"
    kbsearch --all --json -- "$2" >>"$1"
}
answer phrase.tsv '"closed source"'
ok "as a phrase: all places, each once, no other" \
    python3 "$oracle/compare.py" scan.tsv phrase.tsv
answer hyphen.tsv 'closed-source'
ok "hyphened: they stand before all others" \
    python3 "$oracle/compare.py" --ranked scan.tsv hyphen.tsv
answer words.tsv 'closed source'
ok "as words: they stand before all others" \
    python3 "$oracle/compare.py" --ranked scan.tsv words.tsv

hits=$(kbsearch --all --jsonl '"closed source"' | wc -l)
[ "$hits" -gt 50 ]
kb_result $? "more than 50 places"
is "-c counts the same" "$(kbsearch -c '"closed source"')" "$hits"
for order in newest oldest path; do
    is "the same number in the order $order" \
        "$(kbsearch --all --jsonl -s $order '"closed source"' | wc -l)" "$hits"
done
kb_done
