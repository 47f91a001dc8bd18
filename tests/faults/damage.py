# SPDX-License-Identifier: GPL-2.0-or-later
"""
damage.py: tables of a served index are damaged, one place at a time. Xapian has no checksums, so
an answer may be wrong and the library may crash. But nothing hangs, who asks is answered again at
once, a daemon that would crash for ever says so instead, what crashes is found by `kbindex
--check`, and a mended index is served by itself.
"""
from faults import *
import random

EACH = 400 if LONG else int(os.environ.get("KB_DAMAGES", 75))
KINDS = ("bit", "bytes", "block", "cut")
random.seed(int(os.environ.get("KB_SEED", 5)))

os.makedirs(DB, exist_ok=True)
assert kbindex(VAULT).returncode == 0
GOLD = "gen-2000"  # what a good one is called
shutil.copytree(DB + "/" + os.readlink(DB + "/current"), T + "/gold")
FILES = ["docdata", "postlist", "termlist"]
QUESTIONS = [("search", {"query": q, "limit": 100, "sort": "path"}) for q in (
    "model", '"closed source"', "open weights -rumor", "bench*", "date:2026-04-01..2026-04-12 model",
    "kind:note", "entity:\"Muse Spark\"", "note:(muse benchmark)")] + [
    ("search", {"query": "muse spark gemini licence", "match": "any", "limit": 200, "facets": "kind"}),
    ("suggest", {"prefix": "mo"}), ("timeline", {"query": "muse"}), ("backlinks", {"note": "Muse Spark"}),
    ("facet", {"query": "model", "field": "kind"}), ("status", {})]


# A reader that is led in a circle is told of a second after the deadline, and half a second more
# where the daemon had just looked. Whoever is asked again after the process was ended has a deadline anew.
DEADLINE = {method: {"deadline_ms": 2000} for method in ("search", "suggest", "timeline", "backlinks", "facet")}
WANTED, WANTED_STATUS = 3.5, 6.5


def good():
    """The good index, whatever was done to the folder."""
    shutil.rmtree(DB + "/" + GOLD, ignore_errors=True)
    shutil.copytree(T + "/gold", DB + "/" + GOLD)
    swap(GOLD)


def swap(name):
    os.symlink(name, DB + "/next")
    os.rename(DB + "/next", DB + "/current")


