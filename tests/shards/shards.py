#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two shards and a mirror against one local index, and a bad network between them.

shards.py BINDIR VAULT DIR REQUESTS [NAMESPACE_A NAMESPACE_B]: prints TAP and figures. With network
namespaces, the servers run in them, at 10.83.0.1 and 10.83.0.2; else all is on this host."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from asked import ASKED, QUERIES, answer, differences
from rpc import Line

bindir, vault, top, requests = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
spaces = sys.argv[5:7]
host = ["10.83.0.1", "10.83.0.2"] if spaces else ["127.0.0.1", "127.0.0.1"]
count, bad = 0, 0


def ok(good, name, more=""):
    global count, bad
    count += 1
    bad += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good:
        print("# " + str(more)[:600], flush=True)


def skip(name, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, why), flush=True)


def run(*args, **more):
    return subprocess.run([bindir + "/" + args[0], *args[1:]], check=True, capture_output=True, text=True, **more)


def inside(i, *command):
    return (["ip", "netns", "exec", spaces[i]] if spaces else []) + list(command)


def attempt(what, error):
    """What it gives in the end; its last error when that takes too long."""
    end = time.monotonic() + 30
    while True:
        try:
            return what()
        except error:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Server:
    """xapian-tcpsrv and the processes that it forks."""

    def __init__(self, i, db, port):
        self.args = inside(i, "xapian-tcpsrv", "-q", "-I", host[i], "-p", str(port), db)
        self.at = (host[i], port)
        self.start()

    def start(self):
        self.p = subprocess.Popen(self.args, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        attempt(lambda: socket.create_connection(self.at, 1).close(), OSError)

    def kill(self):
        os.killpg(self.p.pid, signal.SIGKILL)
        self.p.wait()


class Relay:
    def __init__(self, i, port, to):
        self.p = subprocess.Popen(inside(i, sys.executable, os.path.join(os.path.dirname(__file__), "../cli/relay.py"),
                                         "%s:%d" % (host[i], port), "%s:%d" % to),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.p.stdout.readline()

    def say(self, word):
        self.p.stdin.write(word + "\n")
        self.p.stdin.flush()
        self.p.stdout.readline()


daemons = []


def daemon(name, *args):
    sock = "%s/%s.sock" % (top, name)
    p = subprocess.Popen([bindir + "/kbsearchd", "--foreground", "--socket", sock, *args],
                         stderr=open("%s/%s.log" % (top, name), "w"))
    daemons.append(p)
    def connect():
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(sock)

    attempt(connect, OSError)
    return sock


def replicate():
    """Brings the replica of shard b up to date, from where b is to where a is."""
    subprocess.run(inside(0, "xapian-replicate", "-q", "-h", host[1], "-p", "34590", "-m", "current", "-o", "-r", "0", top + "/replica"),
                   check=True, timeout=60)


def index():
    run("kbindex", "-q", "--db", one, vault)
    for i in (1, 2):
        run("kbindex", "-q", "--db", "%s/s%d" % (top, i), "--shard", "%d/2" % i, vault)


# Xapian writes changesets for replicas.
os.environ["XAPIAN_MAX_CHANGESETS"] = "10"
os.mkdir(top + "/bin")
sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
real_ssh = shutil.which("ssh") if sshd and shutil.which("ssh-keygen") else None


class Sshd:
    """A real one where b is, with keys and configuration of its own, and an ssh that knows them."""

    def __init__(self, port):
        self.at = (host[1], port)
        d = top + "/ssh"
        os.mkdir(d, 0o700)
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d + "/" + key], check=True)
        with open(d + "/known", "w") as f:
            f.write("[%s]:%d %s" % (*self.at, open(d + "/host.pub").read()))
        with open(d + "/sshd_config", "w") as f:
            f.write("ListenAddress %s:%d\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\nPidFile none\nUsePAM no\n"
                    "StrictModes no\nPasswordAuthentication no\n" % (*self.at, d, d))
        with open(d + "/config", "w") as f:
            f.write("Host b\n HostName %s\n Port %d\n IdentityFile %s/user\n IdentitiesOnly yes\n UserKnownHostsFile %s/known\n"
                    % (*self.at, d, d))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", 0o755, exist_ok=True)
        put_program("ssh", "exec %s -F %s/config \"$@\"\n" % (real_ssh, d))
        self.args = inside(1, sshd, "-D", "-e", "-f", d + "/sshd_config")
        self.start()

    def start(self):
        self.p = subprocess.Popen(self.args, start_new_session=True, stdout=subprocess.DEVNULL,
                                  stderr=open(top + "/sshd.log", "a"))
        attempt(lambda: socket.create_connection(self.at, 1).close(), OSError)

    def sessions(self):
        """Processes that it serves connections with; each is a session of its own."""
        children = open("/proc/%d/task/%d/children" % (self.p.pid, self.p.pid)).read().split()
        return [int(c) for c in children]

    def hang_up(self):
        n = 0
        for child in self.sessions():
            try:
                os.kill(child, signal.SIGKILL)
                n += 1
            except ProcessLookupError:
                pass
        return n

    def stop(self):
        self.p.send_signal(signal.SIGSTOP)
        for child in self.sessions():
            os.killpg(child, signal.SIGSTOP)

    def kill(self):
        self.hang_up()
        self.p.kill()
        self.p.wait()


