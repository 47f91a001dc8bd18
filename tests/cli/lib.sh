# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh: what the tests of whole programs share. They speak TAP:
#
#     . "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
#     kb_setup
#     kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark'
#     kb_index
#     ok "finds it" kbsearch muse
#     is "prints the line" "$(kbsearch -l muse)" "vault/daily/2026-04-09-AI-Digest.md"
#     exits "a word that is nowhere" 1 kbsearch zebra
#     kb_done
#
# kb_setup gives a folder of its own ($T, the working directory), with its own HOME, sockets and
# index, and the programs of $KB_BINDIR (else those of PATH). When the script ends, whatever it
# started and left running is ended, and the folder removed. Nothing here sleeps: kbsearchd
# returns when it listens, kb_stop when its daemon is gone.
#
# $kb_shared: kbsearch with shared libraries, for what is put between it and them (faketime).
# $KB_TRAFFIC_DIR: where daemons keep what they and their clients say, for tests/cli/traffic.sh.
# $KB_SRCDIR: root of the sources. $KB_CORPORA: real notes; kb_corpus NAME skips the test without.

KB_SRCDIR=$(cd "${KB_SRCDIR:-$(dirname "$0")/../..}" && pwd)
KB_CORPORA=${KB_CORPORA:-$KB_SRCDIR/../shared/corpora}
kb_count=0
kb_failed=0

# The processes that carry this test's mark, whatever they were started by.
kb_running() {
    grep -lzxF "KB_TEST_DIR=$T" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
        read -r comm <"/proc/$pid/comm" || continue
        case $comm in kbsearchd | kbindex | kbsearch | python3) echo "$pid" ;; esac
    done 2>/dev/null
}

kb_cleanup() {
    kb_status=$?
    trap - EXIT
    # A process that is killed leaves no counts behind.
    [ -z "${KB_COVERAGE:-}" ] || kb_stop
    for pid in $(kb_running); do
        kill -KILL "$pid" 2>/dev/null
    done
    cd / && chmod -R u+rwx "$T" 2>/dev/null
    rm -rf "$T"
    exit "$kb_status"
}

kb_setup() {
    T=$(mktemp -d /tmp/kb-test-XXXXXX) || exit 99
    trap kb_cleanup EXIT
    trap 'exit 130' INT TERM HUP
    mkdir -m 700 "$T/home" "$T/run" "$T/vault"
    unset KBSEARCH_INDEX KBSEARCH_DB KBSEARCH_SOCKET KBSEARCH_CONFIG XDG_CACHE_HOME \
        XDG_STATE_HOME XDG_CONFIG_HOME NO_COLOR COLUMNS LISTEN_FDS LISTEN_PID NOTIFY_SOCKET
    HOME=$T/home XDG_RUNTIME_DIR=$T/run KB_TEST_DIR=$T LC_ALL=C TERM=xterm TZ=UTC
    PATH=${KB_BINDIR:+$KB_BINDIR:}$PATH
    kb_shared=${KB_BINDIR:+$KB_BINDIR/tests/shared/}kbsearch
    export HOME XDG_RUNTIME_DIR KB_TEST_DIR LC_ALL TERM TZ PATH
    kb_tap
    cd "$T" || exit 99
}

# What is said on sockets is kept, for traffic.sh. A sanitizer has to be loaded first.
kb_tap() {
    [ -n "${KB_TRAFFIC_DIR-}" ] && [ -z "${LD_PRELOAD-}${KB_SANITIZED-}" ] &&
        [ -e "$KB_BINDIR/tests/cli/tap.so" ] || return 0
    mkdir -p "$KB_TRAFFIC_DIR"
    KB_TRAFFIC=$KB_TRAFFIC_DIR/${0##*/}.tap LD_PRELOAD=$KB_BINDIR/tests/cli/tap.so
    rm -f "$KB_TRAFFIC"
    export KB_TRAFFIC LD_PRELOAD
}

# The whole test is left out, and why.
kb_skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

# A build that counts lines is only as slow as one under a sanitizer.
kb_sanitized() {
    [ -n "${KB_SANITIZED:-}" ] && [ -z "${KB_COVERAGE:-}" ]
}

# $CORPUS: the folder of real notes with this name.
kb_corpus() {
    CORPUS=$KB_CORPORA/$1
    [ -d "$CORPUS" ] || kb_skip "no notes at $CORPUS: set KB_CORPORA"
}

# kb_note PATH LINE...: a note of the vault.
kb_note() {
    kb_path=$T/vault/$1
    shift
    mkdir -p "${kb_path%/*}"
    printf '%s\n' "$@" >"$kb_path"
}

# kb_index [OPTIONS] [VAULT...]: $T/vault when none is named.
kb_index() {
    if [ $# -eq 0 ]; then
        kbindex --quiet "$T/vault"
    else
        kbindex --quiet "$@"
    fi
}

# kb_fake REPLY...: a daemon that gives these answers (fake.py) to who asks at $KBSEARCH_SOCKET;
# what it was asked is in $T/asked.
kb_fake() {
    command -v python3 >/dev/null || kb_skip "python3 is not there"
    KBSEARCH_SOCKET=$T/run/fake.sock
    export KBSEARCH_SOCKET
    [ -p "$T/asked" ] || rm -f "$T/asked"
    python3 "$KB_SRCDIR/tests/cli/fake.py" "$KBSEARCH_SOCKET" "$T/asked" "$@"
}

# Ends the test's daemons and returns when they are gone.
kb_stop() {
    for pid in $(kb_running); do
        kill -TERM "$pid" 2>/dev/null && tail -s 0.01 --pid="$pid" -f /dev/null
    done
}

# kb_result STATUS NAME: one line of TAP; 0 is a pass.
kb_result() {
    kb_count=$((kb_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $kb_count - $2"
    else
        kb_failed=$((kb_failed + 1))
        echo "not ok $kb_count - $2"
    fi
}

kb_diag() {
    printf '%s\n' "$1" | head -n 40 | sed 's/^/# /' >&2
}

# ok NAME COMMAND...: it exits with 0.
ok() {
    kb_name=$1
    shift
    exits "$kb_name" 0 "$@"
}

# exits NAME CODE COMMAND...: it exits with CODE; what it said is in $OUT and $ERR.
exits() {
    kb_name=$1 kb_want=$2
    shift 2
    "$@" >"$T/.out" 2>"$T/.err" </dev/null
    kb_got=$?
    OUT=$(cat "$T/.out") ERR=$(cat "$T/.err")
    [ "$kb_got" -eq "$kb_want" ]
    kb_result $? "$kb_name"
    if [ "$kb_got" -ne "$kb_want" ]; then
        kb_diag "exit $kb_got, not $kb_want: $*"
        kb_diag "$OUT"
        kb_diag "$ERR"
    fi
}

# is NAME GOT WANT
is() {
    [ "$2" = "$3" ]
    kb_result $? "$1"
    if [ "$2" != "$3" ]; then
        kb_diag "got:  $2"
        kb_diag "want: $3"
    fi
}

# like NAME GOT PATTERN: a pattern of `case`, e.g. '*no index*'.
like() {
    # shellcheck disable=SC2254 # the pattern is meant as one
    case $2 in
    $3) kb_result 0 "$1" ;;
    *)
        kb_result 1 "$1"
        kb_diag "got:  $2"
        kb_diag "like: $3"
        ;;
    esac
}

kb_done() {
    echo "1..$kb_count"
    exit $((kb_failed > 0))
}
