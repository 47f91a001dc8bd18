#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Load that goes on: commits under readers, requests without end, edits without end. A short form
# of what `make soak` does.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
faults soak.py
