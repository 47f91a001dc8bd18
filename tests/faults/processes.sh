#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs killed at random, runs at once, files of an index gone or foreign, indexes replaced under load.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
faults processes.py