def damage(path, kind):
    size = os.path.getsize(path)
    at = random.randrange(size)
    with open(path, "r+b") as f:
        if kind == "bit":
            f.seek(at)
            byte = f.read(1)[0] ^ 1 << random.randrange(8)
            f.seek(at)
            f.write(bytes((byte,)))
        elif kind == "bytes":
            f.seek(at)
            f.write(random.randbytes(8))
        elif kind == "block":
            f.seek(at // 8192 * 8192)
            f.write(random.randbytes(8192))
        else:
            f.truncate(at)


def crashes():
    with open(T + "/daemon.log", encoding="utf-8", errors="replace") as f:
        return f.read().count("was ended by signal")


def ended_circles():
    with open(T + "/daemon.log", encoding="utf-8", errors="replace") as f:
        return f.read().count("an answer does not end")


def checked(*options, env=None):
    """kbindex; exit status 124 of one that does not end. What it did not end with is kept at $KB_KEEP."""
    try:
        return kbindex(*options, env=env)
    except subprocess.TimeoutExpired:
        if os.environ.get("KB_KEEP"):
            shutil.copytree(DB, "%s/%d" % (os.environ["KB_KEEP"], trial), symlinks=True, dirs_exist_ok=True)
        return subprocess.CompletedProcess(options, 124, "does not end")


def told(answer):
    """What counts of an answer: not when it was made."""
    if "error" in answer:
        return answer["error"]["data"]["reason"]
    result = answer["result"]
    if "vaults" in result:
        return result.get("error") or [result["units"], result["notes"]]
    return {k: v for k, v in result.items() if k not in ("took_us", "revision", "cursor", "index")}


slowest, slowest_status, slowest_back, slowest_again, told_late = 0, 0, 0, 0, 0
over = 0  # answers that took longer than wanted


def back(daemon):
    """Seconds until something is answered again by the daemon that closed the connection; how often it did so."""
    begin, lost = time.monotonic(), 0
    while True:
        try:
            daemon.connect()
            daemon.ask("hello", 60, {})
            return time.monotonic() - begin, lost
        except (BrokenPipeError, ConnectionResetError, EOFError):
            lost += 1


def asked(daemon, method, params):
    """The answer, asked for until it comes; how often the connection was lost, and what for."""
    global slowest, slowest_status, slowest_back, slowest_again, told_late, over
    lost, answer = 0, None
    begin = time.monotonic()
    while lost < 20 and answer is None:
        asked_at = time.monotonic()
        try:
            answer = told(daemon.ask(method, 60, dict(params, **DEADLINE.get(method, {}))))
        except (BrokenPipeError, ConnectionResetError, EOFError):
            slowest = max(slowest, time.monotonic() - asked_at)
            took, more = back(daemon)
            lost += 1 + more
            slowest_back = max(slowest_back, took)
            continue
        now = time.monotonic()
        over += now - asked_at > (WANTED if method in DEADLINE else WANTED_STATUS)
        if method in DEADLINE:
            slowest = max(slowest, now - asked_at)
        else:
            slowest_status = max(slowest_status, now - asked_at)
        if lost:
            slowest_again = max(slowest_again, now - begin)
    told_late += answer == "timed_out"
    return "never" if answer is None else answer, lost


good()
daemon = Daemon()
golden = [asked(daemon, *q)[0] for q in QUESTIONS]
assert not any(isinstance(g, str) for g in golden), [g for g in golden if isinstance(g, str)]
assert all(g.get("hits", True) for g in golden if isinstance(g, dict))
totals = {"no effect": 0, "an error": 0, "wrong": 0, "circle": 0, "crash": 0}
unflagged, unserved, unmended, never, wrong_flagged, mended_s, circled_s, trial = [], [], [], [], 0, 0, 0, 0


def mend():
    """Seconds until all is well again with the index that is; the last answers."""
    begin = time.monotonic()
    while True:
        answers = [asked(daemon, *q)[0] for q in QUESTIONS]
        if answers == golden or time.monotonic() - begin > 60:
            return time.monotonic() - begin, answers
for kind in KINDS:
    for n in range(EACH):
        trial += 1
        name = "gen-%d" % (10000 + 10 * trial)
        shutil.copytree(T + "/gold", DB + "/" + name)
        sizes = [os.path.getsize("%s/%s/%s.glass" % (DB, name, f)) for f in FILES]
        victim = "%s/%s/%s.glass" % (DB, name, random.choices(FILES, sizes)[0])
        served = n % 2  # a reader has it open already
        if not served:
            damage(victim, kind)
        swap(name)
        if served:
            asked(daemon, *QUESTIONS[n // 2 % len(QUESTIONS)])
            damage(victim, kind)
        before = crashes()
        answers = [asked(daemon, *q)[0] for q in QUESTIONS]
        never += ["%d: %s" % (trial, kind) for a in answers if a == "never"]
        crashed = crashes() > before
        errors = sum(isinstance(a, str) for a in answers)
        result = ("crash" if crashed else "circle" if "timed_out" in answers else "an error" if errors
                  else "no effect" if answers == golden else "wrong")
        totals[result] += 1
        if result in ("crash", "wrong", "circle"):
            check = checked("--check=index")
            if check.returncode in (0, 124) and result != "wrong":
                unflagged.append("%d: %s of %s: %s" % (trial, kind, victim, check.stdout))
            wrong_flagged += check.returncode == 65 and result == "wrong"
        full = result in ("crash", "circle") or result == "an error" and trial % 10 == 0
        run = checked("--full") if full else good()
        if full and run.returncode:
            unmended.append("%d: %s of %s: exit %d: %s" % (trial, kind, victim, run.returncode, run.stdout))
            good()
        took, again = mend()
        if result == "circle":
            circled_s = max(circled_s, took)
        else:
            mended_s = max(mended_s, took)
        if again != golden:
            unserved.append("%d: %s" % (trial, [a for a in again if isinstance(a, str)]))
        shutil.rmtree(DB + "/" + name, ignore_errors=True)
for result, n in totals.items():
    figure("damaged_%s" % result.replace(" ", "_"), n)
figure("damaged_wrong_percent", 100 * totals["wrong"] / trial)
figure("damaged_wrong_found_by_check", wrong_flagged)
figure("damaged_slowest_answer_s", slowest)
figure("damaged_slowest_status_s", slowest_status)
figure("damaged_answers_later_than_wanted", over)
figure("damaged_back_after_a_crash_s", slowest_back)
figure("damaged_same_answered_after_a_crash_s", slowest_again)
figure("damaged_slowest_mended_s", mended_s)
figure("damaged_slowest_mended_after_a_circle_s", circled_s)
ok("%d damages: none hangs" % trial, slowest < 10 * WANTED and slowest_status < 10 * WANTED_STATUS and not never,
   (slowest, slowest_status, never))
ok("nothing is ended that was not told of first", ended_circles() <= told_late, (ended_circles(), told_late))
ok("answers again after each crash", slowest_back < 20, slowest_back)
ok("the mended index is served by itself", not unserved and mended_s < 2, "\n".join(unserved))
ok("the command that the error names mends it", not unmended, "\n".join(unmended))
ok("each that crashes or does not end is found by kbindex --check", not unflagged, "\n".join(unflagged))
ok("wrong answers are not more than the library's", totals["wrong"] <= 0.15 * trial, totals)
ok("the same daemon all the time", daemon.process.poll() is None)

# One that crashes whatever is asked, or never ends: said so, with the command that mends it.
def make_crash():
    """What makes the reading of crash_copies fail."""
    with open(T + "/crash.c", "w", encoding="ascii") as f:
        f.write('#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'
                '#include <unistd.h>\n#include <sys/syscall.h>\n'
                'ssize_t pread64(int fd, void *p, size_t n, off64_t at) { char link[64], to[4096] = ""; '
                'snprintf(link, sizeof link, "/proc/self/fd/%d", fd); (void)!readlink(link, to, sizeof to - 1); '
                'if (strstr(to, "/gen-910/")) abort(); while (strstr(to, "/gen-930/") || (strstr(to, "/gen-940/") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)) { __asm__ volatile("" ::: "memory"); } ssize_t done = syscall(SYS_pread64, fd, p, n, at); '
                'if (done > 4 && strstr(to, "/gen-950/post")) memset(p, 0x7f, 4); return done; }\n'
                'ssize_t pread(int fd, void *p, size_t n, off_t at) { return pread64(fd, p, n, at); }\n')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", T + "/crash.so", T + "/crash.c", "-ldl"], check=True)


def crash_copies():
    """Of the index, whose reading is always too late for the revision, goes on for ever (of one, for who writes), or
    aborts."""
    for name in ("/gen-950", "/gen-940", "/gen-930", "/gen-910"):
        shutil.copytree(T + "/gold", DB + name, dirs_exist_ok=True)


daemon.end()
make_crash()
crash_copies()
for name, says in (("gen-910", "crashes"), ("gen-930", "does not end")):
    swap(name)
    run = checked("--check=index", env={"LD_PRELOAD": T + "/crash.so"})
    ok("kbindex --check of one whose reading %s: said so" % says,
       run.returncode == 65 and "reading it %s: run kbindex --full" % says in run.stdout, run)
    run = checked(env={"LD_PRELOAD": T + "/crash.so"})
    ok("kbindex where reading %s: said so" % says,
       run.returncode == 65 and "reading it %s: run kbindex --full" % says in run.stdout, run)
    run = checked("--full", env={"LD_PRELOAD": T + "/crash.so"})
    ok("kbindex --full where reading %s: made anew, and said so" % says,
       run.returncode == 0 and "reading it %s: it is made anew" % says in run.stdout and
       not os.readlink(DB + "/current").endswith(name) and checked("--check=index").returncode == 0, run)
    crash_copies()
swap("gen-940")
note = VAULT + "/" + sorted(n for n in os.listdir(VAULT) if n.endswith(".md"))[0]
with open(note, encoding="utf-8") as f:
    text = f.read()
with open(note, "w", encoding="utf-8") as f:
    f.write("Nothing of it is left.\n")
run = checked(env={"LD_PRELOAD": T + "/crash.so"})
ok("kbindex where the reading of what it writes to does not end: said so",
   run.returncode == 65 and "reading it does not end: run kbindex --full" in run.stdout, run)
with open(note, "w", encoding="utf-8") as f:
    f.write(text)
crash_copies()
for when in ("before it could be asked", "while it is served"):
    good()
    if when.startswith("before"):
        swap("gen-910")
    daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
    if when.startswith("while"):
        assert asked(daemon, *QUESTIONS[0])[0] == golden[0]
        swap("gen-910")
    before = crashes()
    answers = [asked(daemon, *QUESTIONS[0])[0] for _ in range(20)]
    faults = crashes() - before
    ok("crashes %s: answered as damaged" % when, answers == ["damaged"] * 20, answers)
    ok("crashes %s: not for ever" % when, faults <= 5, faults)
    run = subprocess.run(["kbsearch", "--no-spawn", "--db", DB, "--socket", SOCKET, "model"], check=False,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    ok("crashes %s: kbsearch says what to run" % when, run.returncode == 4 and "kbindex --full" in run.stderr, run)
    good()
    ok("crashes %s: another commit is read at once" % when, asked(daemon, *QUESTIONS[0])[0] == golden[0])
    code = daemon.end()
    ok("crashes %s: TERM ends it well" % when, code == 0, code)

daemon = Daemon("--threads", "2", env={"LD_PRELOAD": T + "/crash.so"})
assert asked(daemon, *QUESTIONS[0])[0] == golden[0]
swap("gen-930")
before, begin = crashes(), time.monotonic()
answer = asked(daemon, *QUESTIONS[0])
took = time.monotonic() - begin
figure("damaged_circle_told_s", took)
ok("one that does not end: told in time", answer == ("timed_out", 0) and took < 5, (answer, took))
good()
ok("the other readers go on", asked(daemon, *QUESTIONS[0])[0] == golden[0])
while crashes() == before and time.monotonic() - begin < 60:
    time.sleep(0.02)
figure("damaged_circle_ended_s", time.monotonic() - begin)
ok("and is ended", crashes() == before + 1)
ok("all is well then", mend()[1] == golden)
ok("one that does not end: TERM ends it well", daemon.end() == 0)


def catches(pid, number):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("SigCgt")).split()[1], 16) >> (number - 1) & 1


def reads(pid, name):
    return any(name in link for link in opened(pid))


# What answers waits for the one that does not end; meanwhile it minds no signal any more.
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
    assert asked(daemon, *QUESTIONS[0])[0] == golden[0]
    swap("gen-930")
    daemon.client.ask(*QUESTIONS[0])
    while not reads(daemon.child(), "/gen-930/"):
        time.sleep(0.002)
    child = daemon.child()
    daemon.client.socket.close()
    daemon.process.send_signal(signal.SIGTERM)
    while catches(child, number):
        time.sleep(0.002)
    daemon.process.send_signal(number)
    code = daemon.process.wait(20)
    ok("TERM, and %s while it ends: it ends well" % number.name, code == 0, code)
    good()

# What is told to end before it minds anything is ended by its own guard.
swap("gen-930")
daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
while not reads(daemon.child(), "/gen-930/"):
    time.sleep(0.002)
daemon.process.send_signal(signal.SIGTERM)
code = daemon.process.wait(20)
ok("one that does not end at the start: TERM ends it well", code == 0, code)

# One that does not end when it is opened: nobody can be told before there is somebody to tell.
swap("gen-930")
begin = time.monotonic()
daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
answer = asked(daemon, *QUESTIONS[0])
figure("damaged_circle_at_start_told_s", time.monotonic() - begin)
ok("one that does not end at the start: answered as damaged", answer == ("damaged", 0), answer)
good()
ok("and another commit is read at once", asked(daemon, *QUESTIONS[0])[0] == golden[0])
code = daemon.end()
ok("and TERM ends it well", code == 0, code)

# A block that looks as if it were of a commit yet to come: not tried for ever.
daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
assert asked(daemon, *QUESTIONS[0])[0] == golden[0]
swap("gen-950")
begin = time.monotonic()
answer = asked(daemon, *QUESTIONS[0])
ok("one that is always too late for its revision: told at once", answer[0] in ("busy", "damaged") and
   time.monotonic() - begin < 2.5, (answer, time.monotonic() - begin))
good()
ok("and mended", mend()[1] == golden)
daemon.end()

# The shell's way in alone, from the first crash on.
good()
daemon = Daemon(env={"LD_PRELOAD": T + "/crash.so"})
swap("gen-910")
run = subprocess.run(["kbsearch", "--no-spawn", "--db", DB, "--socket", SOCKET, "model"], check=False,
                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
ok("kbsearch alone is told in the end", run.returncode == 4 and "kbindex --full" in run.stderr, run)
daemon.client.socket.close()
run = kbindex("--full")
ok("the command mends it", run.returncode == 0, run.stdout)
daemon.connect()
ok("and it is served", asked(daemon, *QUESTIONS[0])[0] == golden[0])
daemon.end()
done()
