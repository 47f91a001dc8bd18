#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""backlinks.py VAULT: holds backlinks and links of every note against a scan of the files.

Reads the notes with a small reader of its own, decides what each link means as Obsidian does (exact
path; else a path that ends so, the linking note's folder first, then the shortest; else an alias
or title), and asks `kbsearch --rpc`. Prints times; over ten times 20 ms at the 99th percentile is
a failure, unless the build is a sanitized one.
"""
import json, os, re, subprocess, sys, time, unicodedata, urllib.parse

vault = os.path.realpath(sys.argv[1])


def key(target):
    t = unicodedata.normalize('NFC', urllib.parse.unquote(target)).replace('\\', '/')
    t = unicodedata.normalize('NFC', ' '.join(t.split()).casefold())
    while t.startswith(('./', '/')):
        t = t[2:] if t.startswith('./') else t[1:]
    for ending in ('.md', '.markdown'):
        if t.endswith(ending) and len(t) > len(ending):
            return t[:-len(ending)]
    return t


def relative(rel, target):
    k = key(target)
    folder = key(rel).split('/')[:-1]
    while k.startswith('../'):
        if not folder:
            return key(target)
        folder, k = folder[:-1], k[3:]
        if not k.startswith('../'):
            return '/'.join(folder + [k])
    return k


notes = {}
for top, dirs, files in os.walk(vault):
    dirs[:] = [d for d in dirs if not d.startswith('.')]
    for f in files:
        if f.lower().endswith(('.md', '.markdown', '.txt')):
            path = os.path.join(top, f)
            with open(path, encoding='utf-8-sig', errors='replace', newline='') as file:
                notes[os.path.relpath(path, vault)] = re.split('\r\n|\n|\r', file.read())


def front(lines):
    if lines and lines[0].rstrip() == '---':
        for i in range(1, len(lines)):
            if lines[i].rstrip() in ('---', '...'):
                return i + 1
    return 0


def scalar(text):
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in '"\'':
        return text[1:-1]
    return text


names = {}   # alias or title -> notes
for rel, lines in notes.items():
    end, inside, called = front(lines), False, []
    title = None
    for line in lines[1:max(end - 1, 1)]:
        m = re.match(r'(\w+):\s*(.*)$', line)
        if m:
            inside = m[1] in ('aliases', 'alias')
            if m[1] == 'title':
                title = scalar(m[2])
            if inside and m[2]:
                inner = m[2].strip()
                if inner.startswith('['):
                    called += [scalar(s) for s in re.findall(r'"[^"]*"|\'[^\']*\'|[^,\[\]]+', inner)]
                else:
                    called.append(scalar(inner))
        elif inside and re.match(r'\s*-\s+', line):
            called.append(scalar(re.sub(r'^\s*-\s+', '', line)))
    if not title:
        for line in lines[end:]:
            if line.strip():
                m = re.match(r'#\s+(.*?)\s*#*$', line)
                title = m and m[1]
                break
    for name in called + [title or '']:
        if key(name):
            names.setdefault(key(name), set()).add(rel)

ends = {}
for rel in notes:
    parts = key(rel).split('/')
    for i in range(len(parts)):
        ends.setdefault('/'.join(parts[i:]), set()).add(rel)


def resolve(rel, target):
    k = relative(rel, target)
    found = ends.get(k) or names.get(k) or ()
    folder = key(rel).rsplit('/', 1)[0] + '/' if '/' in key(rel) else ''
    order = sorted(found, key=lambda n: (key(n) != k, not key(n).startswith(folder),
                                         len(n.encode()), n.encode()))
    return order[0] if order else None


WIKI = re.compile(r'!?\[\[([^\[\]\n]+?)\]\]')
MARKDOWN = re.compile(r'!?\[[^\]\n]*\]\(\s*<?([^()<>\s]+|[^()<>]+(?=>))>?(?:\s+"[^"]*")?\s*\)')


def links(rel, lines):
    """(line, target)"""
    fence, comment = None, False
    end = front(lines)
    for i, line in enumerate(lines):
        if i >= end:
            bare = re.sub(r'^(\s*(>|[-*+•]|\d+[.)])\s?)*\s*', '', line)
            m = re.match(r'(`{3,}|~{3,})', bare)
            if fence:
                if m and m[1][0] == fence[0] and len(m[1]) >= len(fence) and not bare.strip(m[1][0] + ' '):
                    fence = None
                continue
            if m:
                fence = m[1]
                continue
            line = re.sub(r'(`+)(?!`).*?(?<!`)\1(?!`)', '', line)
            parts = line.split('%%')
            line = ''.join(p for n, p in enumerate(parts) if (n % 2 == 0) != comment)
            comment ^= len(parts) % 2 == 0
            line = re.sub(r'<!--.*?-->', '', line)
        for m in WIKI.finditer(line):
            target = re.split(r'\\?\|', m[1])[0].split('#')[0].strip()
            if target:
                yield i + 1, target
        if i >= end:
            for m in MARKDOWN.finditer(line):
                target = m[1].split('#')[0]
                if target and not re.match(r'[a-zA-Z][a-zA-Z0-9+.-]*:', target) and '@' not in target:
                    yield i + 1, target


# What a note without Markdown links to by bare names is a matter of definition.
plain = {rel for rel, lines in notes.items() if any(line.startswith('\u2022') for line in lines)}

wanted, outgoing = {}, {}
dangling = 0
for rel, lines in notes.items():
    for line, target in links(rel, lines):
        to = resolve(rel, target)
        dangling += to is None
        outgoing.setdefault(rel, []).append((line, to))
        if to:
            wanted.setdefault(to, set()).add((rel, line))

relay = subprocess.Popen(['kbsearch', '--rpc'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
times = {}


def ask(method, **params):
    began = time.perf_counter()
    relay.stdin.write((json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': method,
                                   'params': params}) + '\n').encode())
    relay.stdin.flush()
    reply = json.loads(relay.stdout.readline())
    times.setdefault(method, []).append(time.perf_counter() - began)
    if 'error' in reply:
        sys.exit(f'{method} {params}: {reply["error"]["message"]}')
    return reply['result']


bad = 0


def tell(*words):
    global bad
    bad += 1
    if bad <= 20:
        print(*words)


ask('hello')    # starts the daemon
times.clear()
for rel in sorted(notes):
    hits, cursor = [], None
    while True:
        page = {'cursor': cursor} if cursor else {}
        r = ask('backlinks', note=os.path.join(vault, rel), limit=1000, **page)
        hits += r['hits']
        cursor = r['cursor']
        if not cursor:
            break
    if len({h['id'] for h in hits}) != len(hits) or len(hits) != r['total']:
        tell(rel, 'a unit twice, or a wrong total')
    if [h['date'] or '' for h in hits] != sorted((h['date'] or '' for h in hits), reverse=True):
        tell(rel, 'not newest first')
    should = wanted.get(rel, set())
    covered = set()
    for h in hits:
        mine = {(s, l) for s, l in should if s == h['rel'] and h['line'] <= l <= h['end_line']}
        covered |= mine
        if not mine and h['rel'] not in plain:
            tell(rel, 'is not linked from', h['rel'], h['line'])
    for s, l in sorted(should - covered):
        tell(rel, 'link missed:', s, l)
    got = ask('links', note=os.path.join(vault, rel))['links']
    ours = sorted((l, to or '') for l, to in outgoing.get(rel, []))
    theirs = sorted((l['line'], l['to']['rel'] if l['to'] else '') for l in got)
    for one in ours:
        if one in theirs:
            theirs.remove(one)
        else:
            tell(rel, 'outgoing missed:', *one)
    for one in theirs:
        if one[1] and rel not in plain:
            tell(rel, 'outgoing that is none:', *one)
    ask('related', path=os.path.join(vault, rel))
    if any(h['rel'] == rel for h in ask('related', path=os.path.join(vault, rel))['hits']):
        tell(rel, 'related to itself')
print(f'{len(notes)} notes, {sum(map(len, outgoing.values()))} links, {dangling} lead nowhere')
for method, t in times.items():
    t.sort()
    last = t[int(len(t) * .99)] * 1000
    print(f'{method}: median {t[len(t) // 2] * 1000:.2f} ms, 99 % {last:.2f} ms')
    if last > 200 and 'KB_SANITIZED' not in os.environ:
        tell(method, 'is too slow')
sys.exit(bad > 0)
