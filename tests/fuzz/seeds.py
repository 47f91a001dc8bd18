# SPDX-License-Identifier: GPL-2.0-or-later
"""
seeds.py SRCDIR OUT: a folder of seeds for each target below OUT, from the sample vault, the wire
tests and the unit tests' queries; beside them the finds that are kept in tests/fuzz/seeds, and
TARGET.dict, words that libFuzzer puts in.
"""
import hashlib
import json
import os
import re
import sys

SRC, OUT = sys.argv[1:3]
HOW = "\x00\x01\x02\x40\x43"
made = 0


def put(target, data):
    global made
    folder = os.path.join(OUT, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, hashlib.sha1(data).hexdigest()[:16]), "wb") as f:
        f.write(data)
    made += 1


def vault():
    for folder, _, names in os.walk(os.path.join(SRC, "docs/vault")):
        for name in names:
            if name.endswith((".md", ".txt")):
                yield open(os.path.join(folder, name), "rb").read()


def notes():
    kept = os.path.join(SRC, "tests/data/notes")
    broken = [open(os.path.join(kept, n), "rb").read() for n in sorted(os.listdir(kept))
              if os.path.isfile(os.path.join(kept, n))]
    for text in [*vault(), *(b for b in broken if len(b) < 20000)]:
        for which in b"\x00\x01\x02\x81":
            put("note", bytes([which]) + text)
        if text.startswith(b"---"):
            put("frontmatter", text[:text.find(b"\n---", 3) + 9])
        for piece in re.split(rb"\n\n+", text):
            put("token", piece[:2000])
            put("printable", piece[:2000])


def unescape(line):
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), line)


def wire():
    for name in sorted(os.listdir(os.path.join(SRC, "tests/wire"))):
        if not name.endswith(".wire"):
            continue
        text = open(os.path.join(SRC, "tests/wire", name), "rb").read()
        for case in re.split(rb"(?m)^== .*\n", text):
            sent = b""
            for line in case.split(b"\n"):
                if line.startswith(b"> "):
                    sent += unescape(line[2:]) + b"\n"
                    put("ask", unescape(line[2:]) + b"\n")
                elif line.startswith(b">> "):
                    sent += unescape(line[3:])
            if sent:
                put("wire", b"\x00" + sent[:8000])


def queries():
    """Strings of the tests' tables that look like queries, and what each method is asked."""
    found = {"closed source", "/o[134]-mini/", "note:(muse benchmark)", "[status:released]"}
    for name in ("tests/unit/test_query.c", "tests/unit/test_plan.c", "tests/cli/search.sh"):
        text = open(os.path.join(SRC, name), encoding="utf-8").read()
        for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
            found.add(re.sub(r"\\(.)", r"\1", literal))
    for i, query in enumerate(sorted(q for q in found if len(q) < 300)):
        put("query", (HOW[i % len(HOW)] + query).encode())
        put("ask", line("search", query=query, limit=5, partial=bool(i & 1)))
        if i % 9 == 0:
            put("ask", line("facet", query=query, field="entity,tag,kind"))
            put("ask", line("trend", query=query, bucket="week"))
            put("ask", line("timeline", query=query, limit=5))


