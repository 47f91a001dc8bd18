# SPDX-License-Identifier: GPL-2.0-or-later
"""
memory.py: the N-th allocation fails, once or from there on, N by chance; and limits of address
space in steps of 1 MB. No signal, no half batch, and the next request is served.
"""
from faults import *
import ctypes
import mmap
import random
import resource
import struct

TRIALS = 150 * SCALE
random.seed(int(os.environ.get("KB_SEED", 7)))
make_shim()
golden = goldens()
set_vault(2)

with open(T + "/alloc", "wb+") as f:
    f.write(b"\0" * 4096)
    f.flush()
    memory = mmap.mmap(f.fileno(), 4096)


def arm(n, sticky):
    struct.pack_into("qqqq", memory, 0, 0, n, sticky, 0)


def counted():
    return struct.unpack_from("q", memory, 0)[0]


def failed_ones():
    return struct.unpack_from("q", memory, 24)[0]


ALLOC = under_shim(KB_ALLOC=T + "/alloc")
fresh(T + "/golden1")
daemon = Daemon()


def restore():
    fresh(T + "/golden1")


def judge(run, what):
    wrong = []
    seen = seen_by(daemon)
    if run.returncode < 0:
        wrong.append("%s: signal %d" % (what, -run.returncode))
    if seen not in (golden[1], golden[2]):
        wrong.append("%s: half a batch is seen" % what)
    if run.returncode == 0 and seen != golden[2]:
        wrong.append("%s: exit 0 with the old index" % what)
    if run.returncode > 0 and not run.stdout:
        wrong.append("%s: exit %d without a word" % (what, run.returncode))
    again = kbindex()
    if again.returncode or seen_by(daemon) != golden[2]:
        wrong.append("%s: the next run: %d %s" % (what, again.returncode, again.stdout))
    return wrong


# kbindex
restore()
arm(0, 0)
kbindex(env=ALLOC)
total = counted()
bad, hits = [], 0
for trial in range(TRIALS):
    restore()
    n, sticky = random.randint(1, total), trial % 3 == 2
    arm(n, sticky)
    run = kbindex(env=ALLOC)
    hits += failed_ones() > 0
    bad += judge(run, "allocation %d%s" % (n, "+" if sticky else ""))
figure("kbindex_allocations", total)
figure("kbindex_failed_allocations", hits)
ok("kbindex with %d failing allocations: no signal, no half batch" % hits, not bad, "\n".join(bad))

