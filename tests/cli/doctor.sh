#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults are planted one by one: the doctor names each, what it prints behind `mend` is typed, and
# then all is well again.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
conf=$HOME/.config/kbsearch/kbsearch.conf
mkdir -p "${conf%/*}" bin
main=$HOME/.cache/kbsearch/main
sock=$(kbsearch --sockname)
kb_note daily/2026-04-09-AI-Digest.md '- Meta debuts Muse Spark'
touch -d '1 hour ago' vault/daily/*.md
kb_index
named=0

# sick FAULT: the doctor names it (a pattern), once the mend is typed it is gone.
sick() {
    said=$(kbsearch --doctor 2>&1)
    code=$?
    like "named: $1" "$code
$said" "1
*fault  $1*"
    while_typed=$(printf '%s\n' "$said" | sed -n '/^mend /{s/^mend   //p;q}')
    printf '# types: %s\n' "$while_typed"
    eval "$while_typed" >typed 2>&1
    # A daemon takes a moment to end, a shard is tried again within two seconds.
    timeout 10 sh -c 'until kbsearch --doctor; do :; done' >/dev/null 2>&1
    said=$(kbsearch --doctor 2>&1)
    is "mended: $1" "$?:$(printf '%s\n' "$said" | grep -A1 ^fault)" "0:"
    named=$((named + 1))
}

exits "at first all is well" 0 kbsearch --doctor
like "and it says what it saw" "$OUT" "*well   index: * units of 1 notes*"
kb_stop

echo 'threds = 2' >"$conf"
sick 'configuration: *:1: unknown key "threds"'
printf '\n[saved]\nx y = z\n' >"$conf"
sick 'configuration: *:3: the name of a saved query'
echo 'threads = many' >"$conf"
sick 'configuration: *threads = many: a number'
KBSEARCH_CONFIG=$T/nowhere.conf
export KBSEARCH_CONFIG
sick 'configuration: */nowhere.conf: No such file'
rm -f "$conf"

kb_stop
chmod 755 run/kbsearch
sick 'socket: * has mode 755'
kb_stop
mv run/kbsearch elsewhere && ln -s "$T/elsewhere" run/kbsearch
sick 'socket: * is a link, not a folder'
kb_stop
rm -f "$sock"
echo text >"$sock"
sick 'socket: * is no socket'
kb_stop
python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.bind('$sock'); s.listen()"
sick 'socket: * was left behind'

kbsearch muse >/dev/null
kill -STOP "$(kbsearch --json --status | sed 's/.*"pid":\([0-9]*\).*/\1/')"
sick 'daemon: no answer within'

kb_stop
cp "$(command -v kbsearchd)" bin/kbsearchd
bin/kbsearchd && rm bin/kbsearchd
sick 'versions: the daemon?s program was replaced'
kb_stop
python3 - "$sock" <<'END' &
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX)
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
s.bind(sys.argv[1])
s.listen()
while True:
    c, _ = s.accept()
    if c.makefile().readline():
        c.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"server": "kbsearchd 0.0.1", "db": "/x"}}).encode() + b"\n")
END
until kbsearch --no-spawn --status >/dev/null 2>&1; do :; done
fake=$!
mends=$(kbsearch --doctor | sed -n 's/^mend   //p' | head -n 1)
like "named: another version" "$(kbsearch --doctor)" "*fault  versions: the daemon is kbsearchd 0.0.1, this program*"
is "the mend is for that process" "$mends" "kill $fake"
eval "$mends"
wait $fake
rm -f "$sock"
exits "mended: another version" 0 kbsearch --doctor
named=$((named + 1))

rm -rf "$main"
sick 'index: no index at'
tables=$(readlink -f "$main/current")
"$KB_BINDIR/tests/cli/tamper" "$tables" set schema 1 2>/dev/null
sick 'index: * has schema 1,'
"$KB_BINDIR/tests/cli/tamper" "$(readlink -f "$main/current")" set schema 999 2>/dev/null
sick 'index: * has schema 999,'
kb_stop
: >"$(readlink -f "$main/current")/postlist.glass"
sick 'index: * is damaged'
chmod 750 "$main"
sick 'index: * has mode 750'
chmod 755 "$HOME/.local/state/kbsearch/main"
sick 'state: * has mode 755'

mkdir other
echo '- Quillfeather' >other/b.md
touch -d '1 hour ago' other/b.md
kb_index "$T/other"
rm -r other
sick 'vault: other is gone'
kb_note late.md '- a note that came later'
sick 'index: 1 notes changed since it was written'
touch -d '1 hour ago' vault/late.md
kb_index

if command -v faketime >/dev/null && ! kb_sanitized; then
    # The stand-in for the program that sets the clock: the real one would set the machine's.
    cat >bin/timedatectl <<'END'
