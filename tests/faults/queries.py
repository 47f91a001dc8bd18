# SPDX-License-Identifier: GPL-2.0-or-later
"""
queries.py NAME MAKE|ASK: queries that are made to hurt, one below each limit, at it and above, on an
index of NAME units; then eight of the worst at once beside an honest client. TAP and figures.
"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["KB_SRCDIR"], "tests/cli"))
count = 0


def make(units, folder):
    """Notes whose words are as frequent as words are; in each unit some that begin alike."""
    r = random.Random(1)
    words = ["%s%s" % (a, b) for a in "w a the mod ai un re con in on".split() for b in range(400)]
    weights = [1 / (i % 400 + 1) for i in range(len(words))]
    picked = r.choices(words, weights, k=units * 12)
    for n in range(0, units, 500):
        with open(os.path.join(folder, "2026-%02d-%02d-n%d.md" % (n // 500 % 12 + 1, n // 6000 % 28 + 1, n)), "w",
                  encoding="utf-8") as f:
            for i in range(n, min(n + 500, units)):
                f.write("- " + " ".join(picked[i * 12:i * 12 + 12]) + "\n")


def ok(name, good, why=""):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    if not good:
        print("# %s" % (str(why)[:300],), flush=True)


def figure(name, value):
    print("# figure %s %.3g" % (name, value), flush=True)


# A bomb of n parts, and the limit that n stands at.
BOMBS = {
    "prefixes": (lambda n: "w* a* " * (n // 2) + "w* " * (n % 2), 32),
    "prefixes or": (lambda n: " OR ".join(["w%d*" % (i % 10) for i in range(n)]), 32),
    "words": (lambda n: " ".join("w%d" % (i % 400) for i in range(n)), 512),
    "words or": (lambda n: " OR ".join("w%d" % (i % 99) for i in range(n)), 512),
    "phrase": (lambda n: '"' + "a0 " * n + '"', 512),
    "near": (lambda n: " NEAR/100 ".join("w%d" % (i % 9) for i in range(n)), 300),
    "levels": (lambda n: "(w0 OR " * n + "w1" + ")" * n, 16),
    "negations": (lambda n: "w0 " + "-w1 " * (n - 1), 512),
    "one word": (lambda n: "a" * n, 4096),
    "hyphens": (lambda n: ("a-" * n)[:n], 4096),
    "slashes": (lambda n: ("/" * n), 4096),
    "quotes": (lambda n: ('"' * n), 4096),
    "brackets": (lambda n: ("[" * n), 4096),
    "parentheses": (lambda n: "(" * n, 4096),
    "regex": (lambda n: "/" + "(a*)*" * ((n - 3) // 5) + "b/", 4096),
    "fields": (lambda n: " ".join("tag:w%d" % i for i in range(n)), 400),
    "notes": (lambda n: " ".join("note:(w%d a%d)" % (i, i) for i in range(n)), 60),
    "dates": (lambda n: " ".join("date:..2026-%02d-%02d" % (i % 12 + 1, i % 28 + 1) for i in range(n)), 150),
    "combining": (lambda n: "a" + "\u0301" * ((n - 1) // 2), 4096),
    "han": (lambda n: "\u6a21" * (n // 3), 4096),
}


def main(units):
    from rpc import Client
    c = Client()
    pid = c.call("status")["result"]["pid"]

    def rss(what="VmRSS"):
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(what)) / 1024

    def cpu():
        """Milliseconds its threads have run: what a busy machine does not change."""
        ran = 0
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as f:
                ran += int(f.read().split()[0])
        return ran / 1e6

    def forget_peak():
        with open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as f:
            f.write("5")

    def ask(client, query, **more):
        begin = time.monotonic()
        answer = client.call("search", dict({"query": query, "limit": 20}, **more))
        return answer, (time.monotonic() - begin) * 1000

    for i in range(200):
        ask(c, "w%d a%d x%d" % (i, i, i))
    base, heaviest, peak, most = rss(), [], 0, 0
    worst = dict.fromkeys(("refused", "refused_cpu", "at_cap", "at_cap_cpu"), 0)
    for name, (build, cap) in BOMBS.items():
        for n in (cap - 1, cap, cap + 1, cap * 10):
            forget_peak()
            before, ran = rss(), cpu()
            answer, ms = ask(c, build(n))
            ran, used = cpu() - ran, rss("VmHWM") - before
            peak, most = max(peak, rss("VmHWM")), max(most, used)
            over = "error" in answer and answer["error"]["data"]["reason"] == "too_complex"
            known = "result" in answer or answer["error"]["data"]["reason"] in ("too_complex", "bad_query", "timed_out")
            if n == cap * 10:
                ok("%s: far above its limit" % name, "error" in answer and answer["error"]["data"]["reason"] != "timed_out"
                   or name in ("fields", "notes", "dates"), answer)
            kind = "refused" if over else "at_cap"
            worst[kind], worst[kind + "_cpu"] = max(worst[kind], ms), max(worst[kind + "_cpu"], ran)
            if not over:
                heaviest.append((ran, name, build(n)))
            ok("%s %d: %s in %.1f ms, %.1f of them work, %.1f MiB" % (name, n, "refused" if over else "answered" if "result" in answer else answer["error"]["data"]["reason"], ms, ran, used),
               known and ms < (50 if over else 6000), answer)
    for kind, ms in worst.items():
        figure("bombs_%d_%s_worst_ms" % (units, kind), ms)
    print("# heaviest at %d: %s" % (units, ", ".join("%s %.0f ms" % (n, ran) for ran, n, _ in sorted(heaviest, reverse=True)[:5])))
    figure("bombs_%d_one_mib" % units, most)
    figure("bombs_%d_mib_more" % units, peak - base)
    ok("memory at the worst", peak - base < 256 or os.environ.get("KB_SANITIZED"), peak - base)

    # A deadline really ends a match.
    late = []
    for ms, name, query in sorted(heaviest, reverse=True)[:5]:
        answer, took = ask(c, query + " x", deadline_ms=20)
        late.append(took - 20)
        ok("%s: a deadline of 20 ms" % name, "result" in answer or answer["error"]["data"]["reason"] in ("timed_out", "too_complex"), answer)
    figure("deadline_%d_late_ms" % units, max(late))
    ok("a deadline ends a match", max(late) < 500, late)

    # Eight of the worst at once.
    stop = threading.Event()

    def bomber(query):
        mine, i = Client(), 0
        while not stop.is_set():
            i += 1
            ask(mine, query + " x%d" % i, match="any")

    bombers = [threading.Thread(target=bomber, args=(q,), daemon=True) for _, _, q in sorted(heaviest, reverse=True)[:8]]
    for b in bombers:
        b.start()
    took = sorted(ask(c, "w%d a%d" % (i, i * 7 % 400))[1] for i in range(40))
    stop.set()
    figure("bombed_%d_honest_p50_ms" % units, took[20])
    figure("bombed_%d_honest_worst_ms" % units, took[-1])
    ok("an honest client beside eight bombs", took[-1] < 10000, took)
    for b in bombers:
        b.join(30)
    ok("the same process all the time", Client().call("status")["result"]["pid"] == pid)
    print("1..%d" % count)


if sys.argv[2] == "MAKE":
    make(int(sys.argv[1]), sys.argv[3])
else:
    main(int(sys.argv[1]))
