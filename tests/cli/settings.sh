#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbsearch.conf: each key is an option, --config tells where each value came from, and SIGHUP takes
# a new file into a daemon whose sixteen connections go on asking.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
conf=$HOME/.config/kbsearch/kbsearch.conf
mkdir -p "${conf%/*}"
: >log
# logged TEXT: returns when the daemon wrote it.
logged() {
    timeout 20 tail -s 0.01 --pid=$daemon -n +1 -f log | grep -q -m1 "$1"
}
kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark' '- Quillfeather takes notes'
kb_index

rows=$(sed -n 's/^SETTING([a-z_]*, "\([a-z-]*\)", CONFIG_\([A-Z]*\), .*/\1 \2/p' "$KB_SRCDIR/lib/setting.def")
[ "$(printf '%s\n' "$rows" | wc -l)" -gt 8 ]
kb_result $? "the list has rows"
printf '%s\n' "$rows" | while read -r name who; do
    case $who in ALL) program="kbsearch kbindex kbsearchd" ;; DAEMON) program=kbsearchd ;; INDEXER) program=kbindex ;; CLIENT) program=kbsearch ;; esac
    for p in $program; do
        "$p" --help | grep -q -- "--$name" || echo "$p has no --$name"
    done
    kbsearch --config | grep -q "^$name = \|^# $name is not set" || echo "--config lacks $name"
done >lacks
is "each key is an option and told by --config" "$(cat lacks)" ""

cat >"$conf" <<END
cache = 7
log = detail

[saved]
one = muse
END
OUT=$(kbsearch --config)
like "a value, its file and line" "$OUT" "*
cache = 7  # $conf:1
*"
like "a saved query's, too" "$OUT" "*
one = muse  # $conf:5*"
like "and a default" "$OUT" "*
wait = 0  # default*"
for fault in 'threds = 2:1: unknown key "threds"; did you mean "threads"' 'threads = 0:1: threads = 0: a number from 1 to 64' \
    'syslog = maybe:1: syslog = maybe: yes or no' 'log = loud:1: log = loud: one of'; do
    echo "${fault%%:*}" >bad.conf
    for p in "kbsearch muse" "kbindex --list" "kbsearchd --foreground"; do
        # shellcheck disable=SC2086 # words
        ERR=$($p --config-file bad.conf 2>&1)
        like "${p%% *}: ${fault%%:*}" "$ERR" "*bad.conf:${fault#*:}*"
    done
done
exits "an option's value is looked at, too" 64 kbsearchd --log loud
exits "and a number's" 64 kbindex --jobs 0

kbsearchd --foreground 2>>log &
daemon=$!
logged listening
cat >rounds.py <<'END'
import os, signal, socket, sys, threading
from rpc import Line
path, conf, keeper, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
faults, answers, stop = [], [0] * 16, False


def client(i):
    try:
        line = Line(path)
        while not stop:
            r = line.ask("search", query=["muse", "@one", "quillfeather", "muse OR x%d" % answers[i]][answers[i] % 4])
            if r["result"]["total"] not in (1, 2):
                faults.append(r)
            answers[i] += 1
        line.client.socket.shutdown(socket.SHUT_WR)
        try:
            faults.append("an answer too many: %s" % line.client.read())
        except EOFError:
            pass
    except Exception as e:
        faults.append("%d: %r" % (i, e))


threads = [threading.Thread(target=client, args=(i,)) for i in range(16)]
for t in threads:
    t.start()
me = Line(path)
pid = me.ask("status")["result"]["pid"]
for r in range(rounds):
    word, total = [("muse", 1), ("quillfeather OR muse", 2)][r % 2]
    with open(conf + ".new", "w") as f:
        f.write("cache = %d\n[saved]\none = %s\nround%d = muse\n" % (r % 3, word, r))
    os.rename(conf + ".new", conf)
    os.kill(keeper, signal.SIGHUP)
    # The daemon reads it when it gets the signal: until then the name is unknown.
    while me.ask("timeline", query="@round%d" % r).get("result", {}).get("total") != 1 and not faults:
        pass
    if me.ask("search", query="@one")["result"]["total"] != total:
        faults.append("round %d: not the new query" % r)
stop = True
for t in threads:
    t.join()
if me.ask("status")["result"]["pid"] != pid:
    faults.append("another process answers")
print("# figure settings-reloads %d, answers %d" % (rounds, sum(answers)))
open("faults", "w").write("\n".join(map(str, faults[:3])))
END
PYTHONPATH=$KB_SRCDIR/tests/cli python3 rounds.py "$(kbsearch --sockname)" "$conf" "$daemon" "${KB_ROUNDS:-50}"
is "each request answered once, by the configuration then in force" "$(cat faults)" ""

printf 'threads = 1\nidle-exit = 3600\nlog = info\n' >"$conf"
: >log
kill -HUP $daemon
logged 'in force'
like "what needs a new start is told" "$(cat log)" "*threads: stays as it was until kbsearchd is started anew*"
echo 'rubbish' >"$conf"
: >log
kill -HUP $daemon
logged 'stays as it was'
like "a file that is wrong changes nothing" "$(cat log)" "*the configuration stays as it was: $conf:1: neither*"
rm "$conf"
like "and is told by status" "$(kbsearch --no-spawn --status)" "*neither*"

# The log: what was asked only where that is asked for.
kill $daemon
wait $daemon
is "it ended well" $? 0
: >log
kbsearchd --foreground --log detail 2>>log &
daemon=$!
logged listening
kbsearch --no-spawn quillfeather >/dev/null
kbsearch --no-spawn 'title:(' >/dev/null 2>&1
like "a line a request" "$(cat log)" "*search: * us, * bytes*"
is "never what was asked" "$(grep -ci 'quillfeather\|title' log)" 0
echo 'log-queries = yes' >"$conf"
printf 'log = detail\n' >>"$conf"
kill -HUP $daemon
logged 'in force'
kbsearch --no-spawn quillfeather >/dev/null
like "but when it is asked for" "$(cat log)" "*search: * bytes: quillfeather*"
kill $daemon
wait $daemon

mv "$HOME/.cache/kbsearch/main" away
: >log
kbsearchd --foreground --log error 2>>log &
daemon=$!
until kbsearch --no-spawn --json --status 2>&1 | grep -q pid; do :; done
for n in 1 2 3; do kbsearch --no-spawn muse >/dev/null 2>&1; done
like "status tells what failed, and how often" "$(kbsearch --no-spawn --json --status)" '*"faults":\[{"at":"*","level":"warning","times":3,"text":"search: no index at *'
is "a level below is not written" "$(cat log)" ""
mv away "$HOME/.cache/kbsearch/main"
kill $daemon
wait $daemon
kb_done