#!/bin/sh
[ "$*" = "set-ntp true" ] && unset_fake=1 && : >"$T/clock-is-set"
END
    chmod +x bin/timedatectl
    PATH=$T/bin:$PATH
    export T
    said=$(faketime '2020-01-01 00:00:00' "$kb_shared" --no-spawn --doctor 2>&1)
    like "named: a clock in the past" "$said" "*fault  clock: it is before *mend   *timedatectl set-ntp true*"
    eval "$(printf '%s\n' "$said" | sed -n 's/^mend   \(sudo \)\{0,1\}\(timedatectl.*\)/\2/p')"
    ok "its mend sets the clock" test -e clock-is-set
    named=$((named + 1))
fi

if [ "$(id -u)" = 0 ]; then
    chown -R 65534 "$main"
    sick 'index: * belongs to user 65534'
    kb_stop
    chown 65534 run/kbsearch
    sick 'socket: * belongs to user 65534'
    kb_stop
    chown 65534 "$sock" 2>/dev/null
    if mkdir small && mount -t tmpfs -o size=3m none small 2>/dev/null; then
        mkdir -m 700 small/db
        KBSEARCH_DB=$T/small/db
        export KBSEARCH_DB
        kbindex --quiet "$T/vault"
        dd if=/dev/zero of=small/filler bs=64k 2>/dev/null
        like "named: a full disk" "$(kbsearch --doctor)" "*fault  disk: 0 MiB are left*mend   du -xhd1 *"
        eval "$(kbsearch --doctor | sed -n 's/^mend   //p')" >typed 2>&1
        # Its list names the folder; what to remove is for a person to decide.
        like "its mend shows where the room went" "$(cat typed)" "*$T/small*"
        rm small/filler
        exits "mended: a full disk" 0 kbsearch --doctor
        named=$((named + 1))
        kb_stop
        unset KBSEARCH_DB
        umount small
    fi
    # What file modes forbid, as a user who is not root.
    if command -v setpriv >/dev/null; then
        chmod 755 "$T"
        mkdir -m 700 theirs theirs/home theirs/run theirs/vault
        echo '- Muse Spark' >theirs/vault/a.md
        touch -d '1 hour ago' theirs/vault/a.md
        chown -R 65534 theirs
        them() {
            (cd theirs && HOME=$T/theirs/home XDG_RUNTIME_DIR=$T/theirs/run setpriv --reuid 65534 --clear-groups "$@")
        }
        theirs() {
            like "named: $1" "$(them kbsearch --doctor 2>&1)" "*fault  $1*"
            them sh -c "$(them kbsearch --doctor 2>&1 | sed -n 's/^mend   //p' | head -n 1)"
            exits "mended: $1" 0 them kbsearch --doctor
            named=$((named + 1))
        }
        if them kbindex --quiet "$T/theirs/vault"; then
            chmod 000 theirs/vault/a.md
            theirs 'vault: 1 in vault cannot be read'
            chmod 000 theirs/vault
            theirs 'vault: * cannot be read'
            mkdir -p theirs/home/.config/kbsearch
            echo 'cache = 1' >theirs/home/.config/kbsearch/kbsearch.conf
            chmod 000 theirs/home/.config/kbsearch/kbsearch.conf
            chown -R 65534 theirs
            theirs 'configuration: *Permission denied'
        fi
    fi
    if command -v unshare >/dev/null && unshare -Ur true 2>/dev/null; then
        like "named: no watches left" "$(unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_watches && kbsearch --doctor' 2>&1)" \
            "*fault  watches: no inotify watches are left*mend   *sysctl fs.inotify.max_user_watches=*"
        named=$((named + 1))
    fi
fi
if command -v xapian-tcpsrv >/dev/null; then
    kb_stop
    for n in 1 2; do
        kbindex --quiet --db "$T/part$n" --shard $n/2 "$T/vault"
    done
    # The stand-in for systemd: the unit's command, where there is no manager.
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >bin/systemctl <<END
#!/bin/sh
[ "\$*" = "--user restart kbsearch-shard" ] || exit 1
setsid xapian-tcpsrv -q -I 127.0.0.1 -p $port "\$(readlink -f "$T/part2/current")" >"$T/served" 2>&1 &
echo \$! >>"$T/servers"
tail -s 0.02 --pid=\$! -n +1 -f "$T/served" | grep -q -m1 -i listening
END
    sed -i 's/tcpsrv -q/tcpsrv/' bin/systemctl
    chmod +x bin/systemctl
    PATH=$T/bin:$PATH
    export T
    printf '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = tcp://127.0.0.1:%s\n' "$T/part1" "$port" >"$conf"
    sick 'shard: b is down: '
    printf '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' "$T/part1" "$T/gone" >"$conf"
    kb_stop
    sick 'shard: b is down: '
    kb_stop
    for pid in $(cat servers); do kill -KILL "$pid" 2>/dev/null; done
    rm "$conf"
fi
ulimit -Sn 20
sick 'limits: a process may open 20 files only'
echo "# figure doctor-faults $named"
kb_done
