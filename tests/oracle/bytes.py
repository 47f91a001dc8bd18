# SPDX-License-Identifier: GPL-2.0-or-later
"""
bytes.py DIR...: what a running daemon says of each unit of these vaults, against the files.

Every unit there is is paged through, in pages of different sizes and budgets. Each hit's `text` has
to be the bytes of its file at its lines: its own lines in their order, and beside them on a line
nothing but indentation, marks of lists and quotes, and what other units of that line hold.
`match_line` lies within. The pages joined are each unit once; every other way of paging gives the
same list, and no answer is larger than its budget.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from rpc import Client  # noqa: E402

# What may stand before a unit's text: indentation, quotes, bullets, numbers, task boxes, footnotes.
BEFORE = re.compile(r"^(?:[\s>\ufeff]|[-*+\u2022](?=[\s\[]|$)|\d{1,9}[.)](?=\s|$)|\[.\](?=\s))*$")
failed = 0


def fail(*what):
    global failed
    failed += 1
    if failed <= 12:
        print("FAILED:", *[str(w)[:400] for w in what])


files = {}


def readable(text):
    """How many marks stand for bytes that are no UTF-8 is a matter of taste."""
    return re.sub("\ufffd+", "\ufffd", text)


def lines_of(path):
    if path not in files:
        data = open(path, "rb").read()
        code = next((c for bom, c in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
                                      (b"\xfe\xff", "utf-16")) if data.startswith(bom)), "utf-8")
        files[path] = [s[:-1] if s.endswith("\r") else s for s in readable(data.decode(code, "replace")).split("\n")]
    return files[path]


def fits(hit):
    """Why the text is not what stands there; None: it is."""
    lines, at = lines_of(hit["path"]), hit["line"] - 1
    if not 1 <= hit["line"] <= hit["match_line"] <= hit["end_line"] <= len(lines):
        return "lines out of order"
    text = re.split("\r?\n", readable(hit["text"]))
    for i, part in enumerate(text):
        while at < hit["end_line"] and part.strip() not in lines[at]:
            at += 1 # a child's line, that the unit leaves out
        if at == hit["end_line"]:
            return "line %d of the text is not in the file's lines" % (i + 1)
        if i == 0 and at != hit["line"] - 1:
            return "begins on another line"
        before = lines[at][:lines[at].index(part.strip())]
        if part.strip() and i and not BEFORE.match(before):
            return "cut out of the middle of a line: %r" % before
        at += 1
    return "ends before its last line" if at != hit["end_line"] else None


def walk(client, limit, budget, **more):
    """All hits there are, page by page."""
    cursor, joined = None, []
    while True:
        ask = dict(more, limit=limit)
        if budget:
            ask["budget_bytes"] = budget
        if cursor:
            ask["cursor"] = cursor
        answer = client.call("search", ask)
        if "error" in answer:
            fail("an error", ask, answer["error"])
            return joined
        if budget and client.size > budget:
            fail("over its budget", client.size, budget)
        joined += answer["result"]["hits"]
        cursor = answer["result"]["cursor"]
        if not cursor:
            return joined


def key(hit):
    return hit["vault"], hit["rel"], hit["line"], hit["id"], hit["text"]


def main(dirs):
    c = Client()
    everything = "-zzyzzyvaqq"
    units = walk(c, 1000, 0, query=everything, deadline_ms=30000)
    total = c.call("search", {"query": everything, "limit": 0, "exact": True})["result"]["total"]
    if len(units) != total or len({h["id"] for h in units}) != total:
        fail("the pages are not each unit once", len(units), total)
    seen = set()
    for hit in units:
        why = fits(hit)
        seen.add(hit["path"])
        if why or hit["truncated"]:
            fail(why or "truncated", hit["path"], "%d..%d" % (hit["line"], hit["end_line"]), repr(hit["text"]))
    for d in dirs:
        if not any(p.startswith(os.path.join(os.path.realpath(d), "")) for p in seen):
            fail("no unit of", d)
    # Other ways through long lists: the largest hit fits into the smallest of these budgets.
    paged = 0
    for query, sort in (("benchmark", "newest"), ("open source", "score"), ("leaderboard", "path"), ("quantization", "oldest")):
        whole = [key(h) for h in walk(c, 1000, 0, query=query, sort=sort)]
        for limit, budget in ((37, 0), (1000, 400000), (200, 90000)):
            some = [key(h) for h in walk(c, limit, budget, query=query, sort=sort)]
            cut = [k for k, w in zip(some, whole) if k[:4] != w[:4]]
            if cut or len(some) != len(whole):
                fail("paged in another way it is another list", query, sort, limit, budget, len(some), len(whole))
            paged += len(some)
    print("%d units of %d notes, %d more in other pages" % (len(units), len(seen), paged))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
