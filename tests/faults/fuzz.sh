#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each fuzz target for KB_FUZZ_SECONDS (20); `make fuzz` for longer.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
[ "$(id -u)" = 0 ] || command -v clang-14 >/dev/null || kb_skip "no clang-14"
FUZZ_SECONDS=${KB_FUZZ_SECONDS:-20} FUZZ_RUNS=0 bash "$KB_SRCDIR/tests/fuzz/run" \
    printable token frontmatter note query wire ask >out 2>&1
kb_result $? "no target found anything"
grep '^# figure' out
[ "$kb_failed" -eq 0 ] || kb_diag "$(cat out)"
kb_done
