#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbindex: what is added, changed, moved and removed; ids; what it refuses to lose; exit codes.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup

# The line that counts notes, or units, without names and times.
notes() { printf '%s\n' "$OUT" | sed -n 's/^vault: .* units: \(.*\) (.*/\1/p'; }
units() { printf '%s\n' "$OUT" | sed -n 's/^vault: units: //p'; }
db=$T/home/.cache/kbsearch/main

exits "nothing to do" 64 kbindex
exits "no such vault" 66 kbindex "$T/nowhere"
exits "unknown option" 64 kbindex --exlude x
like "names the nearest" "$ERR" "*--exclude*"

for day in 01 02 03 04 05 06; do
    kb_note "daily/2026-04-$day-AI-Digest.md" "# Digest" "## Models" \
        "- **Meta** debuts model $day of the month" "- the same line every day" "  - and below it"
done
kb_note models/spark.md "---" "title: Muse Spark" "---" "# Timeline" \
    "- [[2026-04-01-AI-Digest]]: debut"
ok "first build" kbindex "$T/vault"
is "counts notes" "$(notes)" "7 added, 0 changed, 0 removed, 0 unreadable"
ok "private folder" test "$(stat -c %a "$db")" = 700
ok "tagged as a cache" grep -q "^Signature: 8a477f597d28d172789f06886806bc55" "$db/CACHEDIR.TAG"
ok "every byte is in a unit" kbindex --check

before=$(stat -c '%i %Y' "$db"/current/*)
ok "a second run" kbindex
is "finds nothing" "$(notes)" "0 added, 0 changed, 0 removed, 0 unreadable"

kb_note daily/2026-04-03-AI-Digest.md "# Digest" "## Models" \
    "- **Meta** debuts model three of the month" "- the same line every day" "  - and below it"
ok "one bullet edited" kbindex
is "one note" "$(notes)" "0 added, 1 changed, 0 removed, 0 unreadable"
is "one unit" "$(units)" "0 added, 1 changed, 0 removed, 0 moved"

kb_note daily/2026-04-03-AI-Digest.md "# Digest" "" "## Models" \
    "- **Meta** debuts model three of the month" "- the same line every day" "  - and below it"
ok "a line put in" kbindex
is "units only moved" "$(units)" "0 added, 0 changed, 0 removed, 4 moved"

kb_note daily/2026-04-03-AI-Digest.md "# Digest" "## Models" \
    "- **Meta** debuts model 33333 of the month" "- the same line every day" "  - and below it"
kbindex --quiet
kb_note daily/2026-04-03-AI-Digest.md "# Digest" "## Models" \
    "- **Meta** debuts model 44444 of the month" "- the same line every day" "  - and below it"
touch -d 2020-01-01 vault/daily/2026-04-03-AI-Digest.md
ok "same size, old time" kbindex
is "is seen" "$(units)" "0 added, 1 changed, 0 removed, 0 moved"

ids() {
    kbsearch --all --format '{id} {text}\n' "$@" | sort
}
ids kind:entry the same line every day >was
mv vault/daily vault/archive
ok "a folder renamed" kbindex
is "its notes" "$(notes)" "6 added, 0 changed, 6 removed, 0 unreadable"
ids kind:entry the same line every day >now
ok "ids stay" cmp was now
is "and are six" "$(cut -c1-16 now | sort -u | wc -l | tr -d ' ')" 6
ok "rebuilt" kbindex --full
ids kind:entry the same line every day >now
ok "ids stay again" cmp was now
ok "one generation" test "$(find "$db" -maxdepth 1 -name 'gen-*' | wc -l)" -eq 1
ok "nothing uncovered" kbindex --check

mkdir "$T/away"
mv vault/archive "$T/away"
exits "most of the vault gone" 65 kbindex
like "is told" "$ERR" "*only 1 of 7 notes*--force*"
is "and kept" "$(kbindex --list | sed 's/.*  //')" "7 notes, $(kbindex --list |
    sed 's/.* notes, //')"
exits "nor does a rebuild lose it" 66 kbindex --full
ok "by force" kbindex --force
is "it goes" "$(notes)" "0 added, 0 changed, 6 removed, 0 unreadable"
mv "$T/away/archive" vault
kbindex --quiet
mv vault "$T/away"
exits "the vault gone" 65 kbindex
exits "and named" 66 kbindex "$T/vault"
mv "$T/away/vault" .

head -c 100000 /dev/zero >vault/models/binary.md
exits "not text" 65 kbindex
like "is told with its path" "$ERR" "*vault/models/binary.md: not text*"
rm vault/models/binary.md
head -c 16777217 /dev/zero | tr '\0' x >vault/models/spark.md
exits "over 16 MiB" 65 kbindex
is "keeps its units" "$(notes)" "0 added, 0 changed, 0 removed, 1 unreadable"
exits "nor does a rebuild lose them" 73 kbindex --full
kb_note models/spark.md "# Muse Spark"
mkfifo vault/models/pipe.md
ln -s /etc/passwd vault/models/link.md
ln -s spark.md vault/models/inside.md
ln -s .. vault/models/loop
ok "pipes and links" kbindex
is "only the link inside" "$(notes)" "1 added, 1 changed, 0 removed, 0 unreadable"
kb_note "odd/a
b.md" "a line feed in the name"
kb_note "odd/$(printf '\377').md" "no UTF-8 in the name"
ok "odd names" kbindex --verbose
like "on one line each" "$OUT" "*odd/a b.md*"
ok "nothing uncovered at the end" kbindex --check

printf 'odd/\n*.tmp.md\n!keep.tmp.md\n' >vault/.kbignore
kb_note x.tmp.md x
kb_note keep.tmp.md x
ok "ignore rules" kbindex
is "leave out" "$(notes)" "1 added, 0 changed, 2 removed, 0 unreadable"

mkdir other other/vault
exits "a second vault of this name" 78 kbindex other/vault
like "says how to name it" "$ERR" '*[[]vault "NAME"]*'
mkdir -p "$T/home/.config/kbsearch"
printf '[vault "second"]\npath = %s/other/vault\n' "$T" >"$T/home/.config/kbsearch/kbsearch.conf"
ok "named in the configuration" kbindex
is "both are there" "$(kbindex --list | cut -d' ' -f1 | sort | tr '\n' ' ')" "second vault "
rm "$T/home/.config/kbsearch/kbsearch.conf"
exits "remove what is unknown" 66 kbindex --remove nothing
ok "remove" kbindex --remove second
is "one is left" "$(kbindex --list | cut -d' ' -f1)" "vault"
ok "quiet" kbindex --quiet
is "says nothing" "$OUT$ERR" ""
rm -rf "$db"
ok "the cache lost" kbindex
is "all back from what is remembered" "$(kbindex --list | sed 's/.*  //; s/ notes.*//')" 9
ok "proved" kbindex --check
kb_done
