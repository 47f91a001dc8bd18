#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who asks heavy things has a turn beside a crowd that asks light ones without end.
unset KB_TRAFFIC_DIR # it takes time
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_setup
for copy in $(seq 30); do
    cp -R "$KB_SRCDIR/docs/vault" "vault/$copy"
done
kb_index "$T/vault" || exit 99
kbsearchd --cache 0 --threads 2 || exit 99
cat >turns.py <<'END'
import socket
import rpc

HEAVY = {"query": "/[0-9]b/ OR heading:models OR /o[a-z]e/ OR kind:entry", "limit": 1000, "exact": True}
LIGHT = {"query": "qwen muse model closed open weights release benchmark", "limit": 1, "match": "any", "exact": True}
EACH = 60


def there(c):
    """How many answers have come so far."""
    n = 0
    try:
        while True:
            n += c.socket.recv(1 << 20, socket.MSG_DONTWAIT).count(b"\n")
    except BlockingIOError:
        return n


heavy = rpc.Client()
took = [heavy.call("search", HEAVY)["result"]["took_us"] for _ in range(2)]
crowd = [rpc.Client() for _ in range(24)]
for c in crowd:
    for _ in range(EACH):
        c.ask("search", LIGHT)
answer = heavy.call("search", dict(HEAVY, deadline_ms=60000))["result"]
n = sum(there(c) for c in crowd)
print("# %d of %d light requests were answered before a heavy one of %d us" % (n, EACH * len(crowd), took[-1]))
assert min(took) > 15000, "the heavy request is light"
assert answer["total"] > 0 and n < EACH * len(crowd) * 9 // 10
END
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli
export KBSEARCH_SOCKET PYTHONPATH
ok "a heavy request has its turn beside a crowd of light ones" python3 turns.py
printf '%s\n' "$OUT"
kb_done
