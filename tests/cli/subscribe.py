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


def resident(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1])


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def memory():
    """KiB of the process that answers."""
    mine = b"KB_TEST_DIR=" + os.environ["KB_TEST_DIR"].encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid, encoding="ascii") as f, open("/proc/%s/environ" % pid, "rb") as env:
                if f.read().strip() == "kbsearchd" and mine in env.read().split(b"\0") and not children(int(pid)):
                    return resident(int(pid))
        except OSError:
            pass
    return 0


def pace(client):
    took = []
    for turn in range(200):
        begun = time.monotonic()
        check("result" in client.call("search", {"query": "muse -x%d" % turn}), "another client gets no answer")
        took.append(time.monotonic() - begun)
    return sorted(took)[100] * 1000


def settled(client):
    """When nothing was asked and nothing waited between twenty looks: what is asked is as full as it gets."""
    calm, seen = 0, 0
    while calm < 20:
        now = client.call("status")["result"]
        calm = calm + 1 if now["queue"] == 0 and now["requests"] == seen + 1 else 0
        seen = now["requests"]


def costs_nobody(vault):
    """Sixty subscribers, of all commits and a saved query, who have asked more than they read."""
    other = Client()
    before, alone = memory(), pace(other)
    crowd = [Client() for _ in range(60)]
    for c in crowd:
        c.ask("subscribe")
        c.ask("subscribe", {"saved": "muse"})
        for _ in range(20): # the answers, some 300 KiB, stay unread
            c.ask("search", {"query": "a*", "limit": 100})
    commit(vault, "Muse Spark, for the deaf, to begin with")
    settled(other)
    first = memory()
    for turn in range(8):
        commit(vault, "Muse Spark, for the deaf, %d" % turn)
    settled(other)
    last, beside = memory(), pace(other)
    print("# figure: 60 who do not read: %d KiB before, %d after one commit, %d after nine; others %.2f ms alone, %.2f beside them" % (before, first, last, alone, beside))
    check(before > 0, "no process that answers")
    if "KB_SANITIZED" not in os.environ:  # an instrumented build keeps what is freed
        check(last - first < 4096, "what is not read piles up")
        check(last - before < 60 * 2048, "over the 1 MiB for each and what the answers took")
    check(beside < 10 * alone + 10, "others wait")
    for c in crowd:
        c.socket.close()


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
    costs_nobody(vault)
    mine = heard(deaf)
    newest = Client().call("hello")["result"]["revision"]
    check("result" in mine[0] and mine[-1]["params"]["revision"] == newest, "one that read nothing", mine)


main(*sys.argv[1:])
