#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds answers of kbsearch against what scan.py found.

    compare.py [--ranked] SCAN.tsv ANSWERS

ANSWERS has one line an answer: the query as scan.py names it, a TAB, and the object that
`kbsearch --all --json` printed. Checked, and each difference printed as a line:

  missing     a scanned place of class `must` that lies in no hit
  twice       one that lies in two hits (a hit around another one does not count)
  extra       a hit without a scanned place; with --ranked these may follow behind all others
  match_line  a hit's match_line lies outside it, or that line of the file holds no match
  total       `total` is not the number of hits
  order       with --ranked: a hit without a scanned place stands before one that has a `must`

Exit 0: no difference, 1: some, 2: the input cannot be read.
"""
import argparse
import collections
import functools
import json
import os
import re
import sys


def read_scan(path):
    places = collections.defaultdict(lambda: collections.defaultdict(dict))
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        for row in f:
            query, note, line, kind = row.rstrip("\n").split("\t")
            places[query][os.path.realpath(note)][int(line)] = kind
    return places


@functools.lru_cache(maxsize=64)
def file_lines(path):
    with open(path, "rb") as f:
        return f.read().decode("utf-8", "replace").split("\n")


def holds(path, line, query):
    """The raw line has one of the query's words in it, whatever stands between its letters."""
    lines = file_lines(path)
    text = lines[line - 1].casefold() if 0 < line <= len(lines) else ""
    return any(word.casefold() in re.sub(r"[\W_]+", " ", text) or
               word.casefold() in re.sub(r"[\W_]+", "", text) for word in query.split())


def named_so(hit, query):
    """A head found by the title that its file name gave it."""
    title = re.sub(r"[\W_]+", " ", hit["title"]).casefold()
    return hit["kind"] == "note" and query.casefold() in title


def innermost(hits):
    """Without those whose lines enclose another one's: a bullet around its children."""
    def around(a, b):
        return a is not b and a["line"] <= b["line"] and a["end_line"] >= b["end_line"] and (
            a["line"], a["end_line"]) != (b["line"], b["end_line"])
    return [a for a in hits if not any(around(a, b) for b in hits)]


def compare(query, places, answer, ranked):
    hits = answer["hits"]
    if answer["total"] != len(hits):
        yield "total", f"{answer['total']} told, {len(hits)} given"
    by_note = collections.defaultdict(list)
    bare = None
    for rank, hit in enumerate(hits, 1):
        path = os.path.realpath(hit["path"])
        by_note[path].append(hit)
        lines = range(hit["line"], hit["end_line"] + 1)
        held = [kind for line, kind in places.get(path, {}).items() if line in lines]
        where = f"{path}:{hit['match_line']}"
        if not held and not named_so(hit, query):
            bare = bare or where
            if not ranked:
                yield "extra", where
        if "must" in held and bare and ranked:
            yield "order", f"{where} at {rank}, behind {bare}"
        known = ranked or hit["match_line"] in places.get(path, {})
        if held and not (known and hit["match_line"] in lines
                         and holds(path, hit["match_line"], query)):
            yield "match_line", f"{where} of {hit['line']}..{hit['end_line']}"
    for path, lines in places.items():
        for line, kind in lines.items():
            if kind != "must":
                continue
            around = innermost([h for h in by_note[path] if h["line"] <= line <= h["end_line"]])
            if len(around) != 1:
                yield "twice" if around else "missing", f"{path}:{line}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--ranked", action="store_true")
    options.add_argument("scan")
    options.add_argument("answers")
    o = options.parse_args()
    differences = answers = hits = 0
    try:
        places = read_scan(o.scan)
        with open(o.answers, encoding="utf-8") as f:
            for row in f:
                query, _, text = row.partition("\t")
                answer = json.loads(text)
                answers += 1
                hits += len(answer["hits"])
                for kind, what in compare(query, places[query], answer, o.ranked):
                    differences += 1
                    print(query, kind, what, sep="\t")
    except (OSError, ValueError, KeyError, TypeError) as e:
        print(f"compare.py: {o.answers}: {e!r}", file=sys.stderr)
        sys.exit(2)
    print(f"{answers} answers, {hits} hits, {differences} differences", file=sys.stderr)
    sys.exit(1 if differences or not answers else 0)


if __name__ == "__main__":
    main()
