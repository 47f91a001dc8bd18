#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Answers given again: the same, and never one of an older index.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_setup
mkdir -p "$T/home/.config/kbsearch"
KBSEARCH_SOCKET=$T/run/kb.sock
export KBSEARCH_SOCKET
kb_note daily/2026-04-09-AI-Digest.md '# Digest' '' '- Meta debuts Muse Spark' '- "took_us":7 is in a note'
kb_index || exit 99
kbsearchd || exit 99
cat >ask.py <<'PY'
import json, os, subprocess, sys
sys.path.insert(0, os.environ["KB_SRCDIR"] + "/tests/cli")
from rpc import Client

c = Client()
n = 0


def ask(method="search", **params):
    answer = c.call(method, params)
    return {k: v for k, v in answer.get("result", answer).items() if k != "took_us"}


def check(name, good):
    global n
    n += 1
    print("ok" if good else "not ok", n, "-", name)


def write(text):
    with open("vault/daily/2026-04-09-AI-Digest.md", "a", encoding="utf-8") as f:
        f.write(text + "\n")
    subprocess.run(["kbindex", "--quiet"], check=True)


first = ask(query="muse")
check("an answer", first["total"] == 1)
check("is the same again", ask(query="muse") == first)
check("a string of its own kind in it", ask(query="took_us") == ask(query="took_us"))
check("other parameters are another question", ask(query="muse", limit=0)["hits"] == [])
check("another method, too", ask("suggest", prefix="mus") != ask("suggest", prefix="met"))
check("another day, too", ask(query="date:today", today="2026-04-09")["total"] == 4
      and ask(query="date:today", today="2026-04-10")["total"] == 0)
check("an error stays one", ask(query="colour:red (")["error"]["code"]
      == ask(query="colour:red (")["error"]["code"])
for i in range(20):
    write("- Muse Spark again, %d" % i)
    if ask(query="muse")["total"] != i + 2 or ask(query="muse")["total"] != i + 2:
        check("each commit is seen at once", False)
        break
else:
    check("each commit is seen at once", True)
subprocess.run(["kbindex", "--quiet", "--full"], check=True)
check("a rebuild, too", ask(query="muse")["revision"] > first["revision"])
was = ask(query="meta")["total"]
with open("home/.config/kbsearch/synonyms", "w", encoding="utf-8") as f:
    f.write("meta = spark\n")
check("and the user's synonyms", ask(query="meta")["total"] > was)
old = Client()
ids = [old.ask("search", {"query": "muse"}) for _ in range(30)]
check("many at once, each with its id", sorted(old.read()["id"] for _ in ids) == ids)
check("a session goes on", c.call("search", {"query": "muse", "session": "s"})["result"]["total"] == 21)
sys.exit(0)
PY
KB_SRCDIR=$KB_SRCDIR python3 ask.py >out 2>err || { kb_diag "$(cat err)"; echo "Bail out!"; exit 99; }
cat out
kb_count=$(grep -c . out)
kb_failed=$(grep -c '^not ok' out)
kb_stop
ok "without a cache" kbsearchd --cache 0
ok "answers are the same" kbsearch -c muse
is "as before" "$OUT" 21
exits "a bound that is none" 64 kbsearchd --cache x
like "says what is needed" "$ERR" '*--cache x: a number from 0 to 1024*'
kb_done
