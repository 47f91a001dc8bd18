#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every seed of every fuzz target, and what fuzzing has found, once.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
command -v python3 >/dev/null || kb_skip "python3 is not there"
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
kb_index --db "$T/db" "$T/vault"
KB_FUZZ_DB=$T/db
export KB_FUZZ_DB
ok "seeds are made" python3 "$KB_SRCDIR/tests/fuzz/seeds.py" "$KB_SRCDIR" "$T/seeds"
for target in printable token frontmatter note query wire ask; do
    ok "$target" "$KB_BINDIR/tests/fuzz/$target" "$T/seeds/$target"
done
kb_done
