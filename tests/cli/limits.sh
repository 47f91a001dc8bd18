#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every limit a peer meets, one below, at, and one above.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
command -v python3 >/dev/null || kb_skip "python3 is not there"
{
    echo '- Meta debuts Muse Spark'
    # As many units as the limit's neighbours, each with a word of its own.
    for n in 99 100 101; do
        i=0
        while [ $i -lt $n ]; do
            printf -- '- limit%03dx%d\n' $n $i
            i=$((i + 1))
        done
    done
} >"$T/vault/a.md"
mkdir -p "$HOME/.config/kbsearch"
{
    echo '[saved]'
    seq 0 20 | sed 's/.*/q& = muse/'
} >"$HOME/.config/kbsearch/kbsearch.conf"
kb_index && kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname)
export KBSEARCH_SOCKET
python3 "$KB_SRCDIR/tests/cli/limits.py" "$KB_BINDIR/protocol.schema.json" || echo "Bail out!"
