#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# [KIND...]: bad clients beside an honest one; without names all kinds.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
cp -R "$KB_SRCDIR/docs/vault/." "$T/vault"
serve
faults peers.py "$@"
