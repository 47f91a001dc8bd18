# SPDX-License-Identifier: GPL-2.0-or-later
"""
soak.py: commits without a pause under four readers whose every answer is held against the history;
requests of ten kinds, as many as it takes to see a leak; edits without a pause under --watch.
KB_LONG makes it 60 s, 1,000,000 and 60 s.
"""
from faults import *
import random
import threading

SECONDS = 60 if LONG else 10
REQUESTS = 1000000 if LONG else 50000
random.seed(int(os.environ.get("KB_SEED", 6)))
SANITIZED = bool(os.environ.get("KB_SANITIZED"))
os.makedirs(T + "/fs", exist_ok=True)


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return False


# --- commits under readers -------------------------------------------------------------------------
# Every bullet of generation g says so. An answer is of one generation, alive while it was made, and
# a reader never sees an older one than before.
NOTES = 8


def set_generation(g):
    for n in range(NOTES):
        write("n%d.md.new" % n, "# Note %d\n\n- common gen%06d\n- common also gen%06d\n" % (n, g, g))
        os.rename(VAULT + "/n%d.md.new" % n, VAULT + "/n%d.md" % n)


empty(VAULT)
set_generation(0)
assert kbindex(VAULT).returncode == 0
daemon = Daemon()


STOP = T + "/stop"


def reader(tell):
    """A process: each answer as begin, end, its generation (-1 mixed, -2 an error, -3 busy)."""
    client, history, n = Client(path=SOCKET), [], 0
    while not os.path.exists(STOP):
        n += 1
        begin = time.monotonic()
        # A new question each time, so that no answer is one that was kept.
        answer = client.call("search", {"query": "common -zebra%d" % n, "limit": 100})
        ended = time.monotonic()
        if "error" in answer:
            history.append((begin, ended, -3 if answer["error"]["data"]["reason"] == "busy" else -2))
            continue
        hits = answer["result"]["hits"]
        of = {h["text"].split("gen")[1][:6] for h in hits}
        history.append((begin, ended, int(of.pop()) if len(of) == 1 and len(hits) == 2 * NOTES else -1))
    with open(tell, "w", encoding="ascii") as f:
        json.dump(history, f)


def start_reader(k):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            reader("%s/history%d" % (T, k))
            code = 0
        finally:
            os._exit(code)
    return pid


born, gone, g = {0: 0.0}, {}, 0
phases = []


def phase(name, seconds, work):
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        work()
    phases.append((name, begin, time.monotonic()))


def other_work():
    """The same beside it, in another index: what the machine alone makes of it."""
    set_generation(g)
    subprocess.run(["kbindex", "--quiet", "--full", "--jobs=1", "--db", T + "/other", VAULT], check=True, stdin=subprocess.DEVNULL)


def commit(program=("kbindex",)):
    global g
    g += 1
    set_generation(g)
    born[g] = time.monotonic()  # not before
    run = subprocess.run([*program, "--db", DB], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         check=False)
    assert run.returncode == 0, run
    gone[g - 1] = time.monotonic()  # not after


# By turns, since a machine is not the same from one second to the next: nobody commits; commits without a
# pause as somebody runs them who waits for them, and as systemd's units do (contrib/systemd), which give way.
pids = [start_reader(k) for k in range(4)]
phase("warm", 1, lambda: time.sleep(0.1))
for _ in range(SECONDS):
    phase("idle", 0.5, lambda: time.sleep(0.1))
    phase("beside", 0.5, other_work)
    phase("commits", 1, commit)
    phase("gently", 0.5, lambda: commit(("nice", "-n", "19", "kbindex", "--quiet")))
with open(STOP, "w", encoding="ascii"):
    pass
good = all(os.waitpid(p, 0)[1] == 0 for p in pids)
assert good
all_of_them = [json.load(open("%s/history%d" % (T, k), encoding="ascii")) for k in range(len(pids))]


