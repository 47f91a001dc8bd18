#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A corpus N times as large as FROM whose words grow as those of real notes do.

    scale.py FROM TO N

The bullets of all notes are pooled and dealt anew to N times as many notes, so that no two notes
are alike; half of the rare words get another ending, a quarter of the numbers other digits, so that
the vocabulary grows with the text; the names' dates move by years, twenty at most, so that more
notes than that share their days, as those of many sources do. The same input gives the same output.
"""
import collections
import datetime
import os
import random
import re
import sys

WORD, NUMBER = re.compile(r"\b[A-Za-z]{4,}\b"), re.compile(r"(?<![\d-])\d{1,4}(?![\d-])")
DAY = re.compile(r"\d{4}-\d\d-\d\d|^\d\d-\d\d-\d\d")
RARE = 4  # units that a word is in at most to be called rare
YEARS = 10  # times two, that dates are moved by


def read(folder):
    """Notes as (name, lines), and the bullets of all of them."""
    notes, pool = [], []
    for d, _, files in os.walk(folder):
        for name in sorted(files):
            if not name.endswith(".md"):
                continue
            path = os.path.join(d, name)
            with open(path, encoding="utf-8", errors="replace") as f:
                lines = f.read().split("\n")
            notes.append((os.path.relpath(path, folder), lines))
            pool += [line for line in lines if line.startswith(("- ", "* "))]
    notes.sort()
    return notes, pool


def moved(name, copy):
    def later(found):
        try:
            long = len(found[0]) == 10
            day = datetime.date.fromisoformat(found[0] if long else "20" + found[0])
            return str(day - datetime.timedelta(days=731 * (copy % YEARS)))[0 if long else 2:]
        except ValueError:
            return found[0]
    folder, name = os.path.split(name)
    name = os.path.join(folder, DAY.sub(later, name))
    stem, end = os.path.splitext(name)
    return f"{stem}~{copy}{end}" if copy else name


def main():
    source, target, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rng = random.Random(11)
    notes, pool = read(source)
    seen = collections.Counter(w for line in pool for w in set(WORD.findall(line)))

    def perturbed(line, copy):
        def word(found):
            w = found[0]
            return f"{w}{chr(97 + copy % 26)}{chr(97 + copy // 26 % 26)}" if seen[w] <= RARE and rng.random() < .5 else w

        def number(found):
            return str(rng.randrange(10 ** len(found[0]))) if rng.random() < .25 else found[0]
        return NUMBER.sub(number, WORD.sub(word, line))

    for copy in range(times):
        rng.shuffle(pool)
        dealt = iter(pool)
        for name, lines in notes:
            path = os.path.join(target, moved(name, copy))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                for line in lines:
                    if line.startswith(("- ", "* ")):
                        line = next(dealt)
                        line = perturbed(line, copy) if copy else line
                    f.write(line + "\n")


main()
