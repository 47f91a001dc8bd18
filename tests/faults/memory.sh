#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that fails, at any allocation, and under limits.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
make -s -C "$KB_BINDIR" tests/shared/kbsearch || exit 99
faults memory.py
