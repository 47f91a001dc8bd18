#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Queries that are made to hurt, on 3,000 units; KB_UNITS=50000 for more.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
export KB_SRCDIR
units=${KB_UNITS:-3000}
python3 "$KB_SRCDIR/tests/faults/queries.py" "$units" MAKE "$T/vault" || exit 99
kb_index && kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname)
export KBSEARCH_SOCKET KB_SRCDIR
python3 "$KB_SRCDIR/tests/faults/queries.py" "$units" ASK || echo "Bail out!"
