#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many connections asking one daemon, every answer looked at.

    load.py --socket PATH --queries FILE [--connections N] [--requests M] [--limit HITS]
            [--sample K] [--every SECONDS COMMAND --probe WORD] [--growth KIB] [--patience SECONDS]

Each connection sends M searches, one after another's answer. Of every answer: its id, no error,
and its revision, which never goes back on a connection. Of one in --sample answers, all of it:
each hit's own text holds one of the words asked, and lies in its lines.

--every runs a shell command again and again ($COUNT tells how often) while the load lasts; each
run has to exit with 0. With --probe a search for WORD with the count behind it has to find
something as soon as that run has ended.

Prints `name value` lines: requests errors wrong commits seconds rate p50_us p99_us max_us, and
the daemon's memory in KiB at each tenth. Exit 1 on an error, a wrong answer, --patience seconds
without any answer, or when the memory at the end is more than --growth KiB over that at the
first tenth.
"""
import argparse
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time
import unicodedata

REVISION = re.compile(rb'"revision":(\d+)')
WORD = re.compile(r"[^\W_]+")


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(30)
    s.connect(path)
    return s


def ask(s, method, **params):
    """One request on a connection of its own, and its result."""
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 0, "method": method,
                          "params": params}).encode() + b"\n")
    reply = b""
    while not reply.endswith(b"\n"):
        piece = s.recv(1 << 20)
        if not piece:
            raise ConnectionError("closed without an answer")
        reply += piece
    answer = json.loads(reply)
    if "result" not in answer:
        raise RuntimeError(answer.get("error"))
    return answer["result"]


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(row.split()[1]) for row in f if row.startswith("VmRSS:"))


def beginning(word):
    """What other words of its stem begin with: "caring" has that of "care"."""
    return word[:3 if len(word) > 3 else 2].casefold()


def wrong_in(query, result, limit):
    """What is wrong with an answer, or None."""
    words = [beginning(w) for w in WORD.findall(query)]
    hits = result["hits"]
    if len(hits) > limit or len(hits) > result["total"]:
        return f"{len(hits)} hits of {result['total']}, {limit} asked"
    for hit in hits:
        where = f"{hit['path']}:{hit['line']}"
        if not hit["line"] <= hit["match_line"] <= hit["end_line"]:
            return f"{where}: match_line {hit['match_line']}"
        text = unicodedata.normalize("NFKC", hit["text"] + hit["title"])
        text = re.sub(r"[\W_]+", "", text).casefold()
        if not result["suggestion"] and not any(w in text for w in words):
            return f"{where}: none of the words in it"
    scores = [hit["score"] for hit in hits]
    if scores != sorted(scores, reverse=True):
        return "scores rise"
    return None


class Connection:
    def __init__(self, path, number, requests):
        self.socket = connect(path)
        self.number, self.left = number, requests
        self.sent = self.revision = 0
        self.pending = []
        self.began = 0.0
        self.query = ""


class Load:
    def __init__(self, o, queries, pid):
        self.o, self.queries, self.pid = o, queries, pid
        self.times, self.memory, self.faults = [], [], []
        self.errors = self.wrong = self.commits = self.failed_commits = 0
        self.revisions = set()
        self.poll = selectors.DefaultSelector()
        self.command = None
        self.next_command = time.monotonic()
        self.probe = connect(o.socket) if o.probe else None
        self.heads = [json.dumps(q, ensure_ascii=False) for q in queries]

    def fault(self, text):
        if len(self.faults) < 20:
            self.faults.append(text)

    def send(self, c):
        at = (c.number * 7919 + c.sent * 104729) % len(self.queries)
        c.query = self.queries[at]
        c.sent += 1
        c.began = time.perf_counter()
        c.socket.sendall((
            '{"jsonrpc":"2.0","id":%d,"method":"search","params":{"limit":%d,"query":%s}}\n'
            % (c.number << 32 | c.sent, self.o.limit, self.heads[at])).encode())

    def answered(self, c, reply):
        self.times.append(time.perf_counter() - c.began)
        expected = b'"id":%d' % (c.number << 32 | c.sent)
        revision = REVISION.search(reply)
        if expected + b"," not in reply and expected + b"}" not in reply:
            self.wrong += 1
            self.fault(f"not the answer to {c.sent}: {reply[:200]!r}")
        elif revision is None:
            self.errors += 1
            self.fault(f"{c.query}: {reply[:300]!r}")
        else:
            now = int(revision.group(1))
            self.revisions.add(now)
            if now < c.revision:
                self.wrong += 1
                self.fault(f"revision {now} after {c.revision}")
            c.revision = now
            if len(self.times) % self.o.sample == 0:
                problem = wrong_in(c.query, json.loads(reply)["result"], self.o.limit)
                if problem:
                    self.wrong += 1
                    self.fault(f"{c.query}: {problem}")
        if len(self.times) * 10 // self.total > len(self.memory):
            self.memory.append(resident(self.pid))

    def readable(self, c):
        piece = c.socket.recv(1 << 18)
        if not piece:
            self.errors += c.left
            self.fault(f"connection {c.number} closed after {c.sent} requests")
            c.left = 0
        elif not piece.endswith(b"\n"):
            c.pending.append(piece)
            return
        else:
            c.pending.append(piece)
            self.answered(c, b"".join(c.pending))
            c.pending.clear()
            c.left -= 1
        if c.left:
            self.send(c)
        else:
            self.poll.unregister(c.socket)
            c.socket.close()

    def keep_committing(self):
        if not self.o.every:
            return
        if self.command and self.command.poll() is not None:
            self.commits += 1
            if self.command.returncode:
                self.failed_commits += 1
                self.fault(f"the command exited with {self.command.returncode}")
            elif self.probe:
                word = f"{self.o.probe}{self.commits}"
                if not ask(self.probe, "search", query=word, match="strict")["total"]:
                    self.wrong += 1
                    self.fault(f"{word} is committed and not found")
            self.command = None
        if not self.command and time.monotonic() >= self.next_command:
            self.next_command = time.monotonic() + float(self.o.every[0])
            self.command = subprocess.Popen(
                ["sh", "-c", self.o.every[1]], env=dict(os.environ, COUNT=str(self.commits + 1)))

    def run(self):
        o = self.o
        self.total = o.connections * o.requests
        connections = [Connection(o.socket, i + 1, o.requests) for i in range(o.connections)]
        began = heard = time.monotonic()
        for c in connections:
            self.poll.register(c.socket, selectors.EVENT_READ, c)
            self.send(c)
        while self.poll.get_map():
            ready = self.poll.select(0.05 if o.every else 1)
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > o.patience:
                self.errors += 1
                self.fault("the daemon does not answer any more")
                break
            for key, _ in ready:
                self.readable(key.data)
            self.keep_committing()
        seconds = time.monotonic() - began
        if self.command:
            self.command.wait()
        return seconds

    def report(self, seconds):
        times = sorted(self.times) or [0]

        def at(share):
            return round(times[min(len(times) - 1, int(len(times) * share))] * 1e6)

        for name, value in (
                ("requests", len(self.times)), ("errors", self.errors), ("wrong", self.wrong),
                ("commits", self.commits), ("failed_commits", self.failed_commits),
                ("revisions", len(self.revisions)), ("seconds", f"{seconds:.1f}"),
                ("rate", round(len(self.times) / seconds)), ("p50_us", at(0.5)),
                ("p99_us", at(0.99)), ("max_us", round(times[-1] * 1e6)),
                ("rss_kib", " ".join(map(str, self.memory)))):
            print(name, value)
        for text in self.faults:
            print(f"load.py: {text}", file=sys.stderr)
        grown = self.memory[-1] - self.memory[0] if self.memory else 0
        if grown > self.o.growth:
            print(f"load.py: memory grew by {grown} KiB after the first tenth", file=sys.stderr)
            return 1
        return 1 if self.errors or self.wrong or self.failed_commits else 0


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--socket", required=True)
    options.add_argument("--queries", required=True)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--requests", type=int, default=1000)
    options.add_argument("--limit", type=int, default=10)
    options.add_argument("--sample", type=int, default=10)
    options.add_argument("--every", nargs=2, metavar=("SECONDS", "COMMAND"))
    options.add_argument("--probe")
    options.add_argument("--growth", type=int, default=1 << 40)
    options.add_argument("--patience", type=float, default=30)
    o = options.parse_args()
    with open(o.queries, encoding="utf-8") as f:
        queries = [row.strip() for row in f if row.strip()]
    with connect(o.socket) as s:
        pid = ask(s, "status")["pid"]
    load = Load(o, queries, pid)
    sys.exit(load.report(load.run()))


if __name__ == "__main__":
    main()
