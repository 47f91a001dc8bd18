#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""news.py EDITS SEED: edits ./vault by chance, and holds `kbsearch --new` against what was done.

Bullets are added, changed in one word, removed; notes are moved, touched, their bullets reordered;
between the rounds the index is updated, rebuilt, or lost. The news have to be exactly the bullets
that were added, changed and removed.
"""
import json, os, random, shutil, subprocess, sys

edits, random_seed = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(random_seed)
LETTERS = 'bcdfghklmnprstvwz'
made = 0


def word():
    return ''.join(rng.choice(LETTERS) + rng.choice('aeiou') for _ in range(4))


def bullet():
    global made
    made += 1
    return f'Entry{made} ' + ' '.join(word() for _ in range(10))


notes = {f'n{i}.md': [bullet() for _ in range(8)] for i in range(30)}


def write(name):
    path = os.path.join('vault', name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.tmp', 'w') as f:
        f.write('---\ntitle: T\n---\n' + ''.join(f'- {b}\n' for b in notes[name]))
    os.rename(path + '.tmp', path)


def news():
    r = subprocess.run(['kbsearch', '--new', 'me', '--json'], capture_output=True)
    if r.returncode > 1:
        sys.exit(r.stderr.decode())
    return json.loads(r.stdout)['hits'] if r.stdout else []


for name in notes:
    write(name)
subprocess.run(['kbindex', '--quiet', 'vault'], check=True)
news()
done, rounds = 0, 0
while done < edits:
    before = {b for n in notes.values() for b in n}
    changed = {}
    touched, moved = set(), set()
    for _ in range(min(50, edits - done)):
        done += 1
        name = rng.choice(sorted(notes))
        n = notes[name]
        what = rng.choice(['add', 'change', 'delete', 'move', 'reorder', 'touch'])
        if what == 'add':
            n.insert(rng.randrange(len(n) + 1), bullet())
        elif what == 'change' and n and name not in moved:
            i = rng.randrange(len(n))
            words = n[i].split()
            if n[i] in changed.values():
                continue
            words[rng.randrange(1, len(words))] = word()
            new = ' '.join(words)
            changed[n[i]] = new
            n[i] = new
        elif what == 'delete' and len(n) > 1:
            n.pop(rng.randrange(len(n)))
        elif what == 'reorder':
            rng.shuffle(n)
        elif what == 'move':
            to = f'd{rng.randrange(4)}/m{done}.md'
            if any(b in changed.values() for b in n):
                continue    # both at once is a matter of definition
            notes[to] = notes.pop(name)
            os.makedirs(os.path.dirname('vault/' + to), exist_ok=True)
            os.rename('vault/' + name, 'vault/' + to)
            name = to
            moved.add(to)
        touched.add(name)
    for name in touched & set(notes):
        write(name)
    rounds += 1
    how = rounds % 4
    if how == 2:
        subprocess.run(['kbindex', '--quiet', '--full'], check=True)
    else:
        subprocess.run(['kbindex', '--quiet'], check=True)
    if how == 3:
        shutil.rmtree(os.path.join(os.environ['HOME'], '.cache/kbsearch'))
        subprocess.run(['kbindex', '--quiet'], check=True)
    now = {b for n in notes.values() for b in n}
    want = {('changed', new) for old, new in changed.items() if old in before and new in now}
    olds = {old for old, new in changed.items() if new in now}
    want |= {('added', b) for b in now - before if ('changed', b) not in want}
    want |= {('removed', b) for b in before - now - olds}
    got = [(h['news'], h['text']) for h in news()]
    if sorted(got) != sorted(want):
        for one in sorted(set(want) - set(got)):
            print('missed', *one)
        for one in sorted(set(got) - set(want)):
            print('not news', *one)
        sys.exit(1)
    again = news()
    if again:
        print('told twice', again)
        sys.exit(1)
print(f'{done} edits in {rounds} rounds')
