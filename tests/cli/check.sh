#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbindex --check names each thing that is not as it should be, and where.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
[ -x "$KB_BINDIR/tests/cli/tamper" ] || kb_skip "no tamper"
kb_setup
db=$T/home/.cache/kbsearch/main

# names WHAT [PATTERN]: --check exits with 65 and says a line like it; --check=index, too, where the
# pattern begins with "tables".
names() {
    case $2 in tables*) part='=index' pattern=${2#tables} ;; *) part='' pattern=$2 ;; esac
    kbindex --check$part >out 2>&1
    code=$?
    kb_result $((code != 65)) "$1: exit 65"
    like "$1: said" "$(cat out)" "$pattern"
}

# tampered HOW...: in an index made anew.
tampered() {
    kbindex --quiet --full || exit 99
    "$KB_BINDIR/tests/cli/tamper" "$db/current" "$@" || exit 99
}

kb_note a.md '- alpha zebra' '- alpha yak'
kb_note sub/b.md '- beta'
kbindex --quiet "$T/vault" || exit 99
ok "all is well" kbindex --check
is "and counted" "$(kbindex --check)" "$db: 2 notes, 5 units, 33 bytes: 0 findings"

kb_note a.md '- alpha zebra' '- alpha gnu'
names "a note that changed" "*vault/a.md: changed since it was indexed: run kbindex*"
kbindex --quiet
kb_note c.md '- gamma'
names "a note that came" "*vault/c.md: not in the index: run kbindex*1 findings"
kbindex --quiet
ok "each is mended by what it says" kbindex --check

mkdir vault/.kbignore
names "an ignore file that is none" "*vault: its ignore file is no file*"
rmdir vault/.kbignore
mv vault aside
names "a vault that is gone" "*vault: No such file or directory*"
mv aside vault
printf '[vault "vault"]\npath = %s\nlanguage = german\n' "$T/vault" >conf
kb_note d.md '- running foxes jump'
kbindex --quiet
kbindex --check --config-file "$T/conf" >out 2>&1
like "words of another language" "$? $(cat out)" "65 *vault/d.md:*: the index has something else: run kbindex --full*"

tampered set counts '{"units":99}'
names "counts that are wrong" "tables*units, its counts say 99: run kbindex --full*"
tampered set u:1 ''
names "a note whose units are lost" "tables*its tables disagree: *: run kbindex --full*"
tampered delete zebra
names "a unit that is lost" "tables*run kbindex --full*"
tampered data zebra gnu
names "a text that is another's" "*vault/a.md:*: its text in the index is another: run kbindex --full*"
kbindex --quiet --full
ok "a full run mends all" kbindex --check
kb_done
