# SPDX-License-Identifier: GPL-2.0-or-later
"""
life.py: who may connect, what may stand where the socket goes, two daemons at once; signals at
random moments; few file descriptors; edits that times do not tell of.
"""
from faults import *
import random
import resource
import socket
import stat

random.seed(int(os.environ.get("KB_SEED", 4)))
os.makedirs(T + "/fs", exist_ok=True)
set_vault(1)
assert kbindex(VAULT).returncode == 0
RUN = T + "/run"


def kbsearchd(path, *options, **more):
    return subprocess.Popen(["kbsearchd", "--foreground", "--db", DB, "--socket", path, *options],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)


def listens(process):
    """Reads on until it says so, or ends; what it said."""
    said = ""
    for line in process.stderr:
        said += line
        if "listening" in line:
            return said
    process.wait()
    return said


def answers(path):
    try:
        return "result" in Client(path=path).call("hello")
    except (OSError, EOFError):
        return False


# --- whose socket ----------------------------------------------------------------------------------
TRY = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ntry: s.connect(sys.argv[1])\nexcept OSError: sys.exit(3)"
bad, tried = [], 0
for umask in (0o000, 0o002, 0o022, 0o077):
    path = RUN + "/u%o/s" % umask
    p = kbsearchd(path, preexec_fn=lambda u=umask: os.umask(u))
    listens(p)
    modes = [stat.S_IMODE(os.stat(x).st_mode) for x in (os.path.dirname(path), path)]
    if modes != [0o700, 0o600] or not answers(path):
        bad.append("umask %03o: %s" % (umask, [oct(m) for m in modes]))
    if os.getuid() == 0:
        # In the folder, too, the socket alone has to hold.
        for opened in (False, True):
            for d in (T, RUN, os.path.dirname(path)):
                os.chmod(d, 0o711 if opened else 0o700)
            tried += 1
            run = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", TRY, path], check=False)
            if run.returncode != 3:
                bad.append("umask %03o: another user connects (exit %d)" % (umask, run.returncode))
        for d in (T, RUN, os.path.dirname(path)):
            os.chmod(d, 0o700)
    p.terminate()
    if p.wait(20) or os.path.exists(path):
        bad.append("umask %03o: exit %d" % (umask, p.returncode))
figure("sockets_tried_as_another_user", tried)
ok("folder 0700, socket 0600 under each umask, another user never connects", not bad, "\n".join(bad))

bad = []


def refused(what, path, kept=None):
    before = os.lstat(kept or path) if os.path.lexists(kept or path) else None
    p = kbsearchd(path)
    said = listens(p)
    if p.poll() is None:
        p.terminate()
        p.wait(20)
        bad.append("%s: it listens" % what)
    elif p.returncode not in (73, 75, 78, 64) or not said.strip():
        bad.append("%s: exit %d: %s" % (what, p.returncode, said))
    after = os.lstat(kept or path) if os.path.lexists(kept or path) else None
    if before and (not after or after.st_ino != before.st_ino):
        bad.append("%s: it is gone" % what)


os.mkdir(RUN + "/open", 0o700)
os.chmod(RUN + "/open", 0o1777)
refused("a folder for all", RUN + "/open/s")
os.symlink(RUN + "/u77", RUN + "/link")
refused("a folder that is a link", RUN + "/link/s")
if os.getuid() == 0:
    os.mkdir(RUN + "/foreign", 0o700)
    os.chown(RUN + "/foreign", 65534, 65534)
    refused("a folder of another user", RUN + "/foreign/s")
os.mkdir(RUN + "/mine", 0o700)
open(RUN + "/mine/file", "w", encoding="ascii").close()
refused("a file at the path", RUN + "/mine/file")
os.mkdir(RUN + "/mine/folder")
refused("a folder at the path", RUN + "/mine/folder")
os.symlink(RUN + "/mine/file", RUN + "/mine/symlink")
refused("a link at the path", RUN + "/mine/symlink")
room = 107 - len(RUN + "/mine/")
for n, fits in ((107, True), (108, False), (200, False)):
    path = RUN + "/mine/" + "s" * (n - len(RUN + "/mine/"))
    if not fits:
        refused("a name of %d bytes" % n, path)
        continue
    p = kbsearchd(path)
    said = listens(p)
    if not answers(path):
        bad.append("a name of %d bytes: %s" % (n, said))
    p.terminate()
    p.wait(20)
