#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where words stand in the notes of a folder, found without the project's parser.

    scan.py DIR WORD [WORD]          places of a word, or of two words side by side
    scan.py --words FILE DIR         places of every word of FILE, one a line
    scan.py --pick N --seed S DIR    N random words of the notes, one a line

Prints sorted lines `query TAB file TAB line TAB class`. The line is the first word's, from 1.
Class `must`: a reader sees the words there. Class `may`: whether it counts is a matter of
definition (part of a camel-case name, a joined compound, an accent, another ending, across a
forced line break, inside a tag, a URL, the kind of a callout, the heading of a link), so an answer
may hold it or not.

Visible is what a reader of the note sees, the front matter too; not link targets, HTML tags,
comments, block ids. Side by side stays so through hyphens, marks, commas and line wraps, and ends
at a sentence, a table cell, a list item, a paragraph, a code line.
"""
import argparse
import bisect
import html
import os
import random
import re
import sys
import unicodedata

ENDINGS = (".md", ".markdown", ".txt")
BREAK, PERHAPS = "\x1e", "\x1f"

FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|=+[ \t]*)$")
ITEM = re.compile(r"(?:[-*+•‣◦]|(\d{1,9})[.)])(?:[ \t]+|$)")
TASK = re.compile(r"\[[ xX]\][ \t]+")
DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
REFERENCE = re.compile(r"\[(?!\^)[^\]]+\]:[ \t]*\S+")
YAML_ITEM = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[\w./ -]+:(?:[ \t]+|$)|-[ \t]+)")

INLINE = re.compile(
    r"""(?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<code>(?<!`)(?P<ticks>`+)(?!`)(?P<inner>.+?)(?<!`)(?P=ticks)(?!`))
    | (?P<hidden><!--.*?-->|%%.*?%%|\[\^[^\]\s]+\]:?)
    | (?P<callout>\A\[![^\]\n]+\][+-]?)
    | <(?P<auto>[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]*)>
    | (?P<br><br[ ]*/?>)
    | (?P<tag></?[A-Za-z][^<>]*>)
    | !?\[\[(?P<target>[^\]\[|#]*)(?P<part>\#[^\]\[|]*?)?(?:\\?\|(?P<alias>[^\]\[]*))?\]\]
    | (?P<dest>\]\([ \t\n]*(?:<[^<>\n]*>|(?:[^()\s\\]|\\.|\((?:[^()\s]|\([^()\s]*\))*\))*)
        (?:[ \t\n]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t\n]*\))
    | (?P<url>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s<>|]+)
    | (?P<entity>&(?:[A-Za-z][A-Za-z0-9]*|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});)
    | (?P<marks>\*+|~~|==|[\u00ad\u200b-\u200d\u2060\ufeff\ufe0f])
    | (?P<blockid>[ \t]\^[A-Za-z0-9-]+[ \t]*(?=\n|$))
    | (?P<hard>(?:[ ]{2,}|\\)\n)
    """,
    re.X | re.S,
)
CJK = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
TOKEN = re.compile(rf"[{CJK}]|\d[^\W_{CJK}]*|(?:(?![\d_{CJK}])\w)+")
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
SENTENCE = re.compile(r"[.!?\u2026](?=\s|$)|[\u3002\uff01\uff1f\uff0e]|" + BREAK)
DOUBT = re.compile(r"[.!?\u2026][\"')\]\u201d\u2019]+(?=\s|$)|" + PERHAPS)
CONNECTOR = re.compile(r"[-\u2010\u2011_./&'\u2019@+]$")


class Block:
    """A paragraph, item, cell or line: raw text, and the file's line of each of its rows."""

    __slots__ = ("rows", "lines", "plain")

    def __init__(self, text, line, plain=False):
        self.rows, self.lines, self.plain = [text], [line], plain

    def add(self, text, line):
        self.rows.append(text)
        self.lines.append(line)


def read_lines(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    return re.split(r"\r\n|\r|\n", text)


def front_matter(lines):
    """Blocks of the front matter and the index of the first line behind it."""
    if not lines or lines[0].rstrip() != "---":
        return [], 0
    for end in range(1, len(lines)):
        if lines[end].rstrip() in ("---", "..."):
            break
    else:
        return [], 0
    blocks, open_block = [], None
    for i in range(1, end):
        marker = YAML_ITEM.match(lines[i])
        if not lines[i].strip():
            open_block = None
        elif marker:
            key = marker.group().strip(" \t-").rstrip(":")
            if key:
                blocks.append(Block(key, i + 1))
            open_block = Block(lines[i][marker.end():], i + 1)
            blocks.append(open_block)
        elif open_block:
            open_block.add(lines[i].strip(), i + 1)
        else:
            open_block = Block(lines[i].strip(), i + 1)
            blocks.append(open_block)
    return blocks, end + 1


def strip_comments(lines, start):
    """Blanks out comments that run over several lines."""
    fence = None
    until = None
    for i in range(start, len(lines)):
        line = lines[i]
        if until:
            at = line.find(until)
            if at < 0:
                lines[i] = ""
                continue
            line = " " * (at + len(until)) + line[at + len(until):]
            lines[i] = line
            until = None
        mark = FENCE.match(line.lstrip(" >"))
        if fence:
            if mark and mark.group()[0] == fence[0] and len(mark.group()) >= len(fence):
                fence = None
            continue
        if mark:
            fence = mark.group()
            continue
        bare = re.sub(r"`[^`]*`", lambda m: " " * len(m.group()), line)
        bare = re.sub(r"<!--.*?-->|%%.*?%%", lambda m: " " * len(m.group()), bare)
        for opener, closer in (("<!--", "-->"), ("%%", "%%")):
            at = bare.find(opener)
            if at >= 0 and any(closer in later for later in lines[i + 1:]):
                lines[i], until = line[:at], closer
                break


def cells(line):
    row = line.strip()
    row = row[1:] if row.startswith("|") else row
    return re.split(r"(?<!\\)\|", row)


def body(lines, start):
    """Blocks of the text behind the front matter."""
    blocks = []
    now = None            # the open paragraph
    fence = None
    table = in_list = False

    def begin(text, line, plain=False):
        block = Block(text, line, plain)
        blocks.append(block)
        return block

    was_quote = False
    for i in range(start, len(lines)):
        number = i + 1
        text = lines[i].strip(" \t")
        quote = False
        while text.startswith(">"):
            text, quote = text[1:].lstrip(" \t"), True
        mark = FENCE.match(text)
        if fence:
            if mark and mark.group()[0] == fence[0] and len(mark.group()) >= len(fence):
                fence = None
            else:
                begin(text, number, plain=True)
            continue
        if mark:
            fence, now, table = mark.group(), None, False
            begin(text[mark.end():], number, plain=True)
            continue
        if not text:
            now, table = None, False
            continue
        if quote and not was_quote:
            now = None
        was_quote = quote
        if table and "|" in text:
            for cell in cells(text):
                begin(cell, number)
            continue
        table = False
        following = lines[i + 1].strip(" \t>") if i + 1 < len(lines) else ""
        if "|" in text and "|" in following and DELIMITER.match(following):
            table, now = True, None
            for cell in cells(text):
                begin(cell, number)
            continue
        if RULE.match(text):
            now = None
            continue
        if HEADING.match(text):
            begin(text.lstrip("#"), number)
            now = None
            continue
        item = ITEM.match(text)
        if item and now and not in_list and item.group(1) not in (None, "1"):
            item = None
        if item:
            in_list = True
            while item:
                text = text[item.end():]
                item = ITEM.match(text)
            task = TASK.match(text)
            now = begin(text[task.end():] if task else text, number)
            if HEADING.match(text):
                now = None
            continue
        if now:
            now.add(lines[i].lstrip(" \t>"), number)
            continue
        if lines[i][:1] not in (" ", "\t"):
            in_list = False
        if REFERENCE.match(text):
            continue
        now = begin(lines[i].lstrip(" \t>"), number)
    return blocks


def render(block):
    """(text, starts, origins, aside): what a reader sees, how its pieces lead back to the raw
    text, and the pieces that stand beside it (URLs, tags)."""
    raw = "\n".join(block.rows)
    if block.plain:
        return raw, [0], [0], []
    out, starts, origins, aside = [], [], [], []
    size = 0

    def put(text, origin):
        nonlocal size
        if text:
            out.append(text)
            starts.append(size)
            origins.append(origin)
            size += len(text)

    at = 0
    for m in INLINE.finditer(raw):
        put(raw[at:m.start()], at)
        at = m.end()
        if m.group("escape"):
            put(m.group()[1:], m.start())
        elif m.group("code"):
            put(m.group("inner"), m.start("inner"))
        elif m.group("target") is not None:
            name = "alias" if m.group("alias") is not None else "target"
            put(m.group(name), m.start(name))
            if m.group("part"):
                aside.append((m.group("part"), m.start("part")))
        elif m.group("entity"):
            put(html.unescape(m.group()), m.start())
        elif m.group("br"):
            put(PERHAPS, m.start())
        elif m.group("hard"):
            put(PERHAPS + " ", m.start())
        elif m.group("url"):
            url = m.group().rstrip(".,;:!?)]}'\"*_")
            at = m.start() + len(url)
            aside.append((url, m.start()))
            put(" ", m.start())
        elif m.group("auto"):
            aside.append((m.group("auto"), m.start()))
            put(" ", m.start())
        elif m.group("tag") or m.group("callout"):
            aside.append((m.group(), m.start()))
    put(raw[at:], at)
    return "".join(out), starts, origins, aside


def fold(word):
    return unicodedata.normalize("NFC", word).casefold()


def plain(word):
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


class Token:
    __slots__ = ("term", "begin", "end", "forms")

    def __init__(self, m):
        self.begin, self.end = m.span()
        self.term = fold(m.group())
        self.forms = {plain(self.term)}
        for part in PARTS.findall(m.group()):
            self.forms.add(part.lower())
        if m.group()[0].isdigit():
            self.forms.update(re.findall(r"[^\W\d_]+", self.term))


def tokens_of(text):
    return [Token(m) for m in TOKEN.finditer(text)]


def joined(text, tokens):
    """For each compound (parts around connectors): its index, its parts run together."""
    i = 0
    while i < len(tokens):
        j = i
        while j + 1 < len(tokens) and (
            tokens[j].end == tokens[j + 1].begin
            or (tokens[j + 1].begin - tokens[j].end == 1
                and CONNECTOR.match(text[tokens[j].end]))
        ):
            j += 1
        if j > i:
            yield i, "".join(t.term for t in tokens[i:j + 1])
        i = j + 1


def near_form(term, word):
    """Perhaps the same word with another ending."""
    return len(word) > 3 and term[:max(3, len(word) - 3)] == word[:max(3, len(word) - 3)]


def hits_in(text, queries, certain):
    """(query, offset, class) for one stretch of visible text; queries: tuple -> name."""
    tokens = tokens_of(text)
    compounds = list(joined(text, tokens))
    for words, name in queries.items():
        if len(words) == 1:
            for t in tokens:
                if t.term == words[0]:
                    yield name, t.begin, "must" if certain else "may"
                elif words[0] in t.forms:
                    yield name, t.begin, "may"
            for i, run in compounds:
                if run == words[0]:
                    yield name, tokens[i].begin, "may"
            continue
        first, second = words
        for t in tokens:
            if t.term == first + second:
                yield name, t.begin, "may"
        for a, b in zip(tokens, tokens[1:]):
            between = text[a.end:b.begin]
            if (a.term, b.term) == (first, second):
                if SENTENCE.search(between + ("" if between.strip() else " ")):
                    continue
                sure = certain and not DOUBT.search(between)
                yield name, a.begin, "must" if sure else "may"
            elif (first in a.forms or near_form(a.term, first)) and (
                    second in b.forms or near_form(b.term, second)):
                yield name, a.begin, "may"


def scan_block(block, queries):
    raw = "\n".join(block.rows)
    low = raw.casefold()
    wanted = {}
    if len(queries) > 4:
        # A quick look first: words as they stand, also with marks taken out of their middle.
        bare = re.sub(r"[\[\]*=~`\\]", "", low)
        here = set(re.findall(r"[^\W\d_]+", low)) | set(re.findall(r"[^\W\d_]+", bare))
        here.update(p.lower() for p in PARTS.findall(raw))
        here.update(re.sub(r"[\W_]", "", g)
                    for g in re.findall(r"[^\W_]+(?:[-‐‑_./&'’@+][^\W_]+)+", low))
        wanted = {words: name for words, name in queries.items()
                  if words[0] in here or "".join(words) in here}
    else:
        wanted = {w: n for w, n in queries.items() if all(x[:2] in low for x in w)}
    if not wanted:
        return
    text, starts, origins, aside = render(block)
    row_starts = [0]
    for row in block.rows:
        row_starts.append(row_starts[-1] + len(row) + 1)

    def line_of(origin):
        return block.lines[min(bisect.bisect_right(row_starts, origin), len(block.lines)) - 1]

    for name, at, kind in hits_in(text, wanted, True):
        piece = bisect.bisect_right(starts, at) - 1
        yield name, line_of(origins[piece] + at - starts[piece]), kind
    for text, origin in aside:
        for name, at, kind in hits_in(text, wanted, False):
            yield name, line_of(origin), kind


def notes(folder):
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                yield os.path.join(here, name)


def blocks_of(path):
    lines = read_lines(path)
    head, start = front_matter(lines)
    strip_comments(lines, start)
    return head + body(lines, start)


def scan(folder, queries):
    found = {}
    for path in notes(folder):
        for block in blocks_of(path):
            for name, line, kind in scan_block(block, queries):
                key = (name, path, line)
                if found.get(key) != "must":
                    found[key] = kind
    return found


def pick(folder, count, seed):
    """From the raw text, which is quick: a word that only a link target holds has no place."""
    words = set()
    for path in notes(folder):
        text = "\n".join(read_lines(path))
        words.update(re.findall(r"(?<![\w/.@&'-])[a-z]{3,20}(?![\w/.@&'-])", text))
    return random.Random(seed).sample(sorted(words), min(count, len(words)))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--words", metavar="FILE")
    options.add_argument("--pick", type=int, metavar="N")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("folder")
    options.add_argument("word", nargs="*")
    o = options.parse_args()
    if o.pick:
        print("\n".join(pick(o.folder, o.pick, o.seed)))
        return
    if o.words:
        with open(o.words, encoding="utf-8") as f:
            queries = {(fold(w.strip()),): w.strip() for w in f if w.strip()}
    elif 1 <= len(o.word) <= 2:
        queries = {tuple(fold(w) for w in o.word): " ".join(o.word)}
    else:
        options.error("one or two words")
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    for (name, path, line), kind in sorted(scan(o.folder, queries).items()):
        print(name, path, line, kind, sep="\t")


if __name__ == "__main__":
    main()
