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

# the client: every one
restore()
arm(0, 0)
plain = Daemon()
ask = ["kbsearch", "--no-spawn", "--db", DB, "--socket", SOCKET, "common", "bullet"]
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