if os.listdir(RUN + "/mine") and any(stat.S_ISSOCK(os.lstat(RUN + "/mine/" + f).st_mode) for f in os.listdir(RUN + "/mine")):
    bad.append("a socket of another name is left: %s" % os.listdir(RUN + "/mine"))
stale = socket.socket(socket.AF_UNIX)
stale.bind(RUN + "/mine/stale")
stale.close()
p = kbsearchd(RUN + "/mine/stale")
listens(p)
if not answers(RUN + "/mine/stale"):
    bad.append("a socket that was left over: not taken")
refused("a socket with a daemon", RUN + "/mine/stale")
if not answers(RUN + "/mine/stale"):
    bad.append("a socket with a daemon: it answers no more")
p.terminate()
p.wait(20)
ok("what may not be there is refused and left alone", not bad, "\n".join(bad))

races, bad, path = 30 * (7 if LONG else 1), [], RUN + "/mine/race"
for n in range(races):
    if n % 3 == 0:
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
    both = [kbsearchd(path), kbsearchd(path)]
    said = [None, None]
    # The loser ends by itself.
    while all(b.poll() is None for b in both):
        time.sleep(0.002)
    winner = [b for b in both if b.poll() is None]
    loser = [b for b in both if b.poll() is not None]
    if len(winner) != 1 or loser[0].returncode != 75:
        bad.append("%d: exits %s" % (n, [b.poll() for b in both]))
    for b in winner:
        listens(b)
        if not answers(path):
            bad.append("%d: the winner does not answer" % n)
        b.terminate()
        b.wait(20)
    for b in both:
        b.stderr.close()
figure("daemons_raced", races)
ok("of two daemons one lives, and answers", not bad, "\n".join(bad))

# --- signals ---------------------------------------------------------------------------------------
moments, bad, slowest = 40 * (5 if LONG else 1), [], 0
for n in range(moments):
    number = (signal.SIGTERM, signal.SIGINT)[n % 2]
    path = RUN + "/mine/signal"
    p = kbsearchd(path)
    if n % 4:
        listens(p)
        client = Client(path=path)
        for i in range(random.randrange(20)):
            client.ask("search", {"query": "common x%d" % i})
    time.sleep(random.uniform(0, 0.03))
    if n % 4 and n % 3 == 0:
        p.send_signal(signal.SIGHUP)  # reads its configuration again
    begin = time.monotonic()
    p.send_signal(number)
    if n % 4:
        want, got = client.id, set()
        try:
            while len(got) < want:
                got.add(client.read(5)["id"])
        except (OSError, EOFError, TypeError):
            pass
        if len(got) != want:
            bad.append("%d: %d of %d answers came" % (n, len(got), want))
        client.socket.close()
    code = p.wait(20)
    slowest = max(slowest, time.monotonic() - begin)
    # Before it is ready to, a signal ends it as it ends any program.
    if code not in ((0,) if n % 4 else (0, -number)) or os.path.exists(path):
        bad.append("%d: %s: exit %d, %s" % (n, number.name, code, os.path.exists(path)))
    p.stderr.close()
figure("signals_at_moments", moments)
figure("signals_slowest_end_s", slowest)
ok("TERM and INT, some after a HUP, at %d moments: what was asked is answered, exit 0, the socket gone" % moments, not bad, "\n".join(bad))

with open(T + "/early.c", "w", encoding="ascii") as f:
    f.write("#define _GNU_SOURCE\n#include <signal.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n"
            "int listen(int fd, int n) { int rc = (int)syscall(SYS_listen, fd, n); kill(getpid(), SIGTERM); return rc; }\n")
subprocess.run(["cc", "-shared", "-fPIC", "-o", T + "/early.so", T + "/early.c"], check=True)
p = kbsearchd(RUN + "/mine/early", env={**os.environ, "LD_PRELOAD": T + "/early.so"})
code = (p.wait(20), p.stderr.close())[0]
ok("TERM when the socket has just been made: exit 0, and it is gone", code == 0 and
   not os.path.exists(RUN + "/mine/early"), code)

