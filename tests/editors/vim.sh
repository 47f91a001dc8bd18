#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Vim with the real daemon: the commands, completion, and what goes wrong.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
ED=${KB_EDITOR:-vim}
need "$ED"
ed_setup

run() {
    rm -f "$T/tap"
    if [ "$ED" = nvim ]; then
        KB_CASE=${2-} timeout 60 nvim --headless -u NONE -i NONE -S "$KB_SRCDIR/tests/editors/$1.vim" \
            >"$T/screen" 2>&1 </dev/null
    else
        KB_CASE=${2-} timeout 60 vim -N -u NONE -i NONE -es -S "$KB_SRCDIR/tests/editors/$1.vim" \
            >"$T/screen" 2>&1 </dev/null
    fi
    code=$?
    ed_tap "$T/tap"
    kb_result "$code" "$ED: $1 ${2-}: came to its end"
    [ "$code" -eq 0 ] || kb_diag "exit $code: $(cat "$T/screen")"
}
fault() {
    run vim-faults "$1"
}

run vim-works
ed_faults fault
kb_done
