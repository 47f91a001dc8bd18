# SPDX-License-Identifier: GPL-2.0-or-later
"""
notes.py DIR: hostile notes, one of a kind, below DIR; prints how many of them are to be indexed
and how many to be skipped with a reason.
"""
import os
import socket
import sys

DIR = sys.argv[1]
MIB = 1 << 20
EVIL = "\x1b]0;owned\x07\x1b[31mred \x9b31m \u202edekcah\u202c \u2066x\u2069 \x7f\x00\x01 <script>alert(1)</script> \r over\u2028next"
kept, skipped = 0, 0


def note(name, data, index=True):
    global kept, skipped
    path = os.path.join(os.fsencode(DIR), name if isinstance(name, bytes) else name.encode())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))
    if index:
        kept += 1
    else:
        skipped += 1
    return path


def front(text):
    return "---\n%s\n---\n- body\n" % text


line = "- honest words about models\n"
note("cap-below.md", (line * (16 * MIB // len(line) + 1))[:16 * MIB - 1])
note("cap-at.md", "x " * (8 * MIB))
note("cap-above.md", "x " * (8 * MIB) + "y", False)
note("unique.md", "\n".join("- " + " ".join("u%dx%d" % (i, j) for j in range(100)) for i in range(8000)))
note("one-line.md", "word " * (2 * MIB))
note("one-word.md", "w" * (10 * MIB))
note("binary.md", bytes(range(256)) * 400)
note("nul.md", "before\0after " * 1000)
note("zeros.md", b"\0" * 100000, False)
note("invalid.md", b"\xff\xfe\xfd bad \xc3 \xed\xa0\x80 \xf4\x90\x80\x80" * 100)
note("utf16.md", "# Sixteen\n- closed source".encode("utf-16"))
note("utf32.md", "# Thirtytwo\n- closed source".encode("utf-32"))
note("bom.md", b"\xef\xbb\xbf# Mark\n- closed source")
note("crlf.md", "# Lines\r\n- closed\r\n- source\r\n")
note("cr.md", "# Lines\r- closed\r- source\r")
note("empty.md", "")
note("blank.md", " \t\n" * 1000)
note("headings.md", "\n".join("#" * (i % 6 + 1) + " h%d" % i for i in range(100000)))
note("links.md", "- " + " ".join("[[n%d]]" % i for i in range(100000)))
note("urls.md", "- " + " ".join("https://h%d.example/x" % i for i in range(20000)))
note("open-links.md", "[[" * 100000)
note("open-brackets.md", "[" * 200000)
note("open-parens.md", "](" * 100000)
note("bangs.md", "![" * 100000)
note("quotes.md", ">" * 10000 + " deep")
note("quote-lines.md", "\n".join(">" * i + " q" for i in range(1, 1500)))
note("lists.md", "\n".join("  " * i + "- l%d" % i for i in range(2000)))
note("list-marks.md", "- " * 10000 + "deep")
note("numbers.md", "\n".join("%d. n" % (i * 99999999) for i in range(1000)))
note("emphasis.md", "*a **b " * 50000)
note("underscores.md", "_" * 100000 + "a")
note("backticks.md", "`" * 100000 + "\n" + "``` " * 1000)
note("fences.md", "```\n" * 50000)
note("comments.md", "%%" * 50001 + "<!--" * 10000)
note("highlights.md", "==a" * 50000)
note("tables.md", "|" * 5000 + "\n" + "|-" * 5000 + "|\n" + "|x" * 5000)
note("rows.md", "|a|b|\n|-|-|\n" + "|x|y|\n" * 50000)
note("html.md", "<div>" * 50000)
note("entities.md", "&amp;&#0;&#x110000;&#xd800;&nosuch;" * 10000)
note("footnotes.md", "[^1]" * 20000 + "\n[^1]: x\n" * 1000)
note("tags.md", "#" + "t" * 10000 + " " + " ".join("#t%d" % i for i in range(20000)))
note("callouts.md", "> [!note]- " * 5000)
note("combining.md", "a" + "\u0301" * 100000)
note("joiners.md", "\u200d" * 100000 + "\u00ad" * 100000)
note("han.md", "\u6a21\u578b" * 100000)
note("evil.md", "# %s\n- evilword %s\n> %s\n" % (EVIL, EVIL, EVIL))
note("title.md", front('title: "%s"' % EVIL.encode("unicode_escape").decode().replace('"', "")))
note("fm-aliases.md", front("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]"))
note("fm-billion.md", front("a: &a [l,l,l,l,l,l,l,l,l]\n" + "\n".join(
    "%s: &%s [%s]" % (c, c, ",".join(["*" + chr(ord(c) - 1)] * 9)) for c in "bcdefghi")))
for depth in (7, 8, 9, 5000):
    note("fm-depth-%d.md" % depth, front("a: " + "[" * depth + "]" * depth))
for size in (65535, 65536, 65537):
    note("fm-size-%d.md" % size, "---\n" + "a: " + "x" * (size - 11) + "\n---\nbody\n")
note("fm-keys.md", front("\n".join("a: %d" % i for i in range(5000))))
note("fm-open.md", "---\n" + "key: value\n" * 20000)
note("fm-tabs.md", front("\ta: b\n\t\tc: d\n%s" % ("x: y: z\n" * 100)))
note("fm-tags.md", front("tags: !!python/object/apply:os.system [id]\ndate: 99999-99-99"))
note("fm-nul.md", front("a: b\0c\ntitle: x\0y"))
note(b"\xff\xfe-name.md", "- closed source")
note("new\nline.md", "- closed source")
note("esc\x1b[31m.md", "- closed source")
note(("n" * 251 + ".md").encode(), "- closed source")
note(" -rf.md", "- closed source")
for depth in (63, 64, 65):
    note("deep%d/" % depth + "d/" * (depth - 1) + "leaf.md", "- closed source", depth <= 64)
deep = os.path.join(DIR, "long")
here = os.getcwd()
os.makedirs(deep)
os.chdir(deep)
for i in range(18):
    os.mkdir("p" * 240)
    os.chdir("p" * 240)
open("leaf.md", "w", encoding="utf-8").write("- closed source")
os.chdir(here)
os.mkfifo(os.path.join(DIR, "pipe.md"))
socket.socket(socket.AF_UNIX).bind(os.path.join(DIR, "socket.md"))
for name, to in (("loop.md", "loop.md"), ("dangling.md", "nowhere.md"), ("escape.md", "/etc/passwd"), ("up.md", "../../../etc/passwd"),
                 ("null.md", "/dev/null"), ("proc.md", "/proc/self/environ")):
    os.symlink(to, os.path.join(DIR, name))
os.symlink("..", os.path.join(DIR, "loopdir"))
os.symlink("bom.md", os.path.join(DIR, "inside.md"))
os.makedirs(os.path.join(DIR, "many"))
for i in range(int(os.environ.get("KB_MANY", 10000))):
    open(os.path.join(DIR, "many", "%d.md" % i), "w", encoding="utf-8").close()
print(kept, skipped + 8)
