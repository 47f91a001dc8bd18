# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the tests of storage and processes share: TAP, a small vault in two states, what a daemon
finds in an index, and programs run under shim.c. All in $T, as tests/cli/lib.sh has set it up.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["KB_SRCDIR"], "tests/cli"))
from rpc import Client

T = os.environ["KB_TEST_DIR"]
DB, VAULT, SHIM = T + "/fs/db", T + "/vault", T + "/shim.so"
SOCKET = T + "/run/faults/s"
LONG = bool(os.environ.get("KB_LONG"))
SCALE = 10 if LONG else 1
count = failed = 0


def ok(name, good, why=""):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    if not good:
        for line in str(why)[:2000].splitlines():
            print("# " + line, flush=True)


def figure(name, value):
    print("# figure %s %s" % (name, "%.4g" % value if isinstance(value, float) else value), flush=True)


def done():
    print("1..%d" % count)
    sys.exit(failed > 0)


def make_shim():
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", SHIM,
                    os.environ["KB_SRCDIR"] + "/tests/faults/shim.c", "-ldl"], check=True)


def write(rel, text):
    path = VAULT + "/" + rel
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def note(n, generation):
    bullets = "".join("- common bullet %d of %d in generation%d\n" % (k, n, generation) for k in range(3))
    return "# Note %d generation%d\n\n%s" % (n, generation, bullets)


def set_vault(generation, notes=8):
    """Every unit of a generation tells which it is; notes come, go and move with it."""
    empty(VAULT)
    for n in range(1, notes + 1):
        if (n + generation) % notes:
            write("daily/2026-04-%02d.md" % (n + (generation % 3 if n == 2 else 0) * 10),
                  note(n, generation))


def kbindex(*options, env=None, timeout=60, **more):
    return subprocess.run(["kbindex", "--quiet", "--db", DB, *options], env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=timeout, check=False, **more)


def under_shim(**env):
    return {"LD_PRELOAD": SHIM, **env}


class Daemon:
    def __init__(self, *options, env=None, db=DB, path=SOCKET, **more):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.path = path
        self.log = open(T + "/daemon.log", "ab")
        self.process = subprocess.Popen(
            ["kbsearchd", "--foreground", "--db", db, "--socket", path, *options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env={**os.environ, **(env or {})}, **more)
        self.client = None
        self.connect()

    def connect(self, seconds=20):
        end = time.monotonic() + seconds
        while True:
            try:
                self.client = Client(path=self.path)
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.005)

    def call(self, method, seconds=20, **params):
        """The answer. A child that outgrew its sandbox closes its connections: then asked again."""
        try:
            return self.ask(method, seconds, params)
        except (BrokenPipeError, ConnectionResetError, EOFError):
            self.connect()
            return self.ask(method, seconds, params)

    def ask(self, method, seconds, params):
        asked = self.client.ask(method, params)
        while True:
            answer = self.client.read(seconds)
            if answer is None:
                raise TimeoutError(method)
            if answer.get("id") == asked:
                return answer
            if "id" in answer and answer["id"] is None:  # it could not be read: the connection ends
                self.connect()
                return answer

    def child(self):
        """What answers: who connects may be heard before it is made."""
        while self.process.poll() is None:
            with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="ascii") as f:
                pids = f.read().split()
            if pids:
                return int(pids[0])
            time.sleep(0.001)
        raise ChildProcessError("the daemon has ended")

    def end(self):
        if self.client:
            self.client.socket.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def opened(pid):
    """What its descriptors are of; one that goes, or the process, while they are listed is none."""
    links, folder = [], "/proc/%d/fd" % pid
    try:
        for fd in os.listdir(folder):
            try:
                links.append(os.readlink("%s/%s" % (folder, fd)))
            except FileNotFoundError:
                pass
    except FileNotFoundError:
        pass
    return links


def seen_by(daemon):
    """What the index answers, whole: a value to compare; a string when it is an error."""
    got = []
    for query in ("common bullet", "generation1", "generation2", "generation3", "note"):
        r = daemon.call("search", query=query, limit=200, sort="path")
        if "error" in r:
            return "%s: %s" % (r["error"].get("data", {}).get("reason"), r["error"]["message"])
        got.append(tuple(sorted((h["path"], h["line"], h.get("text", "")) for h in r["result"]["hits"])))
    return tuple(got)


def empty(folder):
    """A daemon may hold on to the folder itself: only what is in it goes."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.remove(entry.path)


def fresh(golden):
    empty(DB)
    if golden:
        shutil.copytree(golden, DB, symlinks=True, dirs_exist_ok=True)


def goldens(last=2):
    """T/golden1: the index of generation 1; what is seen of each generation, built clean."""
    os.makedirs(T + "/fs", exist_ok=True)
    seen = {}
    for g in range(last, 0, -1):
        fresh(None)
        set_vault(g)
        run = kbindex(VAULT)
        assert run.returncode == 0, run.stdout
        daemon = Daemon()
        seen[g] = seen_by(daemon)
        daemon.end()
        assert isinstance(seen[g], tuple) and len(seen[g][0]) > 10, seen[g]
        shutil.copytree(DB, T + "/golden%d" % g, symlinks=True)
    return seen
