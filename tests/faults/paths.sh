#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing outside a vault is ever read through the daemon. The secret lies in the index's folder, into
# which the sandbox lets it look: only how notes are opened stands between.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
mkdir "$T/vault/swapdir"
kb_note a.md '- inside'
kb_note swapped.md '- inside'
kb_note swapdir/in.md '- inside'
for name in link absolute chain pipe; do kb_note "$name.md" '- inside'; done
kb_note folder/key.md '- inside'
kb_index || exit 99
secret=$HOME/.cache/kbsearch/main/secret
mkdir -p "$secret/dir"
echo "- outside7f3a" | tee "$secret/key.md" >"$secret/dir/in.md"
# What the index knows as notes are links now, and a pipe.
rm -r "$T/vault/folder" "$T/vault/link.md" "$T/vault/absolute.md" "$T/vault/chain.md" "$T/vault/pipe.md"
ln -s ../home/.cache/kbsearch/main/secret "$T/vault/folder"
ln -s ../home/.cache/kbsearch/main/secret/key.md "$T/vault/link.md"
ln -s "$secret/key.md" "$T/vault/absolute.md"
ln -s link.md "$T/vault/chain.md"
mkfifo "$T/vault/pipe.md"
ln -s "$secret/key.md" "$T/vault/.other"
ln -s ../home/.cache/kbsearch/main/secret/dir "$T/vault/.otherdir"
kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname)
export KBSEARCH_SOCKET
faults paths.py "$T/vault" "$secret/key.md"
