#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad clients beside an honest one.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
serve
faults peers.py
