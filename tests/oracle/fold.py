#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fold.py SEED: plants near-copies in ./vault and holds `kbsearch --fold` against them.

Entries of words from a small stock, so that unrelated ones share some; copies on later days with up
to a fifth of their words changed. Precision and recall over pairs: at least .95 and .9. Every group,
of all entries and of the half that has a word, is what comparing each with each finds.
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
        name = 'q' + chr(97 + i // 26) + chr(97 + i % 26) + chr(97 + k)
        text = f'common {name} ' + ' '.join(text + ['seldom'] * (rng.random() < .5))
        days.setdefault(min(28, 1 + i % 7 + 7 * k), []).append(text)
        planted[name] = i
for i in range(60):    # few words, again and again the same ones
    few = [rng.choice(stock[:6]) for _ in range(rng.randrange(1, 4))]
    days.setdefault(1 + i % 28, []).append(' '.join(['seldom'] + few))
for day, entries in days.items():
    with open(f'vault/2026-03-{day:02}-digest.md', 'w') as f:
        f.write(''.join(f'- {e}\n' for e in entries))
subprocess.run(['kbindex', '--quiet', 'vault'], check=True)


def ask(*args):
    return json.loads(subprocess.run(['kbsearch', *args], capture_output=True, check=True).stdout)


r = ask('--all', '--fold', '--json', 'common')
plain = int(subprocess.run(['kbsearch', '-c', 'common'], capture_output=True, check=True).stdout)
lines, words = {}, {}
for day in days:
    name = f'2026-03-{day:02}-digest.md'
    for n, line in enumerate(open('vault/' + name), 1):
        words[name, n] = line.split()[1:]
        lines[name, n] = line.split()[2]


def groups_of(answer):
    """Sets of places, the earliest of each shown."""
    out = []
    for h in answer['hits']:
        group = [(h['rel'], h['line'])] + [(f['rel'], f['line']) for f in h.get('folded', [])]
        if min(group) != group[0]:
            sys.exit(f'not the earliest: {group}')
        out.append(frozenset(group))
    return out


def components(texts, percent):
    """The same by hand: so many words in common; of less than five words all of them."""
    left, out = dict(texts), set()
    while left:
        at, words = left.popitem()
        group, todo = {at}, [words]
        while todo:
            a = todo.pop()
            near = [p for p, b in left.items() if a == b or
                    min(len(a), len(b)) >= 5 and len(a & b) * 100 >= len(a | b) * percent]
            group |= set(near)
            todo += [left.pop(p) for p in near]
        out.add(frozenset(group))
    return out


shown = groups_of(r)
members = sum(map(len, shown))
found = {p for g in shown for p in itertools.combinations(sorted(lines[at] for at in g), 2)}
wanted = {p for p in itertools.combinations(sorted(planted), 2) if planted[p[0]] == planted[p[1]]}
precision, recall = len(found & wanted) / len(found), len(found & wanted) / len(wanted)
print(f'precision {precision:.3f}, recall {recall:.3f}, {len(r["hits"])} of {plain} shown')
if members != plain or r['units'] != plain or r['total'] != len(r['hits']):
    sys.exit(f'totals: {members} members, {r["units"]} units, {plain} unfolded')
if precision < .95 or recall < .9:
    sys.exit('not near enough')

sharp, several = 0, 0
for query in ('common', 'common seldom', 'seldom'):
    texts = {at: set(words[at]) for at in lines if set(query.split()) <= set(words[at])}
    for sort in ('score', 'newest', 'oldest', 'path'):
        answer = ask('--all', '--fold', '--json', '-s', sort, f'{query} kind:entry')
        got = groups_of(answer)
        if sorted(at for g in got for at in g) != sorted(texts):
            sys.exit(f'{query} by {sort}: not each unit once')
        # Two words of 65,536 are one in a sketch: what is just at the border of 60 may be either.
        least, most = components(texts, 64), components(texts, 56)
        if not all(any(a <= b for b in got) for a in least):
            sys.exit(f'{query} by {sort}: {len(got)} groups leave near-same ones apart')
        if not all(any(a <= b for b in most) for a in got):
            sys.exit(f'{query} by {sort}: {len(got)} groups join what is not near-same')
        sharp, several = sharp + len(least & most), several + len(got)
        if answer['units'] != len(texts):
            sys.exit(f'{query}: {answer["units"]} units, not {len(texts)}')
        pages = []
        while len(pages) < len(got):
            pages += groups_of(ask('-n', '7', '--offset', str(len(pages)), '--fold', '--json', '-s',
                                   sort, f'{query} kind:entry'))
        if pages != got:
            sys.exit(f'{query} by {sort}: pages of seven are not the whole')
if sharp < .9 * several:
    sys.exit(f'only {sharp} of {several} groups could be judged sharply')
print(f'{sharp} of {several} groups judged sharply')
