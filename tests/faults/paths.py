# SPDX-License-Identifier: GPL-2.0-or-later
"""
paths.py VAULT SECRET: asks for what lies outside the vault, by 40 paths and as a resource of MCP;
then 100,000 times for a note while a note and a link to the secret change places. TAP and figures.
"""
import ctypes
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["KB_SRCDIR"], "tests/cli"))
from rpc import Client

VAULT, SECRET = sys.argv[1:3]
SWAPS = int(os.environ.get("KB_SWAPS", 100000))
count = 0


def ok(name, good, why=""):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    if not good:
        print("# %s" % (str(why)[:300],))


secret = open(SECRET, encoding="utf-8").read().strip()
rel = os.path.relpath(SECRET, VAULT)
paths = ["", ".", "..", "/", "//", "/etc/passwd", "../" * 20 + "etc/passwd", rel, "./" + rel, "a/../" + rel, VAULT + "/" + rel,
         VAULT + "/../" + os.path.basename(os.path.dirname(SECRET)) + "/key.md", SECRET, "//" + SECRET, "/proc/self/environ",
         "/proc/self/root" + SECRET, "/dev/null", "/dev/zero", "/dev/stdin", "/proc/self/fd/0", "pipe.md", VAULT + "/pipe.md",
         "link.md", VAULT + "/link.md", "absolute.md", "folder/key.md", VAULT + "/folder/key.md", "chain.md", "a.md/", "a.md/.",
         "a.md/../" + rel, "..%2f" + rel, "%2e%2e/" + rel, "\\..\\" + rel, "a.md\n" + rel, "\u2025/" + rel, "~/.ssh/id_rsa",
         "$HOME/.bashrc", "file://" + SECRET, "file:///etc/passwd", "x" * 4000, "x/" * 2000, "CON", "a.md:stream", "*.md", "key"]
c, leaked, slow = Client(), 0, 0.0
c.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})


def ask(method, params):
    global leaked, slow
    begin = time.monotonic()
    answer = c.call(method, params)
    slow = max(slow, time.monotonic() - begin)
    leaked += secret in json.dumps(answer) or "root:" in json.dumps(answer)
    return answer


refused = 0
for path in paths:
    for params in ({"path": path}, {"path": path, "vault": "vault"}, {"path": path, "line": 1}):
        refused += "error" in ask("get", params)
    for method in ("related", "links", "backlinks"):
        ask(method, {"path": path} if method == "related" else {"note": path})
    for uri in ("kbsearch://vault/" + path, "kbsearch://vault/" + urllib.parse.quote(path), "file://" + path, path):
        ask("resources/read", {"uri": uri})
        ask("tools/call", {"name": "get", "arguments": {"path": path}})
ok("%d paths, as notes and as resources: nothing from outside" % len(paths), leaked == 0, leaked)
ok("each is refused", refused == 3 * len(paths), (refused, 3 * len(paths)))
print("# figure hostile_paths %d" % len(paths))
print("# figure hostile_paths_slowest_ms %.3g" % (slow * 1000))

# The swapper: a note and a link change places as fast as the kernel lets them.
libc = ctypes.CDLL(None, use_errno=True)
a, b = os.fsencode(VAULT + "/swapped.md"), os.fsencode(VAULT + "/.other")
da, db = os.fsencode(VAULT + "/swapdir"), os.fsencode(VAULT + "/.otherdir")
stop = os.path.join(VAULT, ".stop")
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    swaps = 0
    while swaps < SWAPS or not os.path.exists(stop):
        if libc.renameat2(-100, a, -100, b, 2) or libc.renameat2(-100, da, -100, db, 2):
            os._exit(1)
        swaps += 2
    os.write(w, b"%d" % swaps)
    os._exit(0)
asked = inside = 0
begin = time.monotonic()
while time.monotonic() - begin < 60 and (asked < 3000 or os.waitpid(pid, os.WNOHANG)[0] == 0 and asked < 20000):
    for path in ("swapped.md", "swapdir/in.md"):
        inside += "result" in ask("get", {"path": path})
        asked += 1
    if asked == 4000:
        open(stop, "w", encoding="utf-8").close()
open(stop, "w", encoding="utf-8").close()
try:
    os.waitpid(pid, 0)
except ChildProcessError:
    pass
swaps = int(os.read(r, 20))
print("# figure link_swaps %d\n# figure link_swaps_asked %d\n# figure link_swaps_inside %d\n# figure link_swaps_leaked %d" % (
    swaps, asked, inside, leaked))
ok("links swapped while notes are read: nothing from outside", leaked == 0 and swaps >= SWAPS and inside > 0, (leaked, swaps, inside))
print("1..%d" % count)
