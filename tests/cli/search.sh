#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sets, orders, pages, budgets, neighbours and relaxation against what tests/oracle/search.py wrote.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
command -v python3 >/dev/null || kb_skip "python3 is not there"
python3 "$KB_SRCDIR/tests/oracle/search.py" make "$T" || exit 99
kb_index one two || exit 99
kbsearchd || exit 99
python3 "$KB_SRCDIR/tests/oracle/search.py" judge "$T" "$(kbsearch --sockname)" 'kbindex --quiet'
