#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad clients beside an honest one.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
export KB_SRCDIR
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
kb_index && kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname)
export KBSEARCH_SOCKET KB_SRCDIR
python3 "$KB_SRCDIR/tests/faults/peers.py" || echo "Bail out!"
