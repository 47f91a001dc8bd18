#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Clients and daemons of earlier commits: their recorded traffic, held against these programs.
# KB_RECORD=NAME records instead, into tests/wire/recorded/NAME.jsonl: after the protocol number or
# the format version was raised, and only then.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
recorded=$KB_SRCDIR/tests/wire/recorded
rmdir vault
cp -R "$recorded/vault" vault && chmod -R u+w vault
kb_index
kbsearch -q gemma
if [ -n "${KB_RECORD:-}" ]; then
    exec python3 "$recorded/replay.py" record "$recorded/$KB_RECORD.jsonl"
fi
for f in "$recorded"/*.jsonl; do
    python3 "$recorded/replay.py" "$f" || echo "Bail out! $f"
done
