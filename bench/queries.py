#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Queries of all kinds from exported units (bench/units.c), each with words that are there.

    queries.py UNITS PER_KIND SEED >queries.tsv

Columns: bench/sample.h. The lines are shuffled, so that no kind has the caches to itself.
"""
import collections
import datetime
import json
import random
import re
import sys

WORD = re.compile(r"(?<![\w'’.-])[a-z]{3,14}(?![\w'’-])")
STOP = set("the and for with from that this are was has its not you but can all via per who".split())


def units(path):
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            row = line.rstrip("\n").split("\t")
            if len(row) == 6 and row[4] in ("entry", "bullet", "event", "text"):
                yield row[3], row[5]


def words_of(text):
    return [w for w in WORD.findall(text.lower()) if w not in STOP]


def misspelt(rng, word):
    i = rng.randrange(1, len(word) - 1)
    how = rng.randrange(3)
    if how == 0:
        return word[:i] + word[i + 1:]
    if how == 1:
        return word[:i] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[i + 1:]
    return word[:i] + word[i + 1] + word[i] + word[i + 2:]


def main():
    path, per_kind, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    texts, days, df = [], [], collections.Counter()
    for day, text in units(path):
        words = words_of(text)
        if len(words) >= 4:
            texts.append((text, words))
            df.update(set(words))
            if day:
                days.append(day)
    n = len(texts)
    by = {"rare": [w for w in df if 2 <= df[w] <= max(10, n // 5000)],
          "mid": [w for w in df if n // 1000 < df[w] <= n // 100],
          "common": [w for w in df if df[w] > n // 50]}
    for pool in by.values():
        pool.sort()
    known = set(df)
    days.sort()
    rows = []

    def row(kind, words, extra="", **params):
        rows.append("\t".join((kind, words, extra, json.dumps(params, ensure_ascii=False))))

    def together(k):
        while True:
            pick = list(dict.fromkeys(rng.choice(texts)[1]))
            pick = [w for w in pick if df[w] > n // 2000]
            if len(pick) >= k:
                return rng.sample(pick, k)

    def side_by_side():
        while True:
            text, words = rng.choice(texts)
            found = re.search(r"(?<![\w'’.-])([a-z]{4,12}) ([a-z]{4,12})(?![\w'’-])", text[rng.randrange(len(text)):])
            if found and not {found[1], found[2]} & STOP:
                return found[0]

    def meant():
        while True:
            word = rng.choice(by["mid"])
            if len(word) > 6:
                wrong = misspelt(rng, word)
                if wrong not in known:
                    return wrong, word

    def range_():
        first = datetime.date.fromisoformat(rng.choice(days))
        return "%s..%s" % (first, first + datetime.timedelta(days=30))

    for _ in range(per_kind):
        for kind, pool in by.items():
            word = rng.choice(pool or sorted(df))
            row(kind, word, query=word)
        for kind, k in (("and2", 2), ("and3", 3)):
            words = " ".join(together(k))
            row(kind, words, query=words)
        for kind, k in (("or2", 2), ("or3", 3)):
            words = [rng.choice(by["common"] or sorted(df)), *rng.sample(by["mid"] or sorted(df), k - 1)]
            row(kind, " ".join(words), query=" OR ".join(words))
        words = side_by_side()
        row("phrase", words, query='"%s"' % words)
        start = rng.choice(by["mid"] or sorted(df))
        start = start[:rng.randrange(2, min(6, len(start)))]
        row("prefix", start, query=start + "*")
        wrong, right = meant()
        row("typo", wrong, right, query=wrong)
        words, days_ = " ".join(together(2)), range_()
        row("date", words, days_, query=words + " date:" + days_)
        word = rng.choice(by["mid"] or sorted(df))
        row("newest", word, query=word, sort="newest")
    rng.shuffle(rows)
    sys.stdout.write("\n".join(rows) + "\n")


main()
