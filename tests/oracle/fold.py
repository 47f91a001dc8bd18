#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fold.py SEED: plants near-copies in ./vault and holds `kbsearch --fold` against them.

Entries of words from a small stock, so that unrelated ones share some; copies on later days with up
to a fifth of their words changed. Precision and recall over pairs: at least .95 and .9.
"""
import itertools, json, os, random, subprocess, sys

rng = random.Random(int(sys.argv[1]))
stock = [''.join(rng.choice('bcdfgklmnprstvz') + rng.choice('aeiou') for _ in range(3))
         for _ in range(400)]
days = {}
planted = {}
for i in range(150):
    words = [rng.choice(stock) for _ in range(rng.randrange(10, 30))]
    for k in range(rng.choice([1, 1, 2, 3, 4])):
        text = list(words)
        for at in rng.sample(range(len(text)), rng.randrange(0, len(text) // 5 + 1) if k else 0):
            text[at] = rng.choice(stock)
        text = f'common id{i}x{k} ' + ' '.join(text)
        days.setdefault(min(28, 1 + i % 7 + 7 * k), []).append(text)
        planted[f'id{i}x{k}'] = i
for day, entries in days.items():
    with open(f'vault/2026-03-{day:02}-digest.md', 'w') as f:
        f.write(''.join(f'- {e}\n' for e in entries))
subprocess.run(['kbindex', '--quiet', 'vault'], check=True)
r = json.loads(subprocess.run(['kbsearch', '--all', '--fold', '--json', 'common'],
                              capture_output=True, check=True).stdout)
plain = int(subprocess.run(['kbsearch', '-c', 'common'], capture_output=True, check=True).stdout)
lines = {}
for day in days:
    name = f'2026-03-{day:02}-digest.md'
    for n, line in enumerate(open('vault/' + name), 1):
        lines[name, n] = line.split()[2]
found, members = set(), 0
for h in r['hits']:
    group = [(h['rel'], h['line'])] + [(f['rel'], f['line']) for f in h.get('folded', [])]
    members += len(group)
    if min(group) != group[0]:
        sys.exit(f'not the earliest: {group}')
    found |= set(itertools.combinations(sorted(lines[g] for g in group), 2))
wanted = {p for p in itertools.combinations(sorted(planted), 2) if planted[p[0]] == planted[p[1]]}
precision, recall = len(found & wanted) / len(found), len(found & wanted) / len(wanted)
print(f'precision {precision:.3f}, recall {recall:.3f}, {len(r["hits"])} of {plain} shown')
if members != plain or r['units'] != plain or r['total'] != len(r['hits']):
    sys.exit(f'totals: {members} members, {r["units"]} units, {plain} unfolded')
sys.exit(precision < .95 or recall < .9)
