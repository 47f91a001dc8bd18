#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Answers about time, names and links on a terminal: bars as wide as it is, colours where they may
# be, and nothing of a note that drives it.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v script >/dev/null || kb_skip "script is not there"
kb_setup

kb_note 2026-03-07-Digest.md '- said'
kb_note 2026-03-08-Digest.md '- said one' '- said two' '- said three'
kb_note 2026-03-09-Digest.md '- said'
kb_note 2026-03-10-Digest.md '- said'
kb_index

# wide COLUMNS: lines of the chart, and how wide the widest is.
wide() {
    TERM=dumb script -qec "stty cols $1; LC_ALL=C.UTF-8 kbsearch --trend day said --since 2026-03-07 --until 2026-03-10" \
        /dev/null </dev/null | tr -d '\r' | grep '^2026-..-.. ' >chart
    echo "$(grep -c . chart) $(LC_ALL=C.UTF-8 wc -L <chart | tr -d ' ')"
}
for columns in 30 38 60 80 131 200; do
    is "a chart of $columns columns" "$(wide $columns)" "4 $columns"
done
is "bars stand for counts" "$(while read -r line; do echo "$line" | grep -o █ | wc -l; done <chart | tr -d ' ' | tr '\n' ' ')" \
    "57 172 57 57 "
is "a terminal narrower than the numbers" "$(wide 20)" "4 29"
escapes() {
    script -qec "$* kbsearch --trend day said" /dev/null </dev/null | tr -cd '\033' | wc -c | tr -d ' '
}
is "colours where they may be" "$(test "$(escapes env)" -gt 0 && echo some)" some
is "none with NO_COLOR" "$(escapes env NO_COLOR=1)" 0
is "none piped" "$(kbsearch --trend day said | tr -cd '\033' | wc -c | tr -d ' ')" 0

# Colours are ours: what drives a terminal in a note, in a name or in a heading does not get there.
evil=$(printf '\033[7;9mevil\033]0;x\007')
kb_note 2026-04-10-Digest.md '---' "companies: [\"mark $(printf '\\e[7;9m')et\", openai]" '---' "## $evil" "- said $evil by openai [[Plan]]" "- [[Plan]] $evil"
kb_note Plan.md "# Plan $evil" '- 2026-04-09 said' "- [[2026-04-10-Digest]]: $evil"
kb_index
for method in '--trend day said' '--trend day evil --vs said' '--facet heading,entity,tag evil' '--with openai' \
    '--rising 30d --today 2026-04-12' '--timeline [[Plan]]' '--gaps [[Plan]]' '--backlinks Plan' '--related Plan' '--fold said' \
    '--links Plan' '--get 2026-04-10-Digest.md' '--suggest mar'; do
    script -qec "kbsearch $method 2>&1" /dev/null </dev/null >screen
    ok "something is shown: $method" test -s screen
    is "nothing drives it: $method" "$(LC_ALL=C grep -c "$(printf '\033\\[7;9m\\|\033\\]0;\\|\007')" screen)" 0
done
for method in '--facet heading evil' '--rising 30d --today 2026-04-12' '--timeline [[Plan]]' '--backlinks Plan'; do
    script -qec "kbsearch $method" /dev/null </dev/null >screen
    like "and colours stay: $method" "$(LC_ALL=C tr '\033' 'E' <screen)" '*E\[*m*'
    is "as what they are: $method" "$(grep -c "$(printf '\357\277\275')\[[0-9]*m" screen)" 0
done
kb_done