def p99(name):
    """Of the answers that were begun then; of an idle time those that ended in it, too."""
    took = sorted(e - b for _, first, last in (p for p in phases if p[0] == name) for h in all_of_them
                  for b, e, _ in h if first <= b < last and (e <= last or name != "idle"))
    assert len(took) >= 1000 or SANITIZED, (name, len(took))
    return took[len(took) * 99 // 100] * 1000


idle, beside, busily, gently = map(p99, ("idle", "beside", "commits", "gently"))
mixed = sum(x == -1 for h in all_of_them for _, _, x in h)
errors = sum(x == -2 for h in all_of_them for _, _, x in h)
busy = sum(x == -3 for h in all_of_them for _, _, x in h)
back = stale = 0
for h in all_of_them:
    seen = 0
    for begin, ended, x in h:
        if x < 0:
            continue
        back += x < seen
        seen = max(seen, x)
        stale += x not in born or born[x] > ended or gone.get(x, ended) < begin
answers = sum(map(len, all_of_them))
for name, value in (("commits", g), ("answers", answers), ("mixed", mixed), ("going_back", back), ("stale", stale),
                    ("busy", busy), ("p99_idle_ms", idle), ("p99_beside_ms", beside), ("p99_ms", busily),
                    ("p99_gently_ms", gently), ("p99_ratio", busily / idle),
                    ("p99_ratio_beside", busily / beside), ("p99_ratio_gently", gently / idle)):
    figure("readers_" + name, value)
ok("%d commits under %d answers: none mixed, none going back, none stale, no error" % (g, answers),
   not (mixed or back or stale or errors), (mixed, back, stale, errors))
ok("few have to ask again", busy <= answers / 100, busy)
ok("latency", SANITIZED or busily < 20 * idle, (busily, idle))
daemon.end()

# --- requests without end --------------------------------------------------------------------------
empty(VAULT)
shutil.copytree(os.environ["KB_SRCDIR"] + "/docs/vault", VAULT, dirs_exist_ok=True)
assert kbindex().returncode == 0
daemon = Daemon("--cache", "0")  # which grows up to its bound
WORDS = "muse spark closed source gemini qwen llama license benchmark open weights model agent".split()
hit = daemon.call("search", query="muse")["result"]["hits"][0]


def kinds(n):
    w = "%s %s x%d" % (random.choice(WORDS), random.choice(WORDS), random.randrange(1 << 20))
    return (("search", {"query": w, "match": "any"}), ("search", {"query": '"closed source" -x%d' % n, "facets": "kind"}),
            ("suggest", {"prefix": random.choice(WORDS)[:3]}), ("get", {"id": hit["id"]}),
            ("backlinks", {"note": "Muse Spark"}), ("timeline", {"query": random.choice(WORDS)}),
            ("search", {"query": "((("[:n % 4] + w}), ("nosuch", {}), ("search", {"query": w, "limti": 3}), ("status", {}))[n % 10]


def measures():
    pid = daemon.child()
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f)
    return int(status["VmRSS"].split()[0]), len(os.listdir("/proc/%d/fd" % pid)), int(status["Threads"]), pid


def at_rest():
    """The measures once what was freed has gone back to the kernel, a second after the last request: while requests
    come, half a MiB of it comes and goes."""
    busy = measures()[0]
    assert SANITIZED or wait_for(lambda: measures()[0] < busy)
    return measures()


def load(total):
    """On eight connections, sixteen in flight on each; one in a hundred answers is a new connection's."""
    clients = [Client(path=SOCKET) for _ in range(8)]
    sent = got = 0
    while got < total:
        for c in clients:
            batch = b""
            for _ in range(16):
                c.id += 1
                sent += 1
                method, params = kinds(sent)
                batch += json.dumps({"jsonrpc": "2.0", "id": c.id, "method": method, "params": params}).encode() + b"\n"
            c.socket.sendall(batch)
        for c in clients:
            left = 16
            while left:
                left -= c.socket.recv(1 << 18).count(b"\n")
            got += 16
        if sent % 12800 == 0:
            i = random.randrange(8)
            clients[i].socket.close()
            clients[i] = Client(path=SOCKET)
            write("daily/soak.md", "- soak %d\n" % sent)
            kbindex()
    for c in clients:
        c.socket.close()
    return got


