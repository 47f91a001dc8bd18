# SPDX-License-Identifier: GPL-2.0-or-later
"""
points.py: kbindex is killed, or its storage fails, at each call of a kind in turn. After each: the
index is exactly one generation, a daemon goes on serving it, the tables are whole, and the next
run gives what a clean build gives.
"""
from faults import *
import errno

KILLED = ("openat", "pwrite64", "fdatasync", "fsync", "rename", "unlinkat", "symlinkat", "mkdir", "write")
FAILING = ("pwrite64", "write", "fdatasync", "fsync", "rename", "openat", "pread64")
ERRORS = ("ENOSPC", "EIO", "EDQUOT")

unnamed = []
make_shim()
golden = goldens()
fresh(T + "/golden1")
set_vault(2)
daemon = Daemon()


def at(call, n, sticky, what, mode):
    """One point; None when the run made fewer such calls, else what was wrong."""
    fresh(T + "/golden1")
    number = 0 if what == "kill" else getattr(errno, what)
    run = kbindex(*mode, env=under_shim(KB_FAULT="%s:%d%s:%d" % (call, n, "+" if sticky else "", number)))
    seen = seen_by(daemon)
    if run.returncode == 0 and seen == golden[2] and not run.stdout:
        return None
    wrong = []
    if seen not in (golden[1], golden[2]):
        wrong.append("seen: %s" % (seen,) if isinstance(seen, str) else "a mixture is seen")
    if run.returncode == 0 and seen != golden[2]:
        wrong.append("exit 0, and the old index")
    if what != "kill":
        if run.returncode < 0:
            wrong.append("signal %d" % -run.returncode)
        if run.returncode > 0 and os.strerror(number) not in run.stdout:
            # Xapian passes over a table that cannot be opened once: it is found to give nothing.
            if call == "openat" and not sticky and "damaged" in run.stdout:
                unnamed.append(run.stdout)
            else:
                wrong.append("it says: " + run.stdout)
        if run.returncode > 0 and DB not in run.stdout and T not in run.stdout:
            wrong.append("no path: " + run.stdout)
    elif run.returncode not in (0, -signal.SIGKILL) and not run.stdout:
        wrong.append("exit %d" % run.returncode)
    check = kbindex("--check=index")
    if check.returncode:
        wrong.append("check: " + check.stdout)
    again = kbindex()
    if again.returncode or seen_by(daemon) != golden[2]:
        wrong.append("the next run: %d %s" % (again.returncode, again.stdout))
    return wrong


def sweep(calls, whats, stickies, mode, step):
    points, bad = 0, []
    for call in calls:
        for what in whats:
            for sticky in stickies:
                n, fine = 1, 0
                while fine < 3 and n < 400:
                    wrong = at(call, n, sticky, what, mode)
                    if wrong is None:
                        fine += 1
                    else:
                        fine = 0
                        points += 1
                        bad += ["%s %d%s %s %s: %s" % (call, n, "+" if sticky else "", what, mode, w) for w in wrong]
                    n += step.get(call, 1)
    return points, bad


coarse = {} if LONG else {"openat": 3, "pread64": 5, "pwrite64": 2}
finer = {} if LONG else {"openat": 2, "pread64": 4}
for mode in ((), ("--full", "--jobs=1")):
    name = "full" if mode else "update"
    step = coarse if not mode or LONG else {"openat": 11, "pread64": 13, "pwrite64": 7, "write": 2, "unlinkat": 3}
    points, bad = sweep(KILLED, ("kill",), (False,), mode, step if mode else finer)
    figure("kill_points_" + name, points)
    ok("killed at %d points of %s: one generation, mended by the next run" % (points, name), not bad, "\n".join(bad))
    ok("many points", points >= 40, points)
    points, bad = sweep(FAILING, ERRORS if LONG or not mode else ("ENOSPC",), (False, True), mode, step)
    figure("error_points_" + name, points)
    ok("storage fails at %d points of %s: an error, the old answers, mended by the next run" % (points, name),
       not bad, "\n".join(bad))
    ok("many points", points >= 40, points)
figure("errors_without_their_reason", len(unnamed))
daemon.end()
done()
