# SPDX-License-Identifier: GPL-2.0-or-later
"""
power.py: what kbindex does to its files is logged (shim.c), and states that a disk may be left in
by a power cut are made of it: what was not synced is there, lost, or torn in the middle.

Two file systems: `journal`, where a sync of anything makes earlier names durable, in order; and
`strict`, where names are durable by a sync of their folder alone, and are lost one by one.
Each state must be one generation, whole, and not older than what a finished run had written.
A third pass leaves out the syncs of folders: it must find states that are lost.
"""
from faults import *
import random

STATES = 4000 * SCALE
random.seed(int(os.environ.get("KB_SEED", 3)))
ROOT = T + "/fs"
LOG = T + "/log"
make_shim()
golden = goldens(3)
golden[0] = None


class Disk:
    """Names and contents by inode; the folder ROOT is the inode `root`."""

    def __init__(self, top):
        self.names, self.data, self.links = {}, {}, {}
        self.root = os.stat(top).st_ino
        self.read(top, self.root)

    def read(self, path, ino):
        self.names[ino] = {}
        for entry in os.scandir(path):
            i = entry.stat(follow_symlinks=False).st_ino
            self.names[ino][entry.name] = i
            if entry.is_symlink():
                self.links[i] = os.readlink(entry.path)
            elif entry.is_dir():
                self.read(entry.path, i)
            else:
                with open(entry.path, "rb") as f:
                    self.data[i] = bytearray(f.read())

    def write(self, path, ino=None):
        os.makedirs(path, exist_ok=True)
        for name, i in self.names.get(ino or self.root, {}).items():
            at = path + "/" + name
            if i in self.links:
                os.symlink(self.links[i], at)
            elif i in self.names:
                self.write(at, i)
            else:
                with open(at, "wb") as f:
                    f.write(self.data.get(i, b""))

    def patch(self, i, at, piece):
        d = self.data.setdefault(i, bytearray())
        if len(d) < at:
            d.extend(bytes(at - len(d)))
        d[at:at + len(piece)] = piece

    def size(self, i, n):
        d = self.data.setdefault(i, bytearray())
        del d[n:]
        d.extend(bytes(n - len(d)))

    def copy(self):
        other = object.__new__(Disk)
        other.root = self.root
        other.names = {k: dict(v) for k, v in self.names.items()}
        other.data = {k: bytearray(v) for k, v in self.data.items()}
        other.links = dict(self.links)
        return other


def read_log(disk):
    """Events; inodes are given out anew, since a file system uses them again."""
    now, events, next_ino = {}, [], [1 << 62]

    def new(i):
        next_ino[0] += 1
        now[i] = next_ino[0]
        return now[i]

    with open(LOG, encoding="ascii") as f:
        for line in f:
            w = line.split()
            if w[0] == "ack":
                events.append(("ack", int(w[1])))
                continue
            if w[0] == "data":
                i = int(w[1])
                events.append(("data", now.get(i, i), int(w[2]), bytes.fromhex(w[3]) if len(w) > 3 else b""))
            elif w[0] in ("sync", "size"):
                i = int(w[1])
                events.append((w[0], now.get(i, i)) + tuple(map(int, w[2:])))
            elif w[0] in ("create", "mkdir", "symlink"):
                d, i = int(w[1]), int(w[3])
                if w[0] == "mkdir":
                    disk.names[new(i)] = {}
                elif w[0] == "symlink":
                    disk.links[new(i)] = w[4]
                else:
                    disk.data[new(i)] = bytearray()
                events.append(("name", [(now.get(d, d), w[2], now[i])]))
            elif w[0] == "unlink":
                d = int(w[1])
                events.append(("name", [(now.get(d, d), w[2], None)]))
            elif w[0] == "rename":
                d1, d2, i = int(w[1]), int(w[3]), int(w[5])
                events.append(("name", [(now.get(d2, d2), w[4], now.get(i, i)), (now.get(d1, d1), w[2], None)]))
    return events


