# SPDX-License-Identifier: GPL-2.0-or-later
"""Subscribers of a running daemon: who is told what, when, and how often."""
import os
import subprocess
import sys
import time

from rpc import Client


def check(good, *what):
    if not good:
        print("FAILED:", *what)
        sys.exit(1)


def heard(client, seconds=0.3):
    messages = []
    while True:
        message = client.read(seconds)
        if message is None:
            return messages
        messages.append(message)


def commit(vault, line):
    """When the index changed, by the clock of files."""
    with open(os.path.join(vault, "daily/2026-04-20-AI-Digest.md"), "a", encoding="utf-8") as f:
        f.write("- %s\n" % line)
    subprocess.run(["kbindex", "--quiet", vault], check=True)
    folder = os.path.join(Client().call("hello")["result"]["db"], "current")
    return max(os.stat(os.path.join(folder, f)).st_mtime for f in os.listdir(folder))


def main(vault):
    every, saved, both, deaf, former = Client(), Client(), Client(), Client(), Client()
    start = every.call("subscribe")["result"]["revision"]
    total = saved.call("subscribe", {"saved": "muse"})["result"]["total"]
    both.call("subscribe")
    both.call("subscribe", {"saved": "muse"})
    deaf.ask("subscribe")
    former.call("subscribe")
    former.call("unsubscribe")
    check(saved.call("subscribe", {"saved": "nope"})["error"]["data"]["reason"] == "not_found", "an unknown name")

    committed = commit(vault, "A zebra, of which nothing was said before")
    told = every.read()
    late = time.time() - committed
    check(told["method"] == "indexChanged" and told["params"]["revision"] > start, told)
    print("# figure: told %.0f ms after the commit (limit 100 ms)" % (late * 1000))
    check(late < 1.0, "told late")
    check(heard(every) == [], "told twice")
    check(heard(saved) == [], "told of what it did not ask for")
    check([m["method"] for m in heard(both)] == ["indexChanged"], "both: of the commit alone")

    # Never before the reply to the request that caused it, however close the commit is.
    eager = Client()
    for turn in range(5):
        asked = eager.ask("subscribe")
        commit(vault, "close, %d" % turn)
        first = eager.read()
        check(first.get("id") == asked and "result" in first, "told before the reply", first)
        rest = heard(eager)
        revisions = [m["params"]["revision"] for m in rest]
        check(len(revisions) <= 1 and all(r > first["result"]["revision"] for r in revisions), first, rest)
        eager.call("unsubscribe")
    heard(every), heard(both)

    commit(vault, "Muse Spark, again")
    params = saved.read()["params"]
    check((params["total"], params["added"], params["removed"]) == (total + 1, 1, 0), params)
    check(heard(saved) == [], "told twice")
    check(sorted(m["method"] for m in heard(both)) == ["indexChanged", "savedChanged"], "both")
    check(len(heard(every)) == 1, "told once of each commit")

    for turn in range(3):
        commit(vault, "more, %d" % turn)
    revisions = [m["params"]["revision"] for m in heard(every)]
    newest = Client().call("hello")["result"]["revision"]
    check(revisions == sorted(set(revisions)) and revisions[-1] == newest, revisions, newest)
    check(heard(former) == [], "told after unsubscribe")
    mine = heard(deaf)
    check("result" in mine[0] and mine[-1]["params"]["revision"] == newest, "one that read nothing", mine)


main(*sys.argv[1:])
