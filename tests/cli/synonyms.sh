#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The user's own names for the same thing: both ways, in words, never inside quotes.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
kb_note a.md '# A' '' '- A large language model came out'
kb_note b.md '# B' '' '- Their LLM is cheap'
kb_note c.md '# C' '' '- A model of a large shop, in any language'
kb_note d.md '# D' '' '- Zürich has trams'
kb_note e.md '# E' '' '- Turicum is an old name'
file=$T/home/.config/kbsearch/synonyms
mkdir -p "${file%/*}"
kb_index || exit 99

# found QUERY...: the notes found, in the order of their paths.
found() {
    kbsearch -l --sort path "$@" 2>/dev/null | sed 's/^vault.//; s/\.md.*//' | tr -d '\n'
}

is "before there is a file" "$(found LLM)" "b"
printf '%s\n' '# of mine' 'LLM = large language model  # both ways' \
    'Zürich = Turicum, Zurigo' >"$file"
is "a word finds what its other name says, side by side" "$(found LLM)" "ab"
is "and the other way, words as typed" "$(found large language model)" "abc"
is "hyphens do not matter" "$(found large-language model)" "ab"
is "several in a line" "$(found Zurigo)" "de"
is "beside another word" "$(found cheap large language model)" "b"
is "in a group" "$(found '(zurich OR nothing) name')" "e"
is "pasted" "$(found -F large language model)" "abc"
is "with any of the words" "$(found --any Turicum trams)" "de"
is "never in quotes" "$(found '"large language model"')" "a"
is "an exclusion is as typed" "$(found 'model -LLM')" "ac"
like "explained" "$(kbsearch --explain LLM 2>&1)" '*synonyms: LLM = large language model*'
like "and nothing else" "$(kbsearch --explain Zurigo 2>&1)" '*synonyms: Zürich = Turicum, Zurigo*'
is "a name that no note has is no misspelling" "$(kbsearch Zurigo 2>&1 >/dev/null)" ""
like "the other name is marked" "$(kbsearch --color=always LLM)" '*mlarge language model*'

printf '%s\n' 'LLM = shop' >"$file"
is "the file is read again when it changed" "$(found LLM)" "bc"
printf '%s\n' 'LLM = shop' '' 'a word' >"$file"
ok "a fault in it fails no search" kbsearch LLM
like "but is told, with its line" "$ERR" "*$file:3: no '='*"
printf '%s\n' 'LLM = , shop' >"$file"
ok "a name without a word" kbsearch LLM
like "is told" "$ERR" "*$file:1: a name without a word*"
rm "$file"
mkfifo "$file"
ok "a pipe holds nothing up" kbsearch LLM
rm "$file"
ok "without the file again" kbsearch LLM
is "nothing is said" "$ERR" ""
kb_done
