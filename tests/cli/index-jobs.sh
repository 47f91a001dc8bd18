#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbindex --jobs: the index is the same, to the byte of its tables, however many processes write it;
# and holds what an index holds that grew in many runs. A writer that dies leaves the old index.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_setup

# Notes whose units are spread over days, with texts that are equal, and more than one part's worth.
python3 - <<'PY'
import os
for day in range(1, 29):
    os.makedirs("vault/daily", exist_ok=True)
    with open(f"vault/daily/2026-02-{day:02}-Digest.md", "w") as f:
        f.write("# Digest\n## Models\n")
        for n in range(300):
            f.write(f"- word{day * n % 97} open-weights thing{n} llama.cpp\n  - below {n % 7}\n")
        f.write("- the same line every day\n" * 3)
os.makedirs("vault/topics", exist_ok=True)
for topic in range(40):
    with open(f"vault/topics/topic{topic}.md", "w") as f:
        f.write(f"---\ntitle: Topic {topic}\naliases: [T{topic}]\ntags: [a/b]\n---\n# Timeline\n")
        for day in range(1, 29):
            f.write(f"- [[2026-02-{day:02}-Digest]]: event {topic * day % 11}\n")
        f.write("\nundated openweights\n")
PY

# All tables and all metadata but the uuid: $1, the index's folder.
tables() {
    for table in termlist docdata; do
        cksum <"$1/current/$table.glass"
    done
    wc -c <"$1/current/postlist.glass"
}
for jobs in 1 2 4; do
    ok "$jobs processes" kbindex --quiet --jobs $jobs --db "$T/db$jobs" --full vault
    tables "$T/db$jobs" >"tables$jobs"
    ok "nothing is missing" kbindex --check --quiet --db "$T/db$jobs"
done
ok "one process or two" cmp tables1 tables2
# The dynamic linker writes a line in two pieces: two processes at once would mix theirs.
LD_DEBUG=bindings kbindex --quiet --jobs 1 --db "$T/db0" --full vault 2>bindings
is "Xapian compresses by indexer/deflate.c" \
    "$(sed -n "s/.*libxapian.*kbindex.*\`\(deflate[A-Za-z0-9_]*\)'.*/\1/p" bindings |
        sort -u | tr '\n' ' ')" \
    "deflate deflateEnd deflateInit2_ deflateReset "
ok "one process or four" cmp tables1 tables4
is "no parts are left" "$(ls -d "$T"/db4/gen-* | wc -l | tr -d ' ')" 1

# The same vault, in three steps: its ids and texts, lines and days.
mkdir later
mv vault/daily/2026-02-1*.md later
kbindex --quiet --db "$T/steps" vault
mv later/*5-Digest.md vault/daily
kbindex --quiet --db "$T/steps" vault
mv later/* vault/daily
ok "grown in three runs" kbindex --quiet --db "$T/steps" vault
units() {
    kbsearch --db "$1" --all --format '{path}:{line} {date} {kind} {id} {text}\n' "$2" | sort
}
for query in word5 open-weights kind:note kind:event openweights; do
    units "$T/db4" "$query" >one
    units "$T/steps" "$query" >two
    cut -d' ' -f1-3,5- <one >one.text
    cut -d' ' -f1-3,5- <two >two.text
    ok "the same answers: $query" cmp one.text two.text
done
ok "and many" test "$(wc -l <one)" -ge 40
units "$T/db4" "the same line every day" | cut -d' ' -f4 | sort >one
units "$T/steps" "the same line every day" | cut -d' ' -f4 | sort >two
ok "equal texts share the same ids" cmp one two

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    cp -a "$T/db1/current/." was
    strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=40 \
        kbindex --quiet --jobs 2 --db "$T/db1" --full 2>err
    code=$?
    ok "writers killed: it fails" test "$code" -ne 0
    ok "the old index stays" diff -r was "$T/db1/current/"
    exits "and what the dead wrote is cleaned away" 0 kbindex --quiet --db "$T/db1"
    is "all of it" "$(ls -d "$T"/db1/gen-* | wc -l | tr -d ' ')" 1

    echo "- one more" >>vault/topics/topic1.md
    # Leaks are not looked for where another one traces.
    ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EIO:when=1 \
        kbindex --quiet --db "$T/db1" 2>err
    is "a disk that fails" $? 73
    exits "the next run" 0 kbindex --quiet --db "$T/db1"
    like "checks first" "$ERR" "*checking the index first*"
    exits "and only that one" 0 kbindex --db "$T/db1"
    is "says so" "$ERR" ""
fi

# A paragraph that no one writes: 10 MB of different words.
mkdir huge
python3 -c '
import random
random.seed(5)
print("-", " ".join("w%x" % random.getrandbits(40) for _ in range(900000)))' >huge/a.md
python3 - >rss 2>err <<'PY'
import os
pid = os.posix_spawnp("kbindex", ["kbindex", "--quiet", "--db", "dbhuge", "huge"], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss // 1024, os.waitstatus_to_exitcode(status))
PY
read -r mib code <rss
echo "# 10 MB of different words: $mib MiB" >&2
# The sanitizer needs memory of its own.
if ! grep -q __asan_init "$(command -v kbindex)"; then
    ok "10 MB of different words within 256 MiB" test "$mib" -le 256
fi
is "the cut is told" "$code $(grep -c 'only the first' err)" "65 1"
kb_done
