# SPDX-License-Identifier: GPL-2.0-or-later
"""
processes.py: kbindex and the daemon are killed at random moments; eight kbindex run at once; each
file of an index is missing, empty, unreadable, a folder or of another version; indexes are
replaced under load.
"""
from faults import *
import random
import threading

random.seed(int(os.environ.get("KB_SEED", 3)))
golden = goldens()
fresh(T + "/golden1")
set_vault(2)
daemon = Daemon()
assert seen_by(daemon) == golden[1]


def seconds(what):
    begin = time.monotonic()
    what()
    return time.monotonic() - begin


# --- killed at random ------------------------------------------------------------------------------
trials, bad, acknowledged, back = 100 * SCALE, [], 0, 0
for trial in range(trials):
    fresh(T + "/golden1")
    run = subprocess.Popen(["kbindex", "--quiet", "--db", DB] + (["--full"] if trial % 4 == 0 else []),
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, 0.05))
    run.kill()
    done_first = run.wait() == 0
    acknowledged += done_first
    if trial % 10 == 0:
        os.kill(daemon.child(), signal.SIGKILL)
        back = max(back, seconds(lambda: daemon.call("hello")))
    seen = seen_by(daemon)
    if seen not in ((golden[2],) if done_first else (golden[1], golden[2])):
        bad.append("%d: %s" % (trial, seen if isinstance(seen, str) else "mixed, or lost"))
    if trial % 5 == 0 and (kbindex().returncode or seen_by(daemon) != golden[2]):
        bad.append("%d: the next run does not mend it" % trial)
figure("random_kills", trials)
figure("random_kills_acknowledged_first", acknowledged)
figure("daemon_killed_back_s", back)
ok("killed at %d random moments: one generation, nothing acknowledged is lost" % trials, not bad, "\n".join(bad))
ok("the daemon is back at once", back < 20, back)