def line(method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                      ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def methods():
    for name in ("Muse Spark", "[[Meta Superintelligence Labs]]", "gemini", "models/Muse Spark.md"):
        for method, key in (("timeline", "query"), ("gaps", "query"), ("trend", "query"), ("with", "entity"),
                            ("backlinks", "note"), ("links", "note"), ("suggest", "prefix"), ("related", "path"),
                            ("get", "path")):
            put("ask", line(method, **{key: name}))
    for method in ("hello", "status", "rising", "new"):
        put("ask", line(method))
    call = {"name": "search", "arguments": {"query": "muse", "limit": 3}}
    put("ask", line("initialize", protocolVersion="2025-11-25", capabilities={}) + line("tools/call", **call))
    put("ask", line("initialize", protocolVersion="2025-11-25") + line("resources/list") +
        line("resources/read", uri="kbsearch://vault/models/Muse%20Spark.md"))


CONTROLS = ["\u200b", "\u202e", "\u0301", "\ufeff", "\u00a0", "\u2028", "\U0001f469\u200d\U0001f680",
            "\u0130", "\u1e9e", "\uac00", "\u4e2d", "\x1b[2J", "\x7f"]
MARKDOWN = ["[[", "]]", "![[", "](", "[^1]", "[^1]: ", "**", "==", "~~", "`", "```\n", "~~~", "%%", "$$", "<!--", "-->",
            "\n---\n", "\n\n", "\n    ", "\n\t- ", "\n- ", "- [ ] ", "\n1. ", "\n# ", "\n## ", "\n> ", "> [!note]- ",
            "| a | b |\n", "|---|:-:|\n", "\\|", "#tag/a", "^block", "key:: ", "https://a.b/c", "<a href=\"", "&amp;",
            "2026-04-09", "\r\n", "\0"]
YAML = ["---\n", "\n---\n", "\n...\n", "aliases:", "tags: [", "\n  - ", "date: ", "title: ", ": |\n  ", ": >-\n  ", "&a ",
        "*a", "<<: ", "!!str ", "{a: b}", "\"", "'", "\\x00", "# ", "? ", "%YAML 1.1\n", "\t"]
WORDS = ["GPT-5", "o3-mini", "v2.5", "2026.4.10", "C#", "C++", "AT&T", "don't", "3.5B", "1,000", "$10M", "-", "_", "/", "50%"]
QUERY = [" OR ", " AND ", " NOT ", " NEAR/3 ", " ADJ/2 ", " -", "+", "(", ")", "\"", "*", "?", "/a.b/", "@a", "~", "..", "<", ">=",
         "since:", "until:", "on:", "note:(", "[[", "[status:", "entity:", "tag:", "kind:", "vault:", "path:", "links:", "2026-W15",
         "last week", "title:", "alias:", "source:"]


def dictionary(target, words):
    with open(os.path.join(OUT, target + ".dict"), "w", encoding="ascii") as f:
        for word in words:
            f.write('"%s"\n' % "".join("\\x%02x" % b for b in word.encode()))


def dictionaries():
    defined = open(os.path.join(SRC, "lib/proto.def"), encoding="utf-8").read()
    names = set(re.findall(r"(?:STRING|INT|BOOL|CHOICE)\(m, (\w+)", defined))
    methods = set(re.findall(r"#define PARAMS_(\w+)", defined))
    asked = ['"%s":' % n for n in sorted(names)] + ['"%s"' % m for m in sorted(methods)] + [
        '"jsonrpc":"2.0"', '"id":', '"method":', '"params":{', "null", "true", "-1", "1e99", "\\u0000", "\\ud800", "{", "[",
        '"initialize"', '"tools/call"', '"resources/read"', '"arguments":{', '"kbsearch://vault/', '"textDocument/hover"',
        '"$/cancelRequest"', "Content-Length: ", "\r\n\r\n", "\n"]
    dictionary("printable", CONTROLS)
    dictionary("token", CONTROLS + WORDS)
    dictionary("frontmatter", YAML)
    dictionary("note", MARKDOWN + YAML + WORDS)
    dictionary("query", QUERY + WORDS + CONTROLS)
    dictionary("wire", asked)
    dictionary("ask", asked + QUERY)


os.makedirs(OUT, exist_ok=True)
dictionaries()
notes()
wire()
queries()
methods()
KEPT = os.path.join(SRC, "tests/fuzz/seeds")
for target in filter(lambda n: os.path.isdir(os.path.join(KEPT, n)), os.listdir(KEPT)):
    for name in os.listdir(os.path.join(KEPT, target)):
        put(target, open(os.path.join(KEPT, target, name), "rb").read())
print("# %d seeds" % made)