def cut(disk, events, model, folders):
    """A state after a power cut somewhere, and the newest generation that was acknowledged."""
    end, acked = random.randrange(len(events) + 1), 0
    past = events[:end]
    last_sync, any_sync = {}, -1
    for k, e in enumerate(past):
        if e[0] == "sync" and (folders or e[1] not in disk.names):
            last_sync[e[1]] = any_sync = k
        if e[0] == "ack":
            acked = e[1]
    state = disk.copy()
    keep = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    names_go_on = True
    for k, e in enumerate(past):
        if e[0] in ("data", "size"):
            durable = last_sync.get(e[1], -1) > k
            if e[0] == "size":
                if durable or random.random() < keep:
                    state.size(e[1], e[2])
                continue
            at, piece = e[2], e[3]
            if not durable and random.random() >= keep:
                if len(piece) <= 4096 or random.random() < 0.7:
                    continue
                half = random.random() < 0.5
                at, piece = (at, piece[:4096]) if half else (at + 4096, piece[4096:])
            state.patch(e[1], at, piece)
        elif e[0] == "name":
            if model == "journal":
                durable = any_sync > k
                names_go_on = names_go_on and (durable or random.random() < keep)
                if not names_go_on:
                    continue
            elif not all(last_sync.get(d, -1) > k for d, _, _ in e[1]) and random.random() >= keep:
                continue
            for d, name, i in e[1]:
                if i is None:
                    state.names.setdefault(d, {}).pop(name, None)
                else:
                    state.names.setdefault(d, {})[name] = i
    return state, acked


def record(steps):
    """Runs under the log: [(generation, options)]; events and the disk before them."""
    disk = Disk(ROOT)
    if os.path.exists(LOG):
        os.remove(LOG)
    for generation, options in steps:
        set_vault(generation)
        run = kbindex(*options, env=under_shim(KB_IOLOG=LOG))
        assert run.returncode == 0, run.stdout
        with open(LOG, "a", encoding="ascii") as f:
            f.write("ack %d\n" % generation)
    return disk, read_log(disk)


def start(golden_of):
    fresh(golden_of and T + "/golden%d" % golden_of)


def try_states(scene, n, folders=True):
    disk, events, first = scene
    unopenable = mixed = lost = 0
    why = []
    for k in range(n):
        model = ("journal", "strict")[k % 2]
        state, acked = cut(disk, events, model, folders)
        acked = max(acked, first)
        empty(DB)
        state.write(ROOT)
        seen = seen_by(daemon)
        got = [g for g in golden if golden[g] == seen]
        if isinstance(seen, str) and seen.startswith("no_index") and not acked:
            got = [0]
        if isinstance(seen, str) and not got:
            unopenable += 1
            why.append("%s, acknowledged %d: %s" % (model, acked, seen))
        elif not got:
            mixed += 1
            why.append("%s: a mixture" % model)
        elif got[0] < acked:
            lost += 1
            why.append("%s: %d, and %d was acknowledged" % (model, got[0], acked))
        elif got[0] and k % 20 == 0:
            check = kbindex("--check=index")
            if check.returncode:
                mixed += 1
                why.append("%s: %s" % (model, check.stdout))
        if k % 100 == 0 and not why:
            set_vault(3)
            again = kbindex(VAULT)
            if again.returncode or seen_by(daemon) != golden[3]:
                unopenable += 1
                why.append("%s: the next run: %s" % (model, again.stdout))
    return unopenable, mixed, lost, why


scenes = []
start(1)
scenes.append(record([(2, ()), (3, ())]) + (1,))
start(0)
scenes.append(record([(1, (VAULT,)), (2, ())]) + (0,))
start(1)
scenes.append(record([(2, ("--full", "--jobs=1")), (3, ())]) + (1,))
daemon = Daemon()
total = [0, 0, 0]
reasons = []
for scene in scenes:
    *sums, why = try_states(scene, STATES // len(scenes) + 1)
    total = [a + b for a, b in zip(total, sums)]
    reasons += why
figure("power_events", sum(len(s[1]) for s in scenes))
figure("power_states", 3 * (STATES // 3 + 1))
for name, value in zip(("unopenable", "mixed", "acknowledged_lost"), total):
    figure("power_" + name, value)
    ok("power cut: 0 states %s" % name, value == 0, "\n".join(reasons[:20]))
*sums, why = try_states(scenes[0], 400, folders=False)
figure("power_bad_without_folder_sync", sum(sums))
ok("without the folder's sync it would be seen", sum(sums) > 0)
daemon.end()
done()