# --- eight at once ---------------------------------------------------------------------------------
rounds, bad, writers = 20 * SCALE, [], []
for n in range(rounds):
    fresh(T + "/golden1")
    runs = [subprocess.Popen(["kbindex", "--db", DB, "--wait", "0"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(8)]
    said = [r.communicate(timeout=60)[0] for r in runs]
    codes = [r.returncode for r in runs]
    writers.append(codes.count(0))
    pids = {str(r.pid) for r in runs}
    if set(codes) - {0, 75} or 0 not in codes:
        bad.append("%d: exits %s" % (n, codes))
    for code, text in zip(codes, said):
        if code == 75 and not any("process %s " % p in text for p in pids) and "another process" not in text:
            bad.append("%d: it says %s" % (n, text))
    if seen_by(daemon) != golden[2]:
        bad.append("%d: not what a clean build has" % n)
figure("at_once_rounds", rounds)
figure("at_once_most_that_worked", max(writers))
ok("eight kbindex at once: one writes, the others name it", not bad, "\n".join(bad))
fresh(T + "/golden1")
holder = subprocess.Popen(["kbindex", "--quiet", "--db", DB, "--watch"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
end = time.monotonic() + 20
while seen_by(daemon) != golden[2] and time.monotonic() < end:
    pass
holder.kill()
holder.wait()
took = seconds(lambda: ok("the next run after the holder was killed", kbindex("--wait", "0").returncode == 0))
figure("after_a_killed_holder_ms", took * 1000)

# --- files gone or foreign -------------------------------------------------------------------------
daemon.end()
FILES = ("iamglass", "postlist.glass", "termlist.glass", "docdata.glass")
KINDS = ("missing", "empty", "unreadable", "folder", "version") + (("another's",) if os.getuid() == 0 else ())
NO_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
bad, cells = [], 0


def spoil(kind, path):
    if kind == "unreadable":
        os.chmod(path, 0)
    elif kind == "another's":
        os.chown(path, 65534, 65534)
    elif kind == "version":
        with open(path, "r+b") as f:
            f.seek(14)
            f.write(b"\x21\x21")
    else:
        os.remove(path)
        if kind == "empty":
            open(path, "w", encoding="ascii").close()
        elif kind == "folder":
            os.mkdir(path)


for kind in KINDS:
    for name in FILES if kind != "version" else ("iamglass",):
        fresh(T + "/golden1")
        set_vault(1)
        spoil(kind, DB + "/current/" + name)
        cells += 1
        what = "%s %s" % (name, kind)
        os.makedirs(os.path.dirname(SOCKET), mode=0o700, exist_ok=True)
        process = subprocess.Popen(NO_RIGHTS + ["kbsearchd", "--foreground", "--db", DB, "--socket", SOCKET],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if "listening" in line:
                break
        threading.Thread(target=process.stderr.read, daemon=True).start()
        run = subprocess.run(["kbsearch", "--no-spawn", "--db", DB, "--socket", SOCKET, "common"], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode != 4 or "kbindex" not in run.stdout and "ls -ld" not in run.stdout:
            bad.append("%s: kbsearch exits %d: %s" % (what, run.returncode, run.stdout))
        check = subprocess.run(NO_RIGHTS + ["kbindex", "--quiet", "--db", DB, "--check=index"], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check.returncode == 0 or not check.stdout:
            bad.append("%s: --check exits %d: %s" % (what, check.returncode, check.stdout))
        # A plain run may refuse it, or make it whole; never an index of less.
        run = subprocess.run(NO_RIGHTS + ["kbindex", "--quiet", "--db", DB], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        full = subprocess.run(NO_RIGHTS + ["kbindex", "--quiet", "--db", DB, "--full"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode and not run.stdout or run.returncode < 0:
            bad.append("%s: kbindex exits %d: %s" % (what, run.returncode, run.stdout))
        if full.returncode:
            bad.append("%s: kbindex --full exits %d: %s" % (what, full.returncode, full.stdout))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        daemon = Daemon()
        if seen_by(daemon) != golden[1]:
            bad.append("%s: not mended by kbindex --full" % what)
        daemon.end()
for what in ("nothing", "an empty folder", "a file"):
    empty(DB)
    if what == "a file":
        os.rmdir(DB)
        open(DB, "w", encoding="ascii").close()
    elif what == "nothing":
        os.rmdir(DB)
    cells += 1
    daemon = Daemon()
    answer = daemon.call("search", query="common")
    if answer.get("error", {}).get("data", {}).get("reason") not in ("no_index", "damaged"):
        bad.append("%s: %s" % (what, answer))
    daemon.end()
    if what == "a file":
        os.remove(DB)
figure("spoilt_cells", cells)
ok("%d ways to spoil an index: an error with what to do, never an empty answer, mended" % cells, not bad, "\n".join(bad))

# --- replaced under load ---------------------------------------------------------------------------
fresh(T + "/golden1")
daemon = Daemon()
stop, wrong, asked = threading.Event(), [], [0] * 4


def reader(k):
    client = Client(path=SOCKET)
    while not stop.is_set():
        try:
            answer = client.call("search", {"query": "common bullet", "limit": 200})
        except (OSError, EOFError):
            client = Client(path=SOCKET)
            continue
        asked[k] += 1
        if "error" in answer:
            if answer["error"]["data"]["reason"] != "busy":
                wrong.append(str(answer))
            continue
        hits = answer["result"]["hits"]
        of = {h["text"].split("generation")[1] for h in hits}
        if len(of) != 1 or len(hits) != len(golden[int(of.pop())][0]):
            wrong.append("%d hits of %s" % (len(hits), of))


readers = [threading.Thread(target=reader, args=(k,), daemon=True) for k in range(4)]
for r in readers:
    r.start()
swaps, late = 50 * (2 if LONG else 1), 0
for n in range(swaps):
    g = 1 + n % 2
    set_vault(g)
    run = kbindex("--full", "--jobs=1")
    assert run.returncode == 0, run.stdout
    begin = time.monotonic()
    while seen_by(daemon) != golden[g] and time.monotonic() - begin < 20:
        pass
    late = max(late, time.monotonic() - begin)
stop.set()
for r in readers:
    r.join(20)


def deleted():
    return [l for l in opened(daemon.child()) if "gen-" in l and "(deleted)" in l]


many = [Client(path=SOCKET) for _ in range(8)]
end = time.monotonic() + 5
while deleted() and time.monotonic() < end:
    for c in many:
        c.ask("search", {"query": "common x%d" % random.randrange(1 << 30)})
    for c in many:
        c.read()
figure("swaps", swaps)
figure("swaps_answers_meanwhile", sum(asked))
figure("swaps_new_seen_s", late)
ok("%d indexes replaced under %d answers: old or new, never empty or mixed" % (swaps, sum(asked)), not wrong,
   "\n".join(wrong[:10]))
ok("the new one is seen at once", late < 10, late)
ok("nothing of the old ones is held", not deleted(), deleted())
ok("the same daemon all the time", daemon.end() == 0)
done()
