#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Timelines, gaps, trends, facets, names: against a vault that is known beforehand (tests/oracle),
# the sample vault with what is planted in it, and real digests where they are.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
story="python3 $KB_SRCDIR/tests/oracle/story.py"

# judged NAME COMMAND...: what it says becomes one line of ours, its own lines comments.
judged() {
    judged_name=$1
    shift
    "$@" >"$T/.judged" 2>&1
    kb_result $? "$judged_name"
    grep -A8 '^not ok\|^Traceback\|: {' "$T/.judged" | sed 's/^/# /' >&2
    grep '^# .*ms' "$T/.judged" >&2
}

# --- a generated vault -------------------------------------------------------------------------
mkdir made
# KB_DAYS=1400 is a hundred times the sample vault; less than 200 have not every name in a list.
$story generate made truth.json --days "${KB_DAYS:-200}"
ok "indexes the made vault" kbindex --quiet made
judged "timelines, gaps, trends, facets, neighbours, rising: as it was made" $story check truth.json
$story save - before.json
(cd made/daily && ls | sort -R | while read -r f; do cp "$f" ../x && mv ../x "$f"; done)
ok "reads it all again" kbindex --quiet --full
$story save - after.json
ok "saved anew in another order: the same answers" cmp before.json after.json
$story fill made truth.json
ok "takes up the mended timelines" kbindex --quiet
judged "no gap is left" $story check truth.json --filled
$story cut made/daily cut 2021-07-15
mkdir days && cp -R made/daily/. days
ok "indexes the days alone" kbindex --quiet --db whole days
ok "and those up to one" kbindex --quiet --db part cut
judged "as of that day" $story asof 2021-07-15 whole part
asof="python3 $KB_SRCDIR/tests/oracle/asof.py"
mkdir names cutnames
$asof make made/daily names/kb cutnames/kb 2021-07-15
ok "indexes notes whose names came later" kbindex --quiet --db named names/kb
ok "and what was there before" kbindex --quiet --db unnamed cutnames/kb
judged "names, prefixes and completions as of that day" $asof check 2021-07-15 named unnamed

# --- the sample vault --------------------------------------------------------------------------
cp -R "$KB_SRCDIR/docs/vault" sample && chmod -R u+w sample
ok "indexes the sample vault" kbindex --quiet --db planted sample
export KBSEARCH_DB="$T/planted"
is "a timeline that lacks a day" "$(kbsearch --gaps '[[Qwen 3.5]]' | cut -d: -f1,3,4 | sort -u)" \
    "sample/daily/2026-04-11-AI-Digest.md:2026-04-11:timeline"
is "a bullet whose digest is silent" "$(kbsearch --gaps 'Small 4' | cut -d: -f3,4)" \
    "2026-04-15:silent"
is "both timelines of a note are one story" \
    "$(kbsearch --timeline 'Qwen 3.5' | grep -c ':both:\|:note:')" 6
like "a story knows a path" "$(kbsearch --timeline '[[models/Muse Spark#Timeline|x]]')" \
    '*2026-04-09:digest:*Meta Superintelligence Labs*'
exits "an unknown note" 1 kbsearch --gaps '[[Muse Sparc]]'
is "is told with the nearest" "$ERR" \
    'kbsearch: no note or entity is called "Muse Sparc"; did you mean muse spark?'
exits "an unknown field" 2 kbsearch --facet entty gemma
like "is told with all of them" "$ERR" '*did you mean entity?*heading'
exits "an unknown one beside a search" 2 kbsearch --facets kind,mont gemma
is "is told with the nearest, on one line" "$ERR" "kbsearch: facets: nothing is counted by \"mont\",\
 did you mean month?; there are entity, tag, source, kind, vault, month, heading"
