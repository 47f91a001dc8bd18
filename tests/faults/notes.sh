#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile notes: each is indexed, or skipped with its reason; nothing of them drives a terminal, a
# log or breaks JSON; no link or odd file of theirs is followed.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/faults/setup"
python3 "$KB_SRCDIR/tests/faults/notes.py" "$T/vault" >wanted || exit 99
echo "- honest entry" >"$T/vault/honest.md"
# The kernel's own word for the memory at most, of the process and its children.
timeout 300 python3 - kbindex "$T/vault" >out 2>log <<'P'
import resource, subprocess, sys, time
begin = time.monotonic()
code = subprocess.run(sys.argv[1:]).returncode
print("# figure hostile_notes_index_s %.3g" % (time.monotonic() - begin))
print("# figure hostile_notes_peak_mib %d" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(code)
P
code=$?
grep '^# figure' out
is "tells that some input is unreadable" $code 65
peak=$(sed -n 's/^# figure hostile_notes_peak_mib //p' out)
[ -n "${KB_SANITIZED:-}" ] || [ "$peak" -le 2560 ]
kb_result $? "memory at most"
for name in cap-above zeros pipe socket loop dangling escape up null proc; do
    grep -q "$name.md" log
    kb_result $? "skipped and told: $name.md"
done
grep -q '64 folders deep' log
kb_result $? "skipped and told: a folder too deep"
read -r kept _ <wanted
indexed=$(kbsearch --json --status | sed 's/.*"notes":\([0-9]*\).*/\1/')
echo "# figure hostile_notes_indexed $indexed"
[ "$indexed" -ge "$((kept + 10000))" ] && [ "$indexed" -le "$((kept + 10010))" ]
kb_result $? "each of the others is indexed"
kb_diag "$indexed, of $kept and 10000"
ok "an honest note among them is found" kbsearch honest entry
ok "the tables and the coverage" kbindex --check=index

# What is shown of the hostile ones: on a terminal, in a log, as JSON.
cat >scan.py <<'P'
import json, os, pty, subprocess, sys

BIDI = [*range(0x202a, 0x202f), *range(0x2066, 0x206a), 0x200e, 0x200f, 0x61c, 0x2028, 0x2029]
SGR = __import__("re").compile("\x1b\\[[0-9;]*m|\x1b\\]8;;[^\x1b\x07]*\x1b\\\\")


def bad(text, newline="\n"):
    return [hex(ord(c)) for c in SGR.sub("", text) if (ord(c) < 0x20 and c not in newline) or 0x7f <= ord(c) < 0xa0 or ord(c) in BIDI]


def on_a_terminal(*command):
    out = b""

    def read(fd):
        nonlocal out
        piece = os.read(fd, 65536)
        out += piece
        return b""
    saved = os.dup(1)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    pty.spawn(command, read)
    os.dup2(saved, 1)
    return out.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


fails = 0
looked = 0
for query in ("evilword", "closed source", "body", "kind:note", "red", "file:esc", "file:new"):
    for options in ([], ["-C", "2"], ["--timeline"], ["-l"], ["--facet", "heading"]):
        text = on_a_terminal("kbsearch", "--color", "always", "-n", "300", *options, query)
        looked += len(text)
        if bad(text):
            fails += 1
            print("# terminal:", query, options, bad(text)[:5])
    for options in (["--json"], ["--jsonl"]):
        raw = subprocess.run(["kbsearch", "-n", "300", *options, query], capture_output=True).stdout
        try:
            for line in raw.decode("utf-8").split("\n"):
                if line.strip():
                    json.loads(line)
        except ValueError as e:
            fails += 1
            print("# json:", query, options, e)
    for svg in (["--trend", "day", "--svg"],):
        raw = subprocess.run(["kbsearch", *svg, query], capture_output=True).stdout
        if b"<script>" in raw:
            fails += 1
            print("# svg:", query)
log = open("log", encoding="utf-8").read()
if bad(log):
    fails += 1
    print("# log:", bad(log)[:5])
print("# figure hostile_terminal_bytes_looked_at", looked)
sys.exit(fails > 0 or looked < 4000)
P
python3 scan.py >scanned 2>&1
kb_result $? "no control character on a terminal or in a log, strict JSON"
cat scanned
kb_done
