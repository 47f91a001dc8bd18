#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Emacs with the real daemon: the package itself, the commands, and what goes wrong.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
ED=emacs
need emacs
ed_setup

run() {
    rm -f "$T/tap"
    KB_CASE=$1 timeout 90 emacs --batch -Q -l "$KB_SRCDIR/tests/editors/$2.el" >"$T/screen" 2>&1 </dev/null
    code=$?
    ed_tap "$T/tap"
    kb_result "$code" "$ED: $1: came to its end"
    [ "$code" -eq 0 ] || kb_diag "exit $code: $(cat "$T/screen")"
}
fault() {
    run "$1" emacs
}

cp "$KB_SRCDIR/editors/emacs/kbsearch.el" "$T"
run lint emacs-lint
run works emacs
ed_faults fault
kb_done
