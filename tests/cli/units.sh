#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd's user units: what systemd says of them, and their commands under what they give.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
[ -z "${KB_SANITIZED:-}" ] || kb_skip "a leak checker cannot trace a program that is traced"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
mkdir units
for u in "$KB_SRCDIR"/contrib/systemd/*; do
    n=${u##*/}
    sed "s|@bindir[@]|$KB_BINDIR|" "$u" >"units/${n%.in}"
done

# What systemd says.
if command -v systemd-analyze >/dev/null; then
    for u in kbsearchd.socket kbsearchd.service kbindex.service kbindex.timer kbindex-watch.service; do
        ok "$u: systemd verifies it" systemd-analyze --user --man=no verify "units/$u"
        is "$u: and says nothing" "$OUT$ERR" ""
    done
    for u in kbsearchd kbindex kbindex-watch; do
        ok "$u: exposed no more than 2.0" systemd-analyze --user security --offline=true --threshold=20 \
            "units/$u.service"
        echo "# figure exposure-$u $(printf '%s\n' "$OUT" | sed -n 's/.*level for [^:]*: \([0-9.]*\).*/\1/p')"
    done
    if [ -x /usr/bin/xapian-tcpsrv ]; then
        ok "kbsearch-shard.service: systemd verifies it" systemd-analyze --user --man=no verify units/kbsearch-shard.service
        is "kbsearch-shard.service: and says nothing" "$OUT$ERR" ""
    fi
    mkdir units/kbsearchd.service.d && mv units/kbsearchd-shards.conf units/kbsearchd.service.d/
    ok "kbsearchd with shards: systemd verifies it" systemd-analyze --user --man=no verify units/kbsearchd.service
    for u in kbsearch-shard kbsearchd; do
        ok "$u, with the network: exposed no more than 3.0" systemd-analyze --user security --offline=true \
            --threshold=30 "units/$u.service"
        echo "# figure exposure-$u-network $(printf '%s\n' "$OUT" | sed -n 's/.*level for [^:]*: \([0-9.]*\).*/\1/p')"
    done
    mv units/kbsearchd.service.d/kbsearchd-shards.conf units/ && rmdir units/kbsearchd.service.d
else
    echo "# no systemd-analyze: units are not verified"
fi

# Their commands.
kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark, closed source' '- o3-mini is cheap'
kbindex_command=$(sed -n 's/^ExecStart=//p' units/kbindex.service)
kb_index
kb_note daily/2026-04-10-AI-Digest.md '- Gemma is open'
# shellcheck disable=SC2086 # a command and its options
exits "kbindex.service: its command, in a service's environment" 0 env -i HOME="$HOME" \
    XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" PATH=/usr/bin:/bin LANG=C.UTF-8 $kbindex_command
is "says nothing" "$OUT$ERR" ""

# manage NAME [COMMAND...]: the stand-in for systemd, obeying $T/NAME.in, telling in $T/NAME.out.
manage() {
    name=$1
    shift
    mkfifo "$name.in"
    : >"$name.out"
    python3 "$KB_SRCDIR/tests/cli/manager.py" units "$@" <"$name.in" >"$name.out" 2>"$name.err" &
    manager=$!
    exec 9>"$name.in"
    tail -s 0.02 --pid=$manager -n +1 -f "$name.out" | grep -q -m1 '^listening'
}
dismiss() {
    exec 9>&-
    wait $manager
}

manage first
is "the socket is where clients look" "$(sed -n 's/^listening //p' first.out)" "$(kbsearch --sockname)"
is "it is for its owner alone" "$(stat -c %a run/kbsearch run/kbsearch/main.sock | xargs)" "700 600"
exits "the first request starts the service" 0 kbsearch --no-spawn gemma
like "and is answered" "$OUT" "*Gemma is open*"
dismiss
is "the manager was told" "$(sed -n 's/^notified //p' first.out | xargs)" "READY=1 STOPPING=1"
is "it ended well" "$(sed -n 's/^ended //p' first.out)" 0
is "it said no more than it does" "$(grep -cv 'kbsearchd: ' first.err)" 0

# Nothing but what the unit lets it call, and nothing written.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    manage traced -- strace -D -f -q -e signal=none -o trace %
    kbsearch --no-spawn gemma >/dev/null && kbsearch --no-spawn /o[134]-mini/ >/dev/null &&
        kbsearch --no-spawn --status >/dev/null && kbsearch --no-spawn --trend month gemma >/dev/null &&
        kbsearch --no-spawn --get daily/2026-04-10-AI-Digest.md:1 >/dev/null
    is "under a tracer it answers" $? 0
    dismiss
    service=$(sed -n 's/^started //p' traced.out)
    tail -n +1 -f trace | grep -q -m1 "^$service .*+++ exited with 0"
    sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' trace | sort -u >called
    if command -v systemd-analyze >/dev/null; then
        python3 - units/kbsearchd.service called <<'END' >refused
import re, subprocess, sys
sets = {}
for line in subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True).stdout.splitlines():
    if line.startswith("@"):
        now = sets.setdefault(line.strip(), [])
    elif line.startswith("    ") and not line.lstrip().startswith("#"):
        now.append(line.strip())
def members(name):
    return {m for x in sets[name] for m in members(x)} if name.startswith("@") else {name}
allowed = members("@default")
for line in re.findall("^SystemCallFilter=(.*)", open(sys.argv[1]).read(), re.M):
    names = {m for w in line.lstrip("~").split() for m in members(w)}
    allowed = allowed - names if line.startswith("~") else allowed | names
print(*sorted(set(open(sys.argv[2]).read().split()) - allowed))
END
        is "it calls nothing that the unit refuses" "$(cat refused)" ""
    fi
    is "it opens nothing for writing" "$(grep -E "open[a-z0-9]*\(.*O_(WRONLY|RDWR|CREAT)" trace | grep -v /dev/null)" ""
    is "it maps nothing to be written and run" "$(grep -c 'PROT_WRITE|PROT_EXEC' trace)" 0
    is "it asks for no socket but Unix's" "$(grep ' socket(' trace | grep -cv AF_UNIX)" 0
else
    echo "# no strace that may trace: system calls are not compared"
fi

# Everything read-only, no network, no capability, no new privileges: as far as unshare and setpriv go.
if unshare -mn true 2>/dev/null; then
    manage bound -- unshare -mn sh -c 'mount -o remount,bind,ro / 2>/dev/null || mount --rbind -o ro / / || exit 99
        exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"' sh %
    exits "with a file system that cannot be written" 0 kbsearch --no-spawn gemma
    dismiss
    is "it ends well" "$(sed -n 's/^ended //p' bound.out)" 0
else
    echo "# no namespaces to be had: hardening is not tried"
fi
kb_done
