#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Files of an index are damaged while it is served.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
[ -z "${KB_SANITIZED:-}" ] || kb_skip "a sanitizer makes an exit of a crash"
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
faults damage.py