daemon = Daemon()
pids = [daemon.process.pid, daemon.child()]
bad = []
for n in range(60):
    daemon.client.ask("search", {"query": "common y%d" % n})
    os.kill(pids[n % 2], signal.SIGPIPE)
    if n % 10 == 0:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(6 if LONG else 0.2)  # the stopped state itself is the event
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    answer = daemon.client.read()
    # One that had begun when all stood still for longer than its deadline is late.
    if "result" not in answer and not (LONG and answer["error"]["data"]["reason"] == "timed_out"):
        bad.append((n, answer))
ok("PIPE, STOP and CONT do no harm", not bad and [daemon.process.pid, daemon.child()] == pids, bad)
daemon.end()

# --- few descriptors -------------------------------------------------------------------------------
golden, bad, busiest, back = None, [], 0, 0


def cpu(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


for limit in range(24, 65, 8 if not LONG else 4):
    daemon = Daemon(preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)))
    whole = seen_by(daemon)
    golden = golden or whole
    if whole != golden:
        bad.append("%d: at first: %s" % (limit, whole))
    crowd = []
    for _ in range(200):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(SOCKET)
        except BlockingIOError:
            pass
        crowd.append(s)
    used, begin = cpu(daemon.child()), time.monotonic()
    for n in range(10):
        set_vault(1 + n % 2)  # it is opened anew meanwhile
        kbindex()
        r = daemon.call("search", query="common bullet", limit=200)
        if "result" not in r or not r["result"]["hits"] or not r["result"]["hits"][0]["text"]:
            bad.append("%d: attached: %s" % (limit, str(r)[:200]))
        time.sleep(0.1)
    busy = (cpu(daemon.child()) - used) / (time.monotonic() - begin)
    busiest = max(busiest, busy)
    if busy > 0.2:
        bad.append("%d: %.0f %% of a core" % (limit, busy * 100))
    for s in crowd + [daemon.client.socket]:
        s.close()
    begin = time.monotonic()
    while not answers(SOCKET) and time.monotonic() - begin < 20:
        pass
    back = max(back, time.monotonic() - begin)
    daemon.connect()
    set_vault(1)
    kbindex()
    if seen_by(daemon) != golden or daemon.end():
        bad.append("%d: at last" % limit)
figure("few_descriptors_busiest_percent", 100 * busiest)
figure("few_descriptors_back_s", back)
ok("24 to 64 descriptors and 200 clients: no spin, who is attached is served", not bad, "\n".join(bad))
ok("and soon all are again", back < 10, back)

# --- times that do not tell ------------------------------------------------------------------------
empty(VAULT)
N = 1000
for n in range(N):
    write("n%d.md" % n, "- first %04d aaaa\n" % n)
assert kbindex().returncode == 0
TIMES = (None, 0, -1, -2 ** 31 + 7, 2 ** 33, int(time.time()) + 86400 * 400, 1)
for n in range(N):
    path = VAULT + "/n%d.md" % n
    st = os.stat(path)
    write("n%d.md" % n, "- first %04d bbbb\n" % n)  # as long as before
    when = TIMES[n % len(TIMES)]
    if when is None:
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))  # and as old
    else:
        os.utime(path, (when, when))
run = kbindex()
daemon = Daemon()


def total(query):
    return daemon.call("search", query=query, match="strict", limit=0, exact=True)["result"]["total"]


missed = N - total("bbbb")
ok("%d edits of equal size with odd or kept times: none is missed" % N, missed == 0 and run.returncode == 0, (missed, run.stdout))
missed_twice = 0
for n in range(100 if not LONG else 1000):
    write("twice.md", "- twice %05d once\n" % n)
    a = kbindex()
    write("twice.md", "- twice %05d more\n" % n)  # often within the tick of what the run saw
    b = kbindex()
    missed_twice += a.returncode != 0 or b.returncode != 0 or total('"%05d more"' % n) != 1
figure("edits_with_odd_times", N)
figure("edits_missed", missed + missed_twice)
ok("edited again at once: none is missed", missed_twice == 0, missed_twice)
check = kbindex("--check")
ok("--check finds nothing", check.returncode == 0, check.stdout)
daemon.end()
done()