# address space
low = 0
for mib in range(4, 400, 4):
    run = subprocess.run(["prlimit", "--as=%d" % (mib << 20), "kbindex", "--version"], check=False,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if run.returncode == 0:
        low = mib
        break
bad = []
for mib in range(low, low + 50):
    restore()
    limit = mib << 20
    run = kbindex(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    bad += judge(run, "%d MiB" % mib)
figure("kbindex_memory_limits", 50)
ok("kbindex under 50 limits of address space from %d MiB: no signal, no half batch" % low, not bad, "\n".join(bad))
daemon.end()

# the daemon: at each allocation of each kind of request, in turn
restore()
set_vault(1)
arm(0, 0)
daemon = Daemon("--threads", "1", "--cache", "0", env=ALLOC)
KINDS = [("hello", {}), ("status", {}), ("search", {"query": "common bullet", "sort": "path"}),
         ("search", {"query": "generation1 bullet*", "match": "any", "facets": "kind", "explain": True}),
         ("search", {"query": '"common bullet" -zebra date:2026-04'}), ("search", {"query": "((("}),
         ("suggest", {"prefix": "gen"}), ("get", {"path": VAULT + "/daily/2026-04-01.md"}),
         ("timeline", {"query": "common"}), ("facet", {"query": "bullet", "field": "kind"}),
         ("trend", {"query": "bullet", "bucket": "month"}), ("new", {"after": 0}), ("nosuch", {}),
         ("related", {"path": VAULT + "/daily/2026-04-01.md", "line": 3})]


# What tells of the time and of what came before: it has to be there, and may differ.
PASSING = ("took_us", "uptime_s", "requests", "latencies", "connections", "pid", "cursor", "faults", "age_s")


def plain(answer):
    if "error" in answer:
        return answer["error"]["message"]
    return {k: None if k in PASSING else v for k, v in answer["result"].items()}


def differs(a, b):
    if not (isinstance(a, dict) and isinstance(b, dict)):
        return "%s, not %s" % (a, b)
    return "; ".join("%s: %s, not %s" % (k, a.get(k), b.get(k)) for k in {**a, **b} if a.get(k) != b.get(k))


def signals():
    with open(T + "/daemon.log", encoding="utf-8", errors="replace") as f:
        return f.read().count("was ended by signal")


def disarmed(method, params):
    arm(0, 0)
    return plain(daemon.call(method, **params))


for method, params in KINDS:
    disarmed(method, params)
before_fds = len(opened(daemon.child()))
bad, failing, unanswered, told = [], 0, 0, 0
for method, params in KINDS:
    whole = [disarmed(method, params) for _ in range(3)][-1]
    arm(0, 0)
    daemon.call(method, **params)
    total = counted()
    step = 1 if LONG or total < 60 else total / 60
    points = sorted({int(1 + i * step) for i in range(int(total / step))})
    for sticky in (0, 1):
        for n in points:
            what = "%s %s: allocation %d%s of %d" % (method, params, n, "+" if sticky else "", total)
            before = signals()
            arm(n, sticky)
            try:
                answer = daemon.ask(method, 10, params)
                if "error" in answer and plain(answer) != whole:
                    told += 1
                    said = answer["error"].get("data", {}).get("reason"), answer["error"]["message"]
                    # Of a message with a list the list may be missing.
                    if said[0] != "out_of_memory" and not (isinstance(whole, str) and whole.startswith(said[1].rstrip())):
                        bad.append("%s: says %s" % (what, answer["error"]))
                elif plain(answer) != whole and not sticky:
                    bad.append("%s: another answer: %s" % (what, differs(plain(answer), whole)))
            except TimeoutError:
                unanswered += 1
                bad.append(what + ": no answer")
            except (OSError, EOFError):
                unanswered += 1
            failing += failed_ones() > 0
            arm(0, 0)
            try:
                after = disarmed(method, params)
                if after != whole:
                    bad.append("%s: the next request is answered otherwise: %s" % (what, differs(after, whole)))
            except (OSError, EOFError, TimeoutError) as e:
                bad.append("%s: the next request: %r" % (what, e))
                daemon.connect()
            if signals() != before:
                bad.append(what + ": a signal")
figure("daemon_failed_allocations", failing)
figure("daemon_said_out_of_memory", told)
figure("daemon_closed_connections", unanswered)
ok("the daemon with %d failing allocations: no signal, and the next request is served" % failing, not bad, "\n".join(bad))
more_fds = len(opened(daemon.child())) - before_fds
figure("daemon_descriptors_more", more_fds)
# Xapian lets go of nothing where it is interrupted while it builds a match. An index has four at least.
ok("no index stays open", more_fds < 4, (more_fds, before_fds))
ok("many", failing >= 300, failing)

# connections come and go meanwhile
bad, failing = [], 0
for n in range(1, 60):
    arm(n, 0)
    try:
        client = Client(path=SOCKET)
        client.ask("hello")
        client.read(10)
        client.socket.close()
    except (OSError, EOFError):
        pass
    failing += failed_ones() > 0
    arm(0, 0)
    if "result" not in daemon.call("hello"):
        bad.append("allocation %d of a connection" % n)
figure("daemon_failed_allocations_connecting", failing)
ok("connecting with %d failing allocations" % failing, not bad, "\n".join(bad))
ok("TERM ends it well", daemon.end() == 0)

# the client: every one
restore()
arm(0, 0)
plain = Daemon()
ask = [os.environ["KB_BINDIR"] + "/tests/shared/kbsearch", "--no-spawn", "--db", DB, "--socket", SOCKET, "common", "bullet"]
subprocess.run(ask, env={**os.environ, **ALLOC}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
total, bad = counted(), []
points = range(1, total + 1, 1 if LONG or total < 600 else total // 600 + 1)
for sticky in (0, 1):
    for n in points:
        arm(n, sticky)
        run = subprocess.run(ask, env={**os.environ, **ALLOC}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             check=False)
        if run.returncode < 0 or (run.returncode and not run.stderr):
            bad.append("allocation %d of %d: exit %d" % (n, total, run.returncode))
figure("kbsearch_failed_allocations", 2 * len(points))
ok("kbsearch with each of %d allocations failing: no signal, an error told" % total, not bad, "\n".join(bad))
plain.end()
done()
