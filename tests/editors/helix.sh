#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The language server, as Helix asks it, with the command line of its page.
. "$(dirname "$0")/lib.sh"
ED=helix
need python3
python3 -c 'import tomllib' 2>/dev/null || kb_skip "python3 has no tomllib"
ed_setup
kb_note places/Zanzibar.md '# Zanzibár 😀

- éé😀 zanzibar, of [[Muse Spark]]'
kb_index
ok "to the end" timeout 60 python3 "$KB_SRCDIR/tests/editors/helix.py" "$KB_SRCDIR/editors/helix/README.md" "$T/vault"
[ ! -e tap ] || ed_tap tap
KB_HELIX_NO_INDEX=1 KBSEARCH_DB=$T/none
export KB_HELIX_NO_INDEX KBSEARCH_DB
kb_stop
rm -f tap
ok "to the end, without an index" timeout 60 python3 "$KB_SRCDIR/tests/editors/helix.py" "$KB_SRCDIR/editors/helix/README.md" "$T/vault"
[ ! -e tap ] || ed_tap tap
kb_done
