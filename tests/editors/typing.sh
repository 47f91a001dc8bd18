#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Typing 30 characters at 20 ms a key on real notes: what is shown, and how long the editor is held.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
need python3
kb_corpus ainews
kb_setup
export T LC_ALL=C.UTF-8
kb_index "$CORPUS" || exit 99
ed_daemon
KB_TEXT="open source reasoning model be"
export KB_TEXT
for ED in vim nvim emacs; do
    command -v "$ED" >/dev/null || continue
    timeout 120 python3 "$KB_SRCDIR/tests/editors/typist.py" "$ED" >"$T/tap" 2>"$T/err"
    code=$?
    ed_tap "$T/tap"
    [ "$code" -eq 0 ] || kb_diag "$(cat "$T/err")"
    kb_result "$code" "$ED: typed"
done
kb_done
