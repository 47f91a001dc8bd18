#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# changed: finds what the index saw come or change on a day, whatever the units' own days.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
! kb_sanitized || kb_skip "faketime and a sanitizer do not go into one process"
command -v faketime >/dev/null || kb_skip "faketime is not there"
kb_setup

# on DAY: an indexing run on that day.
on() {
    faketime "$1 12:00:00" kbindex --quiet "$T/vault" || exit 99
}

# found QUERY: the words that tell the units apart.
found() {
    kbsearch --all --sort path --format '{text} ' "$@" 2>/dev/null | grep -oE 'w[a-z]+' | sort -u | tr '\n' ' '
}

kb_note a.md '- wone old' '- wtwo old' '- wthree old'
kb_note b.md '- wfour old' '- wfive old'
on 2026-03-01
is "at first everything came" "$(found changed:2026-03-01 kind:bullet)" "wfive wfour wone wthree wtwo "
is "on no other day" "$(found changed:2026-03-02.. kind:bullet)" ""
kb_note a.md '- wone old' '- wtwo new' '- wthree old' '- wsix new'
on 2026-03-05
is "what changed and what came" "$(found changed:2026-03-05)" "wsix wtwo "
is "is not what came before" "$(found changed:..2026-03-04 kind:bullet)" "wfive wfour wone wthree "
kb_note b.md '- wfive old' '- wfour old'
on 2026-03-06
is "another order is no change" "$(found changed:2026-03-06)" ""
mv "$T/vault/b.md" "$T/vault/c.md"
touch "$T/vault/a.md"
on 2026-03-07
is "nor is a note that moved or was touched" "$(found changed:2026-03-07 kind:bullet)" ""
faketime '2026-03-08 12:00:00' kbindex --quiet --full || exit 99
is "nor a full rebuild" "$(found changed:2026-03-08)" ""
is "which forgets nothing" "$(found changed:2026-03-05)" "wsix wtwo "
kb_note a.md '- wone old' '- wtwo new' '- wthree old'
on 2026-03-09
kb_note a.md '- wone old' '- wtwo new' '- wthree old' '- wsix new'
on 2026-03-10
is "what went and came again changed then" "$(found changed:2026-03-05..)" "wsix wtwo "
is "and not before" "$(found changed:2026-03-05)" "wtwo "
is "with words" "$(found new changed:2026-03-10)" "wsix "
is "excluded" "$(found old -changed:2026-03-01)" ""
is "both ways" "$(found kind:bullet -changed:2026-03-01)" "wsix wtwo "
is "relative to today" "$(found --today 2026-03-11 changed:2d..)" "wsix "
is "totals are exact" "$(kbsearch -c 'changed:2026-03-01..2026-03-10 kind:bullet')" 6
exits "a broken day" 2 kbsearch changed:2026-13-01
like "is told with its place" "$ERR" '*is no date*changed:2026-13-01*^'
rm -rf "$T"/home/.local/state/kbsearch/main/journal
exits "without a journal" 2 kbsearch changed:7d..
like "says what makes one" "$ERR" '*no journal*kbindex*'
kb_done
