#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How kbsearchd begins and ends: its socket, its lock, its limits, its signals.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
python3 "$KB_SRCDIR/tests/wire/life.py"
