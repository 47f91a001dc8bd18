#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a program of cmocka, which calls a test left out "not ok N # SKIP": a failure to readers of TAP.
out=$(mktemp) || exit 99
"$@" >"$out"
code=$?
sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$out"
rm -f "$out"
exit "$code"
