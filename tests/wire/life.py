# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a real kbsearchd without an index, in TAP. Run by tests/cli/daemon-life.sh."""
import json
import os
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import time

ROOT = os.environ["KB_TEST_DIR"]
RUN = ROOT + "/sockets"
PATH = RUN + "/k.sock"
DB = ROOT + "/db"
PROGRAM = shutil.which("kbsearchd")
count = 0


def ok(name, good, why=""):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name))
    if not good:
        print("# %s" % (why,))


def run(*options):
    return subprocess.run([PROGRAM, "--socket", PATH, "--db", DB, *options],
                          capture_output=True, text=True, timeout=60)


def connect(path=PATH):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(path)
    return s


def ask(s, method="hello", **params):
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        s.sendall((json.dumps(message) + "\n").encode())
    except BrokenPipeError:
        pass  # refused already; the reason is there to read
    try:
        line = s.makefile().readline()
    except ConnectionResetError:
        line = ""  # lost
    return json.loads(line) if line else {}


def pid_of_lock():
    with open(PATH + ".lock") as f:
        return int(f.read())


def kill(pid, number):
    """Signals a process that is not our child, and waits until it has ended."""
    fd = os.pidfd_open(pid)
    os.kill(pid, number)
    ended = select.select([fd], [], [], 30)[0]
    os.close(fd)
    return bool(ended)