kbsearch -n1 --facets kind,tag gemma >hits 2>facets
is "facets leave the list of hits alone" "$(cat hits)" "$(kbsearch -n1 gemma 2>/dev/null)"
is "and are a line each" "$(cut -d' ' -f2 facets)" "kind:
tag:"
like "with the counts" "$(cat facets)" "*kind:*$(kbsearch --facet kind gemma | cut -f2,3 | head -n1 | tr '\t' ' ')*"
exits "a reversed range" 2 kbsearch --trend day gemma --since 2026-05..2026-04
like "is told" "$ERR" '*ends before it begins*'
for method in '' --timeline '--trend day' '--facet kind' '--rising 7d --today 2026-04-19' '--gaps' '--with'; do
    # shellcheck disable=SC2086 # words of an option
    case $method in
    *rising*) set -- $method ;;
    *) set -- $method 'gemma 4' ;;
    esac
    exits "days that leave none: $method" 2 kbsearch "$@" --since 2026-05-01 --until 2026-04
    is "are told in a line: $method" "$ERR" \
        "kbsearch: since, until: 2026-05-01 is after 2026-04-30: write the earlier date as since"
done
exits "one day is a range" 0 kbsearch --trend day gemma --since 2026-04-09 --until 2026-04-09
for method in --timeline --gaps --backlinks --links --related --with; do
    exits "no such note: $method" 1 kbsearch $method '[[Nobody Here]]'
    is "is told in a line: $method" "$(printf '%s\n' "$ERR" | grep -c 'Nobody Here') $OUT" "1 "
done
exits "no name of a note" 2 kbsearch --backlinks '[[]]'
exits "no such day" 2 kbsearch --asof 2026-02-30 gemma
exits "no such span" 2 kbsearch --recent soon gemma
exits "no such span for rising" 2 kbsearch --rising=soon
exits "a query is wanted" 2 kbsearch --timeline
exits "nothing is counted" 1 kbsearch --trend day zebra
exits "a form that there is not" 2 kbsearch --facet kind gemma --vimgrep
exits "a picture of something else" 2 kbsearch --svg gemma
is "as of a day" "$(kbsearch --asof 2026-04-09 -c gemma)" "$(kbsearch -c gemma until:2026-04-09)"
is "the newest come first with --recent" \
    "$(kbsearch -n1 --recent 1d --today 2026-04-19 '"gemma 4"' kind:entry 2>&1 | cut -d: -f3)" 2026-04-19
like "and --explain tells" "$(kbsearch --recent 1d --explain gemma 2>&1)" '*halve every 1d*'
for zone in Pacific/Kiritimati America/Los_Angeles UTC; do
    TZ=$zone kbsearch --trend week gemma --vs qwen --json | sed 's/"took_us":[0-9]*//'
done | sort -u >zones
is "the same in every time zone" "$(wc -l <zones)" 1
kbsearch --trend week gemma --vs 'a<b&c' --svg >trend.svg
ok "the picture is XML" python3 -c 'import xml.dom.minidom as x; x.parse("trend.svg")'
is "JSON of all pages is one object" "$(kbsearch --timeline gemma --json | python3 -c '
import json, sys
r = json.load(sys.stdin)
print(len(r["hits"]) == r["total"])')" True
is "-c counts, -n ends" "$(kbsearch -c --timeline gemma) $(kbsearch -n 3 --timeline gemma | wc -l)" \
    "$(kbsearch --timeline gemma | wc -l) 3"

# --- real digests ------------------------------------------------------------------------------
CORPUS=$KB_CORPORA/ainews
if [ -d "$CORPUS" ]; then
    unset KBSEARCH_DB
    ok "indexes 701 digests" kbindex --quiet --db real "$CORPUS"
    judged "trends of real notes" $story trends real '"closed source"' openai '"reinforcement learning"'
    judged "names of real notes, by a scan of the files" \
        python3 "$KB_SRCDIR/tests/oracle/names.py" "$CORPUS" real "${KB_NAMES:-8}"
    if [ -n "$KB_LONG" ]; then
        # The newest digest by a commit of its own, so that news are a day's.
        cp -R "$CORPUS" grown && newest=$(ls grown | tail -n1) && mv "grown/$newest" .
        ok "indexes all but one" kbindex --quiet --db grownup grown
        mv "$newest" grown
        ok "and that one" kbindex --quiet --db grownup grown
        judged "milliseconds" python3 "$KB_SRCDIR/tests/oracle/pace.py" grownup
        for day in 2024-10-01 2026-03-15; do
            $story cut "$CORPUS" "early-$day" $day
            ok "indexes those up to $day" kbindex --quiet --db "index-$day" "early-$day"
            judged "as of that day" $story asof $day real "index-$day"
        done
    fi
else
    kb_result 0 "real digests # SKIP no notes at $CORPUS"
fi
kb_done
