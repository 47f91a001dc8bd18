#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The power goes at any moment: every state that a disk may be left in, from a log of what was done.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
command -v cc >/dev/null || kb_skip "no C compiler"
umask 077
kb_setup
export KB_SRCDIR
python3 "$KB_SRCDIR/tests/faults/power.py"
