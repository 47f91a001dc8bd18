#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Any unit's own text, pasted as a plain query, finds that unit. $KB_PASTE_STEP: each how manieth
# unit is asked (100); `make check-paste` asks all.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_corpus ainews
kb_setup
kb_index "$CORPUS" || exit 99
kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli \
    python3 "$KB_SRCDIR/tests/cli/paste.py" "${KB_PASTE_STEP:-100}"