# Two readers have met their largest searches and filled their caches only after some 150,000. Once at rest, they find
# their room elsewhere afterwards.
load(100000)
at_rest()
load(100000)
daemon.call("search", query="muse")
wait_for(lambda: daemon.call("status")["result"]["connections"] == 1)
before = at_rest()
begin = time.monotonic()
got = load(REQUESTS)
rate = got / (time.monotonic() - begin)
wait_for(lambda: daemon.call("status")["result"]["connections"] == 1)
after = at_rest()
figure("requests", got)
figure("requests_a_second", rate)
figure("requests_growth_kib", after[0] - before[0])
figure("requests_descriptors", "%d %d" % (before[1], after[1]))
figure("requests_threads", "%d %d" % (before[2], after[2]))
ok("%d requests of ten kinds: at most 1 MiB of growth" % got, SANITIZED or after[0] - before[0] <= 1024, (before, after))
ok("descriptors and threads as before", after[1:] == before[1:], (before, after))
daemon.end()

# --- edits without end -----------------------------------------------------------------------------
empty(VAULT)
for n in range(50):
    write("e%d.md" % n, "- edited zero %d\n" % n)
assert kbindex(VAULT).returncode == 0
watcher = subprocess.Popen(["kbindex", "--watch", "--db", DB], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
for line in watcher.stdout:
    if "watching" in line:
        break
threading.Thread(target=watcher.stdout.read, daemon=True).start()
daemon = Daemon()
want = {"e%d.md" % n: "edited zero %d" % n for n in range(50)}
edits, begin = 0, time.monotonic()
seconds = 60 if LONG else 8
while time.monotonic() - begin < seconds:
    edits += 1
    choice, name = random.random(), random.choice(sorted(want))
    if choice < 0.5:
        want[name] = "edited %d" % edits
        write(name, "- %s\n" % want[name])
    elif choice < 0.65:
        want["new%d.md" % edits] = text = "edited %d" % edits
        write("new%d.md" % edits, "- %s\n" % text)
    elif choice < 0.8 and len(want) > 20:
        os.remove(VAULT + "/" + name)
        del want[name]
    elif choice < 0.95:
        os.rename(VAULT + "/" + name, VAULT + "/moved%d.md" % edits)
        want["moved%d.md" % edits] = want.pop(name)
    else:
        with open(VAULT + "/.swp", "w", encoding="utf-8") as f:
            f.write("- edited %d\n" % edits)
        os.rename(VAULT + "/.swp", VAULT + "/" + name)
        want[name] = "edited %d" % edits
    ahead = begin + edits / 200 - time.monotonic()
    if ahead > 0:
        time.sleep(ahead)


def held():
    r = daemon.call("search", query="edited", limit=1000)
    return {h["rel"]: h["text"] for h in r["result"]["hits"]} if "result" in r else r


quiet = time.monotonic()
settled = wait_for(lambda: held() == want, 60)
figure("edits", edits)
figure("edits_a_second", edits / (quiet - begin))
figure("edits_seen_after_s", time.monotonic() - quiet)
got = held()
ok("%d edits, renames and removals under --watch: the index is the vault" % edits, settled,
   (sorted(set(got.items()) ^ set(want.items()))[:10]) if isinstance(got, dict) else got)
watcher.terminate()
ok("the watcher ends well", watcher.wait(20) == 0)
check = kbindex("--check")
ok("--check finds nothing", check.returncode == 0, check.stdout)
daemon.end()
done()
