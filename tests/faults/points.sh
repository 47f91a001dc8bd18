#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Storage that fails, and a kill, at every call that kbindex makes to it.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
faults points.py
