#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Queries that cannot be answered are told in one line with the byte and what to do; strings that
# broke other programs neither crash the daemon, hang it nor match by accident.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_setup
kb_note 2026-04-09.md '- zyxplanted' '- zyxplanted zyxother'
kb_index || exit 99
kbsearchd || exit 99
NAUGHTY=$KB_CORPORA/edge/bytes-md/blns.md
[ -e "$NAUGHTY" ] || kb_diag "no $NAUGHTY: its strings are left out"
export NAUGHTY
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli python3 - <<'END'
import os
import sys
import time
import rpc

client, n, bad = rpc.Client(), 0, 0
BAD = [  # query, byte, what is said
    ("tilte:spark", 0, "title"),
    ("spark date:2026-13-45", 11, "2026"),
    ("spark (muse", 6, "never closed"),
    ("spark )", 6, "closes none"),
    ("*", 0, "*"),
    ("muse * spark", 5, "*"),
    ("a OR", 2, "OR"),
    ("kind:nothing", 0, "kind"),
    ("/(/", None, ""),
    (" OR ".join(f"w{i}" for i in range(10000)), None, "4096"),
    (" OR ".join("ab" for i in range(513)), None, "512"),
    ("x" * 1000000, None, "4096"),
    ("x" * (1 << 20), None, ""),
    ("(" * 20 + "a" + ")" * 20, None, "16"),
]


def result(good, name, why=""):
    global n, bad
    n += 1
    bad += not good
    print("ok" if good else "not ok", n, "-", name)
    if not good:
        print("#", why)


for query, at, said in BAD:
    client = rpc.Client()
    try:
        client.ask("search", {"query": query})
        error = client.read().get("error", {})
    except EOFError:
        error = {"message": "closed"}
    text, where = error.get("message", ""), error.get("data", {}).get("at")
    good = said in text and "\n" not in text and 0 < len(text) < 400 and \
        (where == at if at is not None else True)
    result(good, f"{query[:40]!r} is an error", error)

for cursor in ("", "1:2:3", "1:0:" + 17 * "a", "-1:0:0123456789abcdef", "1:99999999999:0123456789abcdef",
               " 1:0:0123456789abcdef", "1:0:0123456789ABCDEF", 100 * "1"):
    client = rpc.Client()
    client.ask("search", {"query": "zyxplanted", "cursor": cursor})
    error = client.read().get("error", {})
    result("not one that an answer gave" in error.get("message", "") or (not cursor and not error),
           f"cursor {cursor[:30]!r}", error)

client, strings = rpc.Client(), []
if os.path.exists(os.environ["NAUGHTY"]):
    strings = open(os.environ["NAUGHTY"], encoding="utf-8", errors="replace").read().split("\n")
strange, slow, refused = [], [], 0
for s in (s for s in strings if s and not s.startswith("#")):
    for syntax in ("query", "plain"):
        began = time.monotonic()
        answer = client.call("search", {"query": s, "syntax": syntax, "match": "all", "limit": 5})
        if time.monotonic() - began > 2:
            slow.append(s)
        refused += "error" in answer
        if "error" in answer and (syntax == "plain" or "\n" in answer["error"]["message"]):
            strange.append((s, answer["error"]))
        got = answer.get("result", {})
        negated = syntax == "query" and ("-" in s or "NOT" in s or ":" in s or "/" in s)
        if got.get("hits") and not negated:
            strange.append((s, got["hits"][0]["text"]))
result(not strange, "naughty strings match nothing by accident", strange[:10])
result(not slow, "naughty strings take no time", slow[:5])
print(f"# {len(strings)} strings, {refused} refused")
alive = client.call("search", {"query": "zyxplanted"}).get("result", {})
result(alive.get("total") == 2, "the daemon answers as before", alive)
print(f"1..{n}")
sys.exit(bad > 0)
END
