#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pace.py DB: how long each method takes on real digests, without the cache of answers.

Starts a daemon with one thread and `--cache 0`. Time is what its processes ran on a processor, so
that neighbours do not count; the first answer of a method after a commit, which gathers what later
ones use, is told by itself. Prints TAP; fails only at ten times 20 ms at the 99th percentile.
"""
import glob
import json
import os
import random
import socket
import subprocess
import sys
import tempfile

WORDS = """openai anthropic qwen nvidia deepseek model llama agents claude new discord gemini google
rag benchmark the a is code prompt cuda quantization vision api grok license""".split() + [
    '"closed source"', "reinforcement learning", '"open source" llama', "context window -gpt",
    "quant*", "claude OR gemini", "release kind:entry"]
DAY = "2025-03-15"


class Daemon:
    def __init__(self, db, folder):
        path = os.path.join(folder, "pace.sock")
        hear, say = os.pipe()
        self.process = subprocess.Popen(
            ["kbsearchd", "--foreground", "--cache", "0", "--threads", "1", "--db", db, "--socket",
             path], stderr=say)
        os.close(say)
        self.socket = socket.socket(socket.AF_UNIX)
        while self.socket.connect_ex(path):
            if self.process.poll() is not None:
                sys.exit("kbsearchd: " + os.read(hear, 4096).decode())
            os.sched_yield()
        self.file = self.socket.makefile("rwb")

    def reply(self, method, params):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def pids(self):
        out, todo = [], [self.process.pid]
        while todo:
            out.append(todo.pop())
            for name in glob.glob(f"/proc/{out[-1]}/task/*/children"):
                with open(name) as f:
                    todo += [int(p) for p in f.read().split()]
        return out

    def ran(self):
        """Milliseconds."""
        total = 0
        for name in self.clocks:
            with open(name) as f:
                total += int(f.read().split()[0])
        return total / 1e6

    def begin(self):
        self.reply("status", {})
        self.clocks = [n for p in self.pids() for n in glob.glob(f"/proc/{p}/task/*/schedstat")]

    def end(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()


def asks(kb, rng):
    facet = kb.reply("facet", {"query": "kind:note", "field": "entity", "limit": 400})
    names = [v["value"] for v in facet["result"]["facets"][0]["values"]]
    names = names[:15] + rng.sample(names[15:], 25)
    hits = kb.reply("search", {"query": "kind:note", "sort": "path", "limit": 1000,
                               "text_bytes": 1})["result"]["hits"]
    notes = [h["rel"] for h in rng.sample(hits, min(40, len(hits)))]
    texts, each = WORDS + names, "entity,tag,source,kind,vault,month,heading"
    revision = kb.reply("status", {})["result"]["revision"]
    return [
        ("search", "search", [{"query": q} for q in texts]),
        ("search --fold", "search", [{"query": q, "fold": True} for q in texts]),
        ("search --asof", "search", [{"query": q, "asof": DAY} for q in texts]),
        ("search --recent", "search", [{"query": q, "recent": "14d"} for q in texts]),
        ("timeline", "timeline", [{"query": q} for q in texts]),
        ("timeline --asof", "timeline", [{"query": q, "asof": DAY} for q in texts]),
        ("gaps", "gaps", [{"query": q} for q in names]),
        ("trend", "trend", [{"query": q, "bucket": b} for q in texts for b in ("day", "week", "month")]),
        ("facet", "facet", [{"query": q, "field": each} for q in texts]),
        ("with", "with", [{"entity": n} for n in names]),
        ("rising", "rising", [{"span": s, **u} for s in ("3d", "7d", "30d")
                              for u in ({}, {"until": DAY}, {"asof": DAY})]),
        ("backlinks", "backlinks", [{"note": n} for n in notes]),
        ("backlinks --mentions", "backlinks", [{"note": n, "mentions": True} for n in notes]),
        ("links", "links", [{"note": n} for n in notes]),
        ("related", "related", [{"path": n} for n in notes] +
         [{"path": n, "line": rng.randrange(8, 60)} for n in notes]),
        ("new", "new", [{"after": revision - 1, **q} for q in ({}, {"query": "openai"})]),
        ("suggest", "suggest", [{"prefix": q[:k]} for q in texts for k in (1, 3)]),
        ("suggest --asof", "suggest", [{"prefix": q[:k], "asof": DAY} for q in texts for k in (1, 3)]),
    ]


def main(db):
    rng, failed = random.Random(7), 0
    with tempfile.TemporaryDirectory() as folder:
        kb = Daemon(db, folder)
        todo = asks(kb, rng)
        kb.end()
        for n, (name, method, params) in enumerate(todo, 1):
            kb = Daemon(db, folder)
            kb.begin()
            times = []
            for k in range(4):
                for p in params:
                    before = kb.ran()
                    kb.reply(method, p)
                    times.append(kb.ran() - before)
            kb.end()
            first, rest = times[0], sorted(times[1:])
            p99 = rest[min(len(rest) - 1, int(len(rest) * 0.99))]
            print(f"# {name}: first {first:.1f} ms, median {rest[len(rest) // 2]:.2f} ms, "
                  f"99th percentile {p99:.2f} ms")
            good = p99 < 200
            failed += not good
            print("ok" if good else "not ok", n, "-", name)
        print(f"1..{len(todo)}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main(sys.argv[1])
