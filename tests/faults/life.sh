#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whose socket it is, signals at any moment, few descriptors, clocks that lie.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
faults life.py
