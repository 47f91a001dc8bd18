#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes two vaults of made-up words, and judges what the daemon answers on them: search.py make DIR,
search.py judge DIR SOCKET, search.py add DIR. What has to come is computed from the words written."""
import json
import os
import random
import socket
import sys

WORDS = "zorv plimt drax fenk golb hask jurb kwilt".split()
RARE = "vextrom"  # beside every word once, with all of them never


def entries():
    """(vault, rel, line, date, words) of every bullet; the same at each call."""
    pick = random.Random(7)
    for vault in ("one", "two"):
        for n in range(60):
            kind = pick.choice(("digest", "digest", "topic", "dated"))
            day = "2026-%02d-%02d" % (pick.randint(1, 12), pick.randint(1, 28))
            rel = {"digest": f"daily/{day}-n{n}.md", "topic": f"t{n}.md", "dated": f"x/d{n}.md"}[kind]
            for line in range(1, pick.randint(2, 9)):
                words = [pick.choice(WORDS) for _ in range(pick.randint(1, 7))]
                if pick.random() < 0.1:
                    words = words[:1] + [RARE]
                own = "2025-%02d-%02d" % (pick.randint(1, 12), pick.randint(1, 28))
                dated = kind == "dated" and line % 3
                date = day if kind == "digest" else own if dated else None
                yield vault, rel, line, date, words, own + ": " if dated else ""


def make(root):
    for vault, rel, _, _, words, lead in entries():
        path = os.path.join(root, vault, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a") as f:
            f.write("- " + lead + " ".join(words) + "\n")


class Asker:
    def __init__(self, path):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        self.stream, self.n, self.bytes = s.makefile("rwb"), 0, 0

    def __call__(self, query, **params):
        self.n += 1
        request = {"jsonrpc": "2.0", "id": self.n, "method": "search", "params": {"query": query, **params}}
        self.stream.write(json.dumps(request).encode() + b"\n")
        self.stream.flush()
        line = self.stream.readline()
        self.bytes = len(line)
        reply = json.loads(line)
        if "error" in reply:
            raise SystemExit(f"{query} {params}: {reply['error']}")
        return reply["result"]


count = 0
failed = 0


def check(name, good, why=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    if not good:
        print(f"# {str(why)[:600]}", file=sys.stderr)


def key(hit):
    return hit["vault"], hit["rel"], hit["line"]


def keys(result):
    return [key(h) for h in result["hits"]]


def adjacent(words, pair):
    return any(tuple(words[i:i + 2]) == pair for i in range(len(words) - 1))


def judge_sets(ask, units):
    for a in WORDS:
        for b in WORDS:
            if a == b:
                continue
            want = {k for k, (_, words) in units.items() if a in words and b in words}
            side = {k for k in want if adjacent(units[k][1], (a, b))}
            r = ask(f"{a} {b}", limit=1000)
            got = keys(r)
            if set(got) != want or len(got) != len(want) or r["total"] != len(want) or not r["total_exact"]:
                return check("sets and totals", False, (a, b, set(got) ^ want, r["total"]))
            if set(got[:len(side)]) != side:
                return check("side by side first", False, (a, b, got[:len(side)]))
            score = [h["score"] for h in r["hits"]]
            if score != sorted(score, reverse=True):
                return check("scores fall", False, (a, b, score))
            if ask(f"{a} {b}", limit=1000)["hits"] != r["hits"]:
                return check("twice the same", False, (a, b))
    check("56 pairs: sets, totals, side by side first, scores that fall, twice the same", True)


def judge_orders(ask, units):
    def newest(k):
        day = units[k][0]
        return (0, [-ord(c) for c in day]) if day else (1, []), k[1], k[0], k[2]

    def oldest(k):
        return (0, units[k][0]) if units[k][0] else (1, ""), k[1], k[0], k[2]

    for vault in ("one", "two"):
        for query in ("zorv", "zorv drax", "zorv OR fenk", "-zorv kind:bullet"):
            have = {
                "zorv": lambda w: "zorv" in w,
                "zorv drax": lambda w: "zorv" in w and "drax" in w,
                "zorv OR fenk": lambda w: "zorv" in w or "fenk" in w,
            }.get(query)
            for order, by in (("newest", newest), ("oldest", oldest), ("path", lambda k: (k[1], k[2]))):
                r = ask(query, sort=order, limit=1000, vault=vault)
                got = keys(r)
                if have:
                    want = sorted((k for k, u in units.items() if k[0] == vault and have(u[1])), key=by)
                else:
                    want = sorted(got, key=by)
                if got != want:
                    at = next(i for i, (x, y) in enumerate(zip(got + [0], want + [0])) if x != y)
                    return check("orders", False, (query, order, vault, at, got[at:at + 4], want[at:at + 4]))
    check("newest, oldest and path, undated last, by path and line within a day", True)


def judge_pages(ask, units):
    for query in ("zorv drax", "zorv OR fenk", "golb", f"{WORDS[0]} {WORDS[1]} {WORDS[2]} {RARE}"):
        for order in ("score", "newest", "oldest", "path"):
            whole = keys(ask(query, sort=order, limit=1000))
            for size in (1, 3, 7, 20):
                turned, cursor = [], None
                while True:
                    r = ask(query, sort=order, limit=size, **({"cursor": cursor} if cursor else {}))
                    turned += keys(r)
                    cursor = r["cursor"]
                    if not cursor or len(turned) > len(whole):
                        break
                skipped = sum((keys(ask(query, sort=order, limit=size, offset=o))
                               for o in range(0, len(whole), size)), [])
                if turned != whole or skipped != whole:
                    return check("pages", False, (query, order, size, len(whole), len(turned), len(skipped)))
    check("pages by cursor and by offset join to the whole", True)


def judge_limits(ask, units):
    whole = ask("zorv", limit=1000)
    for budget in (3000, 6000, 20000):
        turned, cursor, over = [], None, 0
        while True:
            r = ask("zorv", limit=1000, budget_bytes=budget, **({"cursor": cursor} if cursor else {}))
            over = max(over, ask.bytes)
            turned += keys(r)
            cursor = r["cursor"]
            if not cursor or not r["hits"]:
                break
        check(f"a budget of {budget} bytes holds, and its pages join",
              over <= budget and turned == keys(whole), (over, len(turned), whole["total"]))
    for n in (1, 8, 17):
        r = ask("zorv", limit=1000, text_bytes=n)
        cut = [(h["text"], h["truncated"], w["text"]) for h, w in zip(r["hits"], whole["hits"])]
        check(f"{n} bytes of text, and told where it was cut",
              all(w.startswith(t) and len(t) <= n and c == (t != w) for t, c, w in cut), cut[:5])
    bad = None
    for h in ask("zorv drax", limit=1000, neighbours=2)["hits"]:
        lines = sorted(k[2] for k in units if k[:2] == key(h)[:2])
        at = lines.index(h["line"])
        want = lines[max(0, at - 2):at], lines[at + 1:at + 3]
        got = [n["line"] for n in h["before"]], [n["line"] for n in h["after"]]
        if want != got:
            bad = key(h), want, got
    check("two neighbours on each side, in the order of the note", not bad, bad)


def judge_words(ask, units):
    for query in (f"zorv drax fenk {RARE}", f"golb hask jurb {RARE} kwilt"):
        asked = query.split()
        held = {k: len(set(asked) & set(u[1])) for k, u in units.items()}
        most = max(held.values())
        r = ask(query, limit=1000)
        told = r["relaxed"] or {}
        check(f"relaxed to {most} of {len(asked)}, and told",
              set(keys(r)) == {k for k, n in held.items() if n >= most} and told.get("words") == most
              and told.get("of") == len(asked), (told, r["total"], most))
        check("never when strict", ask(query, match="strict")["total"] == 0)
        check("any word", ask(query, match="any")["total"] == sum(n > 0 for n in held.values()))
    r = ask("kwlit")
    check("a word misspelt is read as its neighbour, and told",
          r["suggestion"] and r["suggestion"]["to"] == "kwilt" and
          r["total"] == sum("kwilt" in u[1] for u in units.values()), r["suggestion"])
    check("none of a kind", ask("kind:heading")["total"] == 0)


def judge_older(ask, units, root, reindex):
    whole = keys(ask("zorv", sort="newest", limit=1000))
    r = ask("zorv", sort="newest", limit=10)
    with open(os.path.join(root, "one", "2026-12-30-new.md"), "w") as f:
        f.write("- zorv plimt\n- zorv\n")
    if os.system(reindex):
        raise SystemExit("kbindex failed")
    turned, warned = keys(r), False
    while r["cursor"]:
        r = ask("zorv", sort="newest", limit=10, cursor=r["cursor"])
        warned |= bool(r["warnings"])
        turned += keys(r)
    check("a cursor of an older commit goes on behind its unit", turned == whole,
          [x for x in zip(turned, whole) if x[0] != x[1]][:3])
    check("and says so", warned)


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2])
    root, path, reindex = sys.argv[2:5]
    units = {(v, r, n): (d, w) for v, r, n, d, w, _ in entries()}
    ask = Asker(path)
    for judge in (judge_sets, judge_orders, judge_pages, judge_limits, judge_words):
        judge(ask, units)
    judge_older(ask, units, root, reindex)
    print(f"1..{count}")
    return failed


sys.exit(main())
