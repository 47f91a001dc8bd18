#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The power goes at any moment: every state that a disk may be left in, from a log of what was done.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
faults power.py
