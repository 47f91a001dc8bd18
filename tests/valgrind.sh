#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No leak at exit and no bad access: the three programs over the sample vault, under valgrind.
# Run by .ci/run; not part of `make check`, it takes a minute.
set -eu
cd "$(dirname "$0")/.."
bin=${KB_BINDIR:-build}
work=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null || :; rm -rf "$work"' EXIT
daemon=
grind="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect"
export HOME="$work" XDG_CACHE_HOME="$work/cache" XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config"
make -s -C "$bin" tests/shared/kbsearch # valgrind cannot put its malloc into a static one
mkdir -m 700 "$work/run"
$grind "$bin/kbindex" --db "$work/db" --quiet docs/vault
$grind "$bin/kbindex" --db "$work/db" --quiet
$grind "$bin/kbindex" --db "$work/db" --quiet --check
$grind "$bin/kbsearchd" --foreground --db "$work/db" --socket "$work/run/s" 2>"$work/daemon.log" &
daemon=$!
late=$(($(date +%s) + 120))
until "$bin/kbsearch" --no-spawn --db "$work/db" --socket "$work/run/s" --status >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$late" ]
    kill -0 "$daemon"
done
client="$grind $bin/tests/shared/kbsearch --no-spawn --db $work/db --socket $work/run/s"
$client closed source >/dev/null
$client --json '"closed source" -rumor date:2026-04' >/dev/null
$client --sort newest muse >/dev/null
$client --get 'daily/2026-04-09-AI-Digest.md:1' >/dev/null || :
$client --suggest mus >/dev/null
$client 'title:(' >/dev/null 2>&1 || :
kill -TERM "$daemon"
code=0
wait "$daemon" || code=$?
daemon=
[ "$code" = 0 ] || {
    cat "$work/daemon.log"
    exit "$code"
}
echo "valgrind found nothing"
