#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sixteen clients, and a daemon that is restarted or ends idle beneath them: with a service manager
# that holds the socket, and without one.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
mkdir units
for u in kbsearchd.socket kbsearchd.service.in; do
    sed "s|@bindir[@]|$KB_BINDIR|; s/--idle-exit 3600/--idle-exit 1/" "$KB_SRCDIR/contrib/systemd/$u" >"units/${u%.in}"
done
kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark'
kb_index
rounds=${KB_ROUNDS:-20}

# load COMMAND...: sixteen that run it again and again until there is $T/stop; faults go to $T/faults.
load() {
    rm -f stop
    : >faults
    : >answers
    loops=
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        while [ ! -e stop ]; do
            said=$("$@" 2>&1)
            code=$?
            [ "$code:$said" = "0:vault/daily/2026-04-09-AI-Digest.md" ] || echo "$n: $code: $said" >>faults
            echo >>answers
        done &
        loops="$loops $!"
    done
}
# more N: returns when N more answers came, or nothing came for ten seconds.
more() {
    timeout 10 tail -s 0.02 -n 0 -f answers | head -n "$1" >/dev/null
}
unload() {
    : >stop
    # shellcheck disable=SC2086 # many
    wait $loops
    is "$1: no client noticed" "$(head -n 3 faults)" ""
    echo "# figure restarts-answers-$1 $(wc -l <answers)"
}

load kbsearch -l muse
more 16
n=0
while [ $n -lt "$rounds" ]; do
    kill "$(cat run/kbsearch/main.sock.lock)" 2>/dev/null
    more 40
    n=$((n + 1))
done
unload "alone"
kb_stop

mkfifo in
: >out
python3 "$KB_SRCDIR/tests/cli/manager.py" units <in >out 2>err &
manager=$!
exec 9>in
tail -s 0.02 --pid=$manager -n +1 -f out | grep -q -m1 '^listening'
load kbsearch --no-spawn -l muse
more 16
n=0
while [ $n -lt "$rounds" ]; do
    echo restart >&9
    more 40
    n=$((n + 1))
done
unload "managed"
is "every service ended well" "$(sed -n 's/^ended //p' out | sort -u)" 0
[ "$(grep -c ^started out)" -ge "$((rounds / 2))" ]
kb_result $? "it was restarted indeed"
echo "# figure restarts-managed $(grep -c ^started out)"

python3 - "$(sed -n 's/^listening //p' out)" "${KB_IDLE_ROUNDS:-6}" <<'END'
import json, random, socket, sys, threading, time
path, rounds = sys.argv[1], int(sys.argv[2])
asked = b'{"jsonrpc":"2.0","id":7,"method":"search","params":{"query":"muse"}}\n'
faults = []


def ask(at):
    time.sleep(max(0, at - time.monotonic()))
    try:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(path)
        s.sendall(asked)
        s.shutdown(socket.SHUT_WR)
        lines = s.makefile().read().splitlines()
        if len(lines) != 1 or json.loads(lines[0])["result"]["total"] != 1:
            faults.append(lines)
    except OSError as e:
        faults.append(repr(e))


last = time.monotonic()
for r in range(rounds):
    # The end is due a second after the last has gone.
    at = last + 1 + (r - 1) * 0.003
    all = [threading.Thread(target=ask, args=(at + random.uniform(-0.004, 0.012),)) for _ in range(16)]
    for t in all:
        t.start()
    for t in all:
        t.join()
    last = time.monotonic()
print("\n".join(map(str, faults[:3])), file=open("idle", "w"), end="")
END
is "asked around its idle end, each request is answered once" "$(cat idle)" ""
echo "# figure restarts-idle-ends $(($(grep -c ^ended out) - rounds))"
exec 9>&-
wait $manager
kb_done
