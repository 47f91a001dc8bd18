#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judged queries against a fresh index through the real daemon, as one table.

usage: relevance.py BINDIR CORPORA [SET...]

Known-item sets ask for one note (title, entities) or one line (the others); judged collections
count a hit for its note and a note once, linear gain, trec_eval's definitions. All are asked with
syntax:plain; ir-* with match:any.
"""
import collections
import csv
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

DEPTH = 1000


class Daemon:
    """An index of its own and a daemon on a private socket."""

    def __init__(self, bindir, folder):
        self.work = tempfile.TemporaryDirectory(prefix="kb-relevance-")
        os.makedirs(self.work.name + "/run", mode=0o700)
        self.db = self.work.name + "/db"
        path = self.work.name + "/run/s"
        env = dict(os.environ, HOME=self.work.name, XDG_STATE_HOME=self.work.name + "/state",
                   XDG_CONFIG_HOME=self.work.name + "/config")
        subprocess.run([bindir + "/kbindex", "--quiet", "--db", self.db, folder], check=False, env=env)
        self.process = subprocess.Popen(
            [bindir + "/kbsearchd", "--foreground", "--db", self.db, "--socket", path], env=env)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("relevance: the daemon did not start")
                time.sleep(0.01)
        self.file = self.socket.makefile("rb")
        self.id = 0

    def ask(self, **params):
        self.id += 1
        request = {"jsonrpc": "2.0", "id": self.id, "method": "search", "params": params}
        begin = time.perf_counter()
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        line = self.file.readline()
        took = time.perf_counter() - begin
        reply = json.loads(line)
        if "error" in reply:
            raise SystemExit("relevance: %r: %s" % (params, reply["error"]))
        return reply["result"], took

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.work.cleanup()


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def notes_once(hits):
    seen, out = set(), []
    for h in hits:
        if h["rel"] not in seen:
            seen.add(h["rel"])
            out.append(h["rel"])
    return out


def known_item(daemon, queries, by_line, misses):
    ranks, times, related = [], [], 0
    for q in queries:
        result, took = daemon.ask(query=q["query"], syntax="plain", limit=50)
        times.append(took)
        if by_line:
            line = int(q["line"])
            good = [h["rel"] == q["file"] and h["line"] <= line <= h["end_line"] for h in result["hits"]]
        else:
            good = [rel == q["file"] for rel in notes_once(result["hits"])]
        rank = good.index(True) + 1 if True in good else 0
        ranks.append(rank)
        if rank != 1:
            top = result["hits"][0] if result["hits"] else {"rel": "-", "line": 0}
            misses.append("%s\t%s\trank %d\ttotal %d\trelaxed %s\tfirst %s:%d" % (
                q["qid"], q["query"], rank, result["total"], (result["relaxed"] or {}).get("to"),
                top["rel"], top["line"]))
    n = len(ranks)
    rr = [1 / r if 0 < r <= 10 else 0 for r in ranks]
    return dict(n=n, hit1=sum(r == 1 for r in ranks) / n, hit10=sum(0 < r <= 10 for r in ranks) / n,
                mrr=sum(rr) / n, ndcg=sum(1 / math.log2(r + 1) if 0 < r <= 10 else 0 for r in ranks) / n,
                map=sum(1 / r if r else 0 for r in ranks) / n, time=statistics.median(times))


def typo(daemon, queries, misses):
    good, times = 0, []
    for q in queries:
        result, took = daemon.ask(query=q["query"], syntax="plain", limit=20)
        times.append(took)
        read = (result["suggestion"] or {}).get("to", "")
        if read == q["expected_term"]:
            good += 1
        else:
            misses.append("%s\t%s\tread as %r\twanted %s" % (q["qid"], q["query"], read, q["expected_term"]))
    return dict(n=len(queries), hit1=good / len(queries), time=statistics.median(times))


def units(daemon, query, syntax="query"):
    found, cursor = set(), None
    while True:
        more = {"cursor": cursor} if cursor else {}
        result, _ = daemon.ask(query=query, syntax=syntax, limit=1000, match="strict", sort="newest", **more)
        found |= {(h["rel"], h["line"], h["end_line"]) for h in result["hits"]}
        cursor = result["cursor"]
        if not cursor:
            return found


def variant_pairs(daemon, queries, misses):
    good = 0
    for q in queries:
        hyphen = units(daemon, q["hyphen_form"])
        space = units(daemon, '"%s"' % q["space_form"])
        closed = units(daemon, q["closed_form"])
        if hyphen == space and hyphen <= closed:
            good += 1
        else:
            misses.append("%s\t%s: %d\t%s: %d\t%s: %d" % (
                q["qid"], q["hyphen_form"], len(hyphen), q["space_form"], len(space), q["closed_form"], len(closed)))
    return dict(n=len(queries), hit1=good / len(queries))


def judged(daemon, folder):
    grades = collections.defaultdict(dict)
    with open(folder + "/qrels.tsv", encoding="utf-8") as f:
        for line in f:
            q, d, g = line.split()
            if g.lstrip("-").isdigit():
                grades[q][d] = int(g)
    ndcgs, maps, mrrs, hit1, hit10, times = [], [], [], [], [], []
    with open(folder + "/queries.tsv", encoding="utf-8") as f:
        queries = [line.rstrip("\n").split("\t", 1) for line in f]
    for qid, text in queries:
        rel = {d: g for d, g in grades.get(qid, {}).items() if g > 0}
        if not rel:
            continue
        result, took = daemon.ask(query=text, syntax="plain", match="any", limit=DEPTH)
        times.append(took)
        ranked = [os.path.splitext(os.path.basename(r))[0] for r in notes_once(result["hits"])]
        dcg = sum(rel.get(d, 0) / math.log2(i + 2) for i, d in enumerate(ranked[:10]))
        ideal = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(rel.values(), reverse=True)[:10]))
        ndcgs.append(dcg / ideal)
        found, total = 0, 0.0
        for i, d in enumerate(ranked):
            if d in rel:
                found += 1
                total += found / (i + 1)
        maps.append(total / len(rel))
        first = next((i + 1 for i, d in enumerate(ranked) if d in rel), 0)
        mrrs.append(1 / first if 0 < first <= 10 else 0)
        hit1.append(first == 1)
        hit10.append(0 < first <= 10)
    mean = statistics.fmean
    return dict(n=len(ndcgs), hit1=mean(hit1), hit10=mean(hit10), mrr=mean(mrrs), ndcg=mean(ndcgs),
                map=mean(maps), time=statistics.median(times))


def main():
    bindir, corpora = sys.argv[1:3]
    only = sys.argv[3:]
    verbose = "-v" in only
    only = [o for o in only if o != "-v"]
    line_sets = ["bullet", "typo-bullet", "hyphen-to-space", "space-to-hyphen"]
    plan = [("ainews", ["title", "entities"] + line_sets + ["typo", "variant-pairs"]),
            ("hextra-ai-daily-zh/content/cn", ["cjk", "cjk-mixed"]),
            ("ir-cranfield", ["ir-cranfield"]), ("ir-med", ["ir-med"]),
            ("ir-cisi", ["ir-cisi"]), ("ir-adi", ["ir-adi"])]
    print("| set | queries | Hit@1 | Hit@10 | MRR@10 | nDCG@10 | MAP | median ms |")
    print("|---|---|---|---|---|---|---|---|")
    for folder, sets in plan:
        sets = [s for s in sets if not only or s in only]
        if not sets:
            continue
        root = corpora + "/" + folder
        daemon = Daemon(bindir, root + "/docs" if folder.startswith("ir-") else root)
        for name in sets:
            misses = []
            path = "%s/queries/%s-dev.tsv" % (corpora, name)
            if name.startswith("ir-"):
                r = judged(daemon, root)
            elif name == "typo":
                r = typo(daemon, rows(path), misses)
            elif name == "variant-pairs":
                r = variant_pairs(daemon, rows(path), misses)
            else:
                r = known_item(daemon, rows(path), name not in ("title", "entities"), misses)
            cells = ["%.3f" % r[k] if k in r else "" for k in ("hit1", "hit10", "mrr", "ndcg", "map")]
            print("| %s | %d | %s | %s |" % (name, r["n"], " | ".join(cells),
                                              "%.2f" % (r["time"] * 1000) if "time" in r else ""), flush=True)
            if verbose:
                for m in misses:
                    print("    " + m)
        daemon.close()


main()
