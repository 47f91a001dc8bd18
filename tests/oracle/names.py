#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""names.py DIR DB [COUNT]: names of real digests, by a scan of the files.

Takes COUNT (50) of the values of the digests' lists, of one or two words, finds where bullets and
front matter have them (scan.py's reader; slugs are the words they are made of), and holds the
timeline of each against that: nothing missing, nothing besides, no day before the one above it.
From those sets it then counts by hand what trend, facet and with answer. Prints TAP.
"""
import collections
import datetime
import os
import random
import re
import sys

import scan
from story import Daemon, Tap, bucket_start, day_of_file

LISTS = ("companies", "models", "topics", "people", "tags", "entities")


def values_of(lines):
    """Values of the lists of the front matter."""
    inside = False
    for line in lines[1:]:
        if line.rstrip() == "---":
            return
        key = re.match(r"(\w+):", line)
        if key:
            inside = key[1] in LISTS
        elif inside and re.match(r"\s*-\s+(\S.*)$", line):
            yield re.match(r"\s*-\s+(\S.*)$", line)[1].strip("'\" ")


def words_of(value):
    words = tuple(w for w in re.split(r"[^a-z]+", value.lower()) if w)
    return words if "".join(words) == re.sub(r"[-_ ]", "", value.lower()) else ()


def read(folder):
    """Values and how many digests have each; the digests' day by path; their bullets and heads."""
    values, days, blocks = collections.Counter(), {}, []
    for path in scan.notes(folder):
        day = day_of_file(os.path.basename(path))
        lines = scan.read_lines(path)
        values.update({words_of(v) for v in values_of(lines)})
        rel = os.path.relpath(path, folder)
        days[rel] = day
        head, start = scan.front_matter(lines)
        blocks += [(rel, b, True) for b in head]
        text = list(lines)
        scan.strip_comments(text, start)
        for b in scan.body(text, start):
            if not b.plain and scan.ITEM.match(text[b.lines[0] - 1].strip(" \t>")):
                blocks.append((rel, b, False))
    values.pop((), None)
    return values, days, blocks


def places(blocks, names):
    """Name -> {(rel, line): must or may}; all of a head is one place, line 0."""
    found = {n: {} for n in names}
    queries = {words: words for words in names}
    for rel, block, head in blocks:
        for words, line, kind in scan.scan_block(block, queries):
            at = (rel, 0 if head else line)
            if found[words].get(at) != "must":
                found[words][at] = kind
    return found


def judge(tap, kb, names, found, days):
    """The timelines, name -> {(rel, line): day}."""
    sets, wrong, order, sure = {}, [], [], 0
    for words in names:
        name = " ".join(words)
        first, hits = kb.all("timeline", query=name, text_bytes=1)
        at = found[words]
        covered = set()
        for h in hits:
            lines = [0] if h["kind"] == "note" else range(h["line"], h["end_line"] + 1)
            mine = {(h["rel"], l) for l in lines} & set(at)
            covered |= mine
            if not mine or h["kind"] not in ("entry", "note") or h["date"] != days[h["rel"]]:
                wrong.append(f"{name}: besides {h['rel']}:{h['line']} {h['kind']} {h['date']}")
        wrong += [f"{name}: missing {p}" for p, k in at.items() if k == "must" and p not in covered]
        sets[words] = {(h["rel"], h["line"]): h["date"] for h in hits}
        sure += sum(k == "must" for k in at.values())
        if first["total"] != len(hits) or len(sets[words]) != len(hits):
            wrong.append(f"{name}: total {first['total']}, {len(hits)} hits, {len(sets[words])} units")
        dates = [(h["date"], h["rel"], h["line"]) for h in hits]
        if dates != sorted(dates):
            order.append(name)
    tap.ok(f"timelines of {len(names)} names, {sure} places", not wrong, "\n".join(wrong[:12]))
    tap.same("their days never go back, ties by path and line", order, [])
    return sets


def count(tap, kb, sets):
    wrong = collections.defaultdict(list)
    for words, units in sets.items():
        name = " ".join(words)
        for kind in ("day", "week", "month"):
            r = kb.ask("trend", query=f'entity:"{name}"', bucket=kind)
            got = {b["from"]: b["counts"][0] for b in r["buckets"] if b["counts"][0]}
            s = r["series"][0]
            if got != dict(collections.Counter(bucket_start(kind, d) for d in units.values())) or (
                    s["total"], s["first"], s["last"]) != (
                    len(units), min(units.values()), max(units.values())):
                wrong["trend"].append(name)
            days = datetime.date.fromisoformat(r["buckets"][-1]["from"]) - datetime.date.fromisoformat(
                r["buckets"][0]["from"])
            if kind == "day" and len(r["buckets"]) != days.days + 1:
                wrong["trend"].append(f"{name}: a day left out")
        r = kb.ask("facet", query=f'entity:"{name}" (kind:entry OR kind:note)', field="entity,month", limit=1000)
        got = {f["field"]: {v["value"]: v["count"] for v in f["values"]} for f in r["facets"]}
        if got["month"] != dict(collections.Counter(d[:7] for d in units.values())):
            wrong["facet by month"].append(name)
        for other, theirs in sets.items():
            if len(got["entity"]) < 1000 and got["entity"].get(" ".join(other), 0) != len(units.keys() & theirs.keys()):
                wrong["facet by entity"].append((name, other))
        r = kb.ask("with", entity=name, limit=1000)
        beside = {v["name"]: v for v in r["names"]}
        for other, theirs in sets.items():
            both = units.keys() & theirs.keys()
            v = beside.get(" ".join(other))
            if other == words or (not v and (not both or len(beside) == 1000)):
                continue
            lift = len(both) * r["entries"] / (len(units) * len(theirs))
            if not v or (v["count"], v["last"]) != (len(both), max(units[p] for p in both)) or (
                    abs(v["lift"] - lift) > 0.01 + lift / 100):
                wrong["with"].append((name, other, v, len(both), lift))
    for method in ("trend", "facet by month", "facet by entity", "with"):
        tap.ok(f"{method} of the same", not wrong[method], wrong[method][:5])


def main(folder, db, number=50):
    tap, kb, rng = Tap(), Daemon(db), random.Random(4)
    values, days, blocks = read(folder)
    known = sorted(v for v in values if 1 <= len(v) <= 2 and all(len(w) > 2 for w in v))
    names = [v for v, _ in values.most_common(60) if v in known][:int(number) // 3]
    names += rng.sample([v for v in known if v not in names], int(number) - len(names))
    sets = judge(tap, kb, names, places(blocks, names), days)
    count(tap, kb, {w: s for w, s in sets.items() if s})
    tap.done()


if __name__ == "__main__":
    main(*sys.argv[1:])
