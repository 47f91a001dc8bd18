# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh: what the tests of editors share, over tests/cli/lib.sh.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
export KB_SRCDIR

# need PROGRAM...: the test is left out without them.
need() {
    for program in "$@"; do
        command -v "$program" >/dev/null || kb_skip "$program is not there"
    done
}

# ed_npm [ARGUMENT...]: npm install here. Without a registry the test is left out; any other
# failure is one.
ed_npm() {
    npm install --no-audit --no-fund --no-package-lock --loglevel=error "$@" >npm.log 2>&1 && return
    if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network request|ENOTCACHED' npm.log; then
        kb_skip "no registry of npm: $(grep -m 1 -E 'E[A-Z]{5,}|network' npm.log)"
    fi
    kb_result 1 "npm install"
    kb_diag "$(cat npm.log)"
    kb_done
}

# The sample vault in $T/vault, indexed, and a daemon, whose process id is in $T/daemon.
ed_setup() {
    kb_setup
    export T LC_ALL=C.UTF-8
    cp -r "$KB_SRCDIR/docs/vault/." "$T/vault" && chmod -R u+w "$T/vault"
    kb_index || exit 99
    ed_daemon
}

ed_daemon() {
    kbsearch --status >/dev/null
    for pid in $(kb_running); do
        [ "$(cat "/proc/$pid/comm")" != kbsearchd ] || echo "$pid"
    done >"$T/daemon"
}

# A program of its own folder, whose daemon cannot start.
ed_broken() {
    mkdir -p "$T/broken"
    cp "$(command -v kbsearch)" "$T/broken/kbsearch"
    printf '#!/bin/sh\necho "kbsearchd: the disk is full" >&2\nexit 73\n' >"$T/broken/kbsearchd"
    chmod +x "$T/broken/kbsearchd"
}

# ed_faults RUN: RUN CASE is run for each fault, with the state of the world that it names.
ed_faults() {
    "$1" killed
    ed_daemon
    "$1" stopped
    (while [ ! -e "$T/enough" ]; do kbindex --quiet --full "$T/vault"; done) &
    rebuilding=$!
    "$1" rebuilt
    : >"$T/enough"
    wait "$rebuilding"
    kb_stop
    "$1" no-program
    ed_broken
    path=$PATH PATH=$T/broken:$PATH KBSEARCH_SOCKET=$T/run/broken.sock
    export KBSEARCH_SOCKET
    "$1" no-start
    PATH=$path
    unset KBSEARCH_SOCKET
    KBSEARCH_DB=$T/none
    export KBSEARCH_DB
    "$1" no-index
    unset KBSEARCH_DB
}

# ed_tap FILE: results that an editor wrote become ours.
ed_tap() {
    while IFS= read -r line; do
        case $line in
        'ok '*) kb_result 0 "$ED: ${line#ok }" ;;
        'not ok '*) kb_result 1 "$ED: ${line#not ok }" ;;
        '# figure'*) echo "$line" | sed "s/figure: /figure: $ED: /" ;;
        *) kb_diag "$line" ;;
        esac
    done <"$1"
}

# --- a terminal that nobody sees ---------------------------------------------------------------

ed_screens=0

# ed_open COLUMNS ROWS COMMAND: on a terminal of its own; ends the one before.
ed_open() {
    ed_close
    ed_screens=$((ed_screens + 1))
    tmux -L "kb-test-$$-$ed_screens" -f /dev/null new-session -d -s kb -x "$1" -y "$2" "$3"
}
ed_close() {
    [ "$ed_screens" -eq 0 ] || tmux -L "kb-test-$$-$ed_screens" kill-server 2>/dev/null
}
ed_keys() {
    tmux -L "kb-test-$$-$ed_screens" send-keys -t kb "$@"
}
# shows NAME PATTERN: waits until a line of the terminal has it.
shows() {
    looks=0
    until tmux -L "kb-test-$$-$ed_screens" capture-pane -p -t kb >"$T/screen" 2>/dev/null &&
        grep -q -- "$2" "$T/screen"; do
        looks=$((looks + 1))
        if [ "$looks" -gt 300 ]; then
            kb_result 1 "$1"
            kb_diag "$(cat "$T/screen")"
            return
        fi
        sleep 0.03
    done
    kb_result 0 "$1"
}