def put_program(name, text):
    with open(top + "/bin/" + name, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(top + "/bin/" + name, 0o755)


if real_ssh:
    ssh_server = Sshd(34522)
else:
    # A stand-in, which runs the command here: host and options are not looked at.
    ssh_server = None
    put_program("ssh", "[ \"$1 $2 $3\" = '-o BatchMode=yes -o' ] || exit 2\nshift 9\nexec \"$@\"\n")
os.environ["PATH"] = top + "/bin:" + os.environ["PATH"]
one = top + "/one"
index()
tables = [os.path.realpath("%s/s%d/current" % (top, i)) for i in (1, 2)]
master = subprocess.Popen(inside(1, "xapian-replicate-server", "-I", host[1], "-p", "34590", top + "/s2"), stderr=subprocess.DEVNULL)
attempt(replicate, subprocess.CalledProcessError)
a, b, m = Server(0, tables[0], 34571), Server(1, tables[1], 34572), Server(0, top + "/replica", 34573)
relay = Relay(1, 34582, b.at)


def conf(name, text, limits="shard-timeout = 700\nshard-connect = 300\n"):
    path = "%s/%s.conf" % (top, name)
    with open(path, "w") as f:
        f.write("cache = 0\n" + limits + text)
    sock = daemon(name, "--config-file", path)
    return Line(sock), sock


B = "tcp://%s:34582" % host[1]
A = "tcp://%s:34571" % host[0]
local = Line(daemon("local", "--db", one))
paths, _ = conf("paths", '[shard "a"]\ndatabase = %s/s1\n[shard "b"]\ndatabase = %s/s2\n' % (top, top))
both, both_sock = conf("both", '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' % (A, B))
mirrored, _ = conf("mirrored", '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\nmirror = tcp://%s:34573\n' % (A, B, host[0]))
over_ssh, _ = conf("ssh", '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = ssh://b%s/s2\n' % (A, top))
# Two steps of a shard that is silent are longer than the requests below may take.
tight, tight_sock = conf("tight", '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' % (A, B),
                         "threads = 4\nshard-timeout = 1000\nshard-connect = 1000\n")
required, _ = conf("required", 'required = all\n[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' % (A, B))
try:
    for kind, line in (("two folders", paths), ("two servers", both), ("a server and " + ("ssh" if ssh_server else "a stand-in for ssh"), over_ssh)):
        different = differences(local, line)
        ok(not different, "%s answer as one local index, weights, order and snippets too: %d questions" % (kind, len(ASKED)), different[:6])
    refused = [both.ask(*how) if isinstance(how, tuple) else both.ask("search", **how)
               for how in (("new",), ("subscribe",), {"query": "changed:7d.."})]
    odd = [r for r in refused if "one local index only" not in r.get("error", {}).get("message", "")]
    ok(not odd, "what shards cannot do is refused in words", odd)

    def until(line, complete, limit):
        begun = time.monotonic()
        while time.monotonic() - begun < limit:
            r = line.ask("search", query="closed source").get("result")
            if r and (r["incomplete"] is None) == complete:
                return time.monotonic() - begun
        return None

    if ssh_server:
        ok(ssh_server.hang_up() > 0 and until(over_ssh, True, 10) is not None, "a connection over ssh that is cut is made anew")
        ssh_server.stop()
        begun = time.monotonic()
        r = over_ssh.ask("search", query="muse")
        print("# figure shards-ssh-silent-s %.2f" % (time.monotonic() - begun))
        ok(r.get("result", {}).get("incomplete") == {"reason": "shard_down", "shards": ["b"]},
           "a connection over ssh that falls silent: incomplete, before the deadline", r.get("error"))
        ssh_server.hang_up()
        ssh_server.kill()
        down = until(over_ssh, False, 10)
        ssh_server.start()
        back = until(over_ssh, True, 10)
        ok(down is not None and back is not None and back < 5, "sshd away: incomplete, and back within 5 s", (down, back))
        if back is not None:
            print("# figure shards-ssh-back-s %.2f" % back, flush=True)
    else:
        skip("a connection over ssh that is cut is made anew", "no sshd here")
        skip("a connection over ssh that falls silent: incomplete, before the deadline", "no sshd here")
        skip("sshd away: incomplete, and back within 5 s", "no sshd here")

    def at_once(lines, **params):
        """What each gets, asked together: the seconds and the answer."""
        got = [None] * len(lines)

        def one(i):
            begun = time.monotonic()
            r = lines[i].ask("search", query="muse", **params)
            got[i] = (time.monotonic() - begun, r.get("error") or r["result"]["incomplete"])

        asking = [threading.Thread(target=one, args=(i,)) for i in range(len(lines))]
        for t in asking:
            t.start()
        for t in asking:
            t.join()
        return got

    crowd = [Line(tight_sock) for _ in range(12)]
    for _ in range(20):
        at_once(crowd)
    relay.say("hole")
    first, rest = at_once(crowd[:1], deadline_ms=1900), at_once(crowd, deadline_ms=1900)
    relay.say("pass")
    without_b = {"reason": "shard_down", "shards": ["b"]}
    ok(all(how == without_b for _, how in first + rest),
       "a shard that is silent: each request is answered before its deadline, without it", (first, rest))
    print("# figure shards-silent-first-s %.2f" % first[0][0])
    print("# figure shards-silent-next-s %.2f" % max(took for took, _ in rest), flush=True)
    ok(until(tight, True, 10) is not None, "it is back")

    # Under load: one connection a thread, each request answered once, right or incomplete.
    want = {q: answer(local, "search", {"query": q, "exact": True})["total"] for q in QUERIES[:8]}
    answers, wrong, slowest, partial, stop = [0] * 8, [], [0.0], [0], threading.Event()
    phase = ["before any fault"]

    def load(i):
        line = Line(both_sock)
        while not stop.is_set():
            q = QUERIES[:8][answers[i] % 8]
            t = time.monotonic()
            try:
                r = line.ask("search", query=q, limit=5)
            except Exception as e:
                wrong.append(repr(e))
                return
            took = time.monotonic() - t
            slowest[0] = max(slowest[0], took)
            answers[i] += 1
            why, r = r.get("error"), r.get("result")
            if not r:
                wrong.append((why, "after %.3f s" % took, "query " + q, phase[0]))
            elif r["incomplete"]:
                partial[0] += 1
                if r["incomplete"] != without_b:
                    wrong.append(r["incomplete"])
            elif r["total"] != want[q]:
                wrong.append((q, r["total"], want[q]))

    threads = [threading.Thread(target=load, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()

    def fault(name, begin, end, rounds):
        down, back = [], []
        for k in range(rounds):
            phase[0] = "%s %d begins" % (name, k)
            begin()
            down.append(until(both, False, 10))
            phase[0] = "%s %d ends" % (name, k)
            end()
            back.append(until(both, True, 10))
            calm = sum(answers) + requests // 20
            while sum(answers) < calm and not wrong:
                time.sleep(0.01)
        good = None not in down + back
        ok(good and max(back) < 5, "%s: incomplete, and back within 5 s" % name, (down, back))
        if good:
            print("# figure shards-%s-down-s %.2f" % (name, max(down)))
            print("# figure shards-%s-back-s %.2f" % (name, max(back)), flush=True)

    rounds = 2
    begun = time.monotonic()
    while True:
        fault("kill", b.kill, b.start, rounds)
        fault("cut", lambda: relay.say("cut"), lambda: relay.say("pass"), rounds)
        fault("hole", lambda: relay.say("hole"), lambda: relay.say("pass"), rounds)
        fault("slow", lambda: relay.say("slow 900"), lambda: relay.say("pass"), rounds)
        if sum(answers) >= requests or time.monotonic() - begun > 900:
            break
    phase[0] = "shard b is killed"
    b.kill()
    ok(until(both, False, 10) is not None, "a shard is down")
    r = mirrored.ask("search", query="muse", limit=5)
    r = mirrored.ask("search", query="muse", limit=5).get("result") or r
    ok(r.get("incomplete", 0) is None and r["total"] == want["muse"], "its mirror answers", r)
    # What comes meanwhile comes to the replica, too.
    for n in range(8):
        with open("%s/late-%d.md" % (vault, n), "w") as f:
            f.write("- Quixotic replica number %d\n" % n)
    index()
    replicate()
    r = mirrored.ask("search", query="quixotic").get("result", {})
    ok(r.get("incomplete", 0) is None and r.get("total") == 8, "the replica catches up", r)
    r = required.ask("search", query="muse")
    ok("shard b is down, and all are required" in r.get("error", {}).get("message", ""), "required = all refuses", r)
    b.args[-1] = os.path.realpath(top + "/s2/current")
    b.start()
    ok(until(both, True, 10) is not None, "all is well again")
    stop.set()
    for t in threads:
        t.join()
    ok(not wrong, "each request under load was answered once, and right", wrong[:4])
    for x in wrong:
        print("# wrong: %r" % (x,), flush=True)
    ok(slowest[0] < 5, "none took longer than its deadline", slowest)
    print("# figure shards-requests %d" % sum(answers))
    print("# figure shards-incomplete %d" % partial[0])
    print("# figure shards-slowest-s %.2f" % slowest[0])
except Exception as e:
    ok(False, "no surprise", repr(e))
    for name in ("local", "paths", "both", "mirrored", "ssh", "tight", "required"):
        for l in open("%s/%s.log" % (top, name)).read().splitlines()[-8:]:
            print("# %s: %s" % (name, l))
finally:
    for p in daemons:
        p.terminate()
        p.wait()
    for s in (a, b, m):
        try:
            s.kill()
        except ProcessLookupError:
            pass
    if ssh_server:
        ssh_server.kill()
    master.kill()
    relay.p.stdin.close()
    relay.p.wait()
print("1..%d" % count)
sys.exit(bad > 0)
