#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is quoted is what stands in the files: every unit of all notes that are here.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
set -- "$KB_SRCDIR/docs/vault"
for corpus in "$KB_CORPORA"/*/; do
    case $corpus in */queries/ | "$KB_CORPORA/*/") ;; *) set -- "$@" "${corpus%/}" ;; esac
done
[ $# -gt 1 ] || kb_diag "no notes at $KB_CORPORA: only the sample vault is looked at"
kb_index "$@"
KBSEARCH_SOCKET=$T/run/test.sock
export KBSEARCH_SOCKET PYTHONDONTWRITEBYTECODE=1
unset LD_PRELOAD # hundreds of megabytes are said
kbsearchd
ok "text is the bytes on disk, in whatever pages it comes" \
    python3 "$KB_SRCDIR/tests/oracle/bytes.py" "$@"
printf '# figure: %s\n' "$OUT"
kb_done
