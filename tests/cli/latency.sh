#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Times of answers on an open connection, for people to read: two words, and a word as it is typed,
# a letter more each time. Fails only at ten times what is wanted: these machines drift.
unset KB_TRAFFIC_DIR # it takes time
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_corpus ainews
[ -z "${KB_SANITIZED:-}" ] || kb_skip "a sanitized build has no speed"
kb_setup
kb_index "$CORPUS" || exit 99
kbsearchd || exit 99
python3 "$KB_SRCDIR/tests/oracle/scan.py" --pick 600 --seed 5 "$CORPUS" >words || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli python3 - <<'END'
import sys
import time
import rpc

client = rpc.Client()
words = [w for w in open("words", encoding="utf-8").read().split() if w.isalpha()]


def times(queries, **more):
    out = []
    for query in queries:
        began = time.perf_counter()
        client.call("search", dict(more, query=query, limit=20))
        out.append((time.perf_counter() - began) * 1000)
    return sorted(out)


def tell(n, name, got, want):
    middle, late = got[len(got) // 2], got[len(got) * 99 // 100]
    print(f"# {name}: median {middle:.2f} ms, p99 {late:.2f} ms, most {got[-1]:.2f} ms")
    good = middle < 10 * want[0] and late < 10 * want[1]
    print("ok" if good else "not ok", n, "-", name)
    return good


times([f"{a} {b}" for a, b in zip(words[::2], words[1::2])])
good = tell(1, "two words", times([f"{a} {b}" for a, b in zip(words[1::2], words[2::2])]), (1, 5))
typed = [w[:k] for w in words[:120] for k in range(1, min(len(w), 8) + 1)]
good = tell(2, "as you type", times(typed, partial=True), (5, 5)) and good
print("1..2")
sys.exit(not good)
END