def started(*options, before=(), **more):
    """A daemon in the foreground that has said it is ready; `before`: what runs it."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.settimeout(30)
    ready.bind(ROOT + "/ready")
    env = dict(os.environ, NOTIFY_SOCKET=ROOT + "/ready")
    p = subprocess.Popen([*before, PROGRAM, "--socket", PATH, "--db", DB, "--foreground", *options],
                         env=env, stderr=subprocess.DEVNULL, **more)
    said = ready.recv(100)
    ready.close()
    os.unlink(ROOT + "/ready")
    return p, said


def test_usage():
    for options in (["--thread", "2"], ["--threads", "0"], ["--threads", "x"], ["--threads"],
                    ["--db="], ["word"], ["-x"], ["--help=1"]):
        r = run(*options)
        ok("usage: " + " ".join(options), r.returncode == 64 and r.stderr.count("\n") == 1, r)
    ok("help", run("--help").returncode == 0 and "--idle-exit" in run("--help").stdout)


def test_detached():
    for mask in (0o000, 0o022, 0o077):
        before = os.umask(mask)
        r = run()
        os.umask(before)
        mode = stat.S_IMODE(os.stat(PATH).st_mode)
        ok("starts and listens, umask %03o" % mask, r.returncode == 0 and mode == 0o600, (r, mode))
        s = connect()
        ok("greets without an index", ask(s)["result"]["index"] is None)
        ok("searches without one fail clearly",
           ask(s, "search", query="a")["error"]["data"]["reason"] == "no_index")
        r = run()
        ok("a second one tells the pid of the first",
           r.returncode == 75 and str(pid_of_lock()) in r.stderr, r)
        ok("TERM ends it", kill(pid_of_lock(), signal.SIGTERM))
        ok("its clients see the end", s.recv(1) == b"")
        ok("its socket is gone", not os.path.exists(PATH))


def test_stale():
    s = socket.socket(socket.AF_UNIX)
    s.bind(PATH)
    s.close()
    ok("a stale socket is replaced", run().returncode == 0 and "result" in ask(connect()))
    kill(pid_of_lock(), signal.SIGKILL)
    ok("so is one of a killed daemon", run().returncode == 0 and "result" in ask(connect()))
    os.unlink(PATH)
    other = socket.socket(socket.AF_UNIX)
    other.bind(PATH)
    kill(pid_of_lock(), signal.SIGTERM)
    ok("another's socket is left alone at the end", os.path.exists(PATH))
    other.listen(1)
    ok("and at the beginning, when it listens", run().returncode == 75 and os.path.exists(PATH))
    other.close()
    os.unlink(PATH)


def test_refused_places():
    open(PATH, "w").close()
    ok("a file at the path", run().returncode == 73 and os.path.isfile(PATH))
    os.unlink(PATH)
    os.symlink("/etc/passwd", PATH)
    ok("a link at the path", run().returncode == 73 and os.path.islink(PATH))
    os.unlink(PATH)
    os.chmod(RUN, 0o755)
    ok("a folder open to others", run().returncode == 73)
    os.chmod(RUN, 0o700)
    r = subprocess.run([PROGRAM, "--socket", ROOT + "/" + "x" * 200], capture_output=True)
    ok("a path too long", r.returncode == 78 and not os.path.exists(ROOT + "/" + "x" * 100))


def test_race():
    all_at_once = [subprocess.Popen([PROGRAM, "--socket", PATH, "--db", DB],
                                    stderr=subprocess.DEVNULL) for _ in range(10)]
    codes = sorted(p.wait() for p in all_at_once)
    ok("of ten at once one lives", codes == [0] + 9 * [75], codes)
    kill(pid_of_lock(), signal.SIGTERM)


def answers(connections):
    replies = [ask(c) for c in connections]
    good = sum("result" in r for r in replies)
    told = sum(r.get("error", {}).get("data", {}).get("reason") == "overloaded" for r in replies)
    return good, told


def test_crowd():
    p, said = started()
    ok("tells the service manager", said == b"READY=1", said)
    crowd = [connect() for _ in range(500)]
    good, told = answers(crowd)
    ok("500 connect, 128 are served, the others are told", (good, told) == (128, 372), (good, told))
    for c in crowd:
        c.close()
    p.send_signal(signal.SIGINT)
    ok("INT ends it", p.wait(30) == 0)


def child_of(p):
    with open("/proc/%d/task/%d/children" % (p.pid, p.pid), encoding="ascii") as f:
        return int(f.read().split()[0])


def stopped(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "T"


def test_room():
    """All at once for the loop: one who comes, all who hang up, and one who comes behind them."""
    p, _ = started()
    crowd = [connect() for _ in range(128)]
    ok("a full house", answers(crowd) == (128, 0))
    worker = child_of(p)
    os.kill(worker, signal.SIGSTOP)
    while not stopped(worker):
        pass
    before = connect()
    for c in crowd:
        c.close()
    behind = connect()
    os.kill(worker, signal.SIGCONT)
    ok("who hangs up makes room for who comes behind", "result" in ask(behind))
    before.close()
    p.terminate()
    ok("TERM ends it then", p.wait(30) == 0)


def test_few_descriptors():
    for limit in (24, 40, 64):
        p, _ = started(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        crowd = [connect() for _ in range(100)]
        good, told = answers(crowd)
        ok("%d descriptors: some served, all told" % limit, good >= 1 and good + told == 100,
           (good, told))
        for c in crowd:
            c.close()
        p.terminate()
        ok("%d descriptors: ends well" % limit, p.wait(30) == 0)


def test_idle_exit():
    p, _ = started("--idle-exit", "1")
    ok("ends when idle", p.wait(30) == 0 and not os.path.exists(PATH))


def state(pid, thread):
    with open("/proc/%d/task/%s/stat" % (pid, thread)) as f:
        return f.read().rpartition(")")[2].split()[0]


def pending(pid):
    """The signals that wait for a process, as bits."""
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f if line.startswith("ShdPnd")).split()[1], 16)


def test_arrived():
    """What was sent before the end was asked for is answered, once, accepted or not."""
    p, _ = started()
    crowd = [connect() for _ in range(40)]
    with open("/proc/%d/task/%d/children" % (p.pid, p.pid)) as f:
        child = int(f.read())
    os.kill(child, signal.SIGSTOP)
    while any(state(child, thread) != "T" for thread in os.listdir("/proc/%d/task" % child)):
        pass
    for c in crowd[:20]:
        c.sendall(b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"hello"}\n' % i for i in range(3)))
    late = [connect() for _ in range(20)]
    for c in late:
        c.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello"}\n')
    p.terminate()
    while not pending(child) & 1 << signal.SIGTERM - 1:
        pass  # the keeper hands it on
    os.kill(child, signal.SIGCONT)
    got = [c.makefile().read().count('"result"') for c in crowd[:20] + late]
    ok("TERM: what had arrived is answered", got == 20 * [3] + 20 * [1], got)
    ok("TERM: then it ends", p.wait(30) == 0)


def test_asked_while_ending():
    """An idle daemon that ends at the moment it is asked."""
    for offset in range(8):
        p, _ = started("--idle-exit", "1")
        ask(connect())
        until = time.monotonic() + 0.996 + offset / 1000
        while time.monotonic() < until:
            pass
        try:
            good = "result" in ask(connect())
        except (FileNotFoundError, ConnectionRefusedError):
            good = True  # told at once: the client starts another
        ok("asked %d ms around its end" % (offset - 4), good)
        p.terminate()
        p.wait(30)


def can_trace():
    return shutil.which("strace") and not subprocess.run(
        ["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode


def test_asked_at_the_very_end():
    """One that connects when the idle end is settled, and the path not yet removed."""
    if not can_trace():
        return ok("asked while the path goes # SKIP no strace that may trace", True)
    log = ROOT + "/calls"
    p, _ = started("--idle-exit", "1", before=[
        "env", "ASAN_OPTIONS=detect_leaks=0",  # which is no use to one that is traced
        "strace", "-D", "-f", "-q", "-o", log, "-e", "trace=rename,unlink",
        "-e", "inject=rename,unlink:delay_enter=500000"])
    while "k.sock" not in open(log).read():
        pass  # it is about to
    ok("asked while the path goes", "result" in ask(connect()))
    ok("and it goes in the end", p.wait(30) == 0 and not os.path.exists(PATH))


def test_handed_over():
    path = ROOT + "/handed"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(5)
    command = "exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec %s --db %s" % (
        listening.fileno(), PROGRAM, DB)
    p = subprocess.Popen(["sh", "-c", command], pass_fds=[listening.fileno()])
    ok("answers on a socket it was handed", "result" in ask(connect(path)))
    p.terminate()
    ok("and leaves it there", p.wait(30) == 0 and os.path.exists(path))
    p = subprocess.Popen(["sh", "-c", "exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec %s" % PROGRAM],
                         stderr=subprocess.DEVNULL)
    ok("a descriptor that is no socket", p.wait(30) == 73)


os.mkdir(RUN, 0o700)
for test in [t for name, t in sorted(globals().items()) if name.startswith("test_")]:
    test()
print("1..%d" % count)
