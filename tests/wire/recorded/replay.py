# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic of an earlier commit, held against this one's programs. In TAP.

    replay.py record FILE    writes what this commit's programs say
    replay.py FILE           old clients: each recorded request, asked of this daemon, is answered
                             with all that it was answered then (more may be there)
                             old daemons: each recorded answer, given to this client, makes it print
                             and exit as it did

Run by tests/cli/recorded.sh in a folder whose `vault` is indexed and where a daemon listens.
"""
import json
import os
import socket
import subprocess
import sys
import threading

HERE = os.getcwd()
SOCKET = subprocess.run(["kbsearch", "--sockname"], capture_output=True, text=True).stdout.strip()

COMMANDS = [
    ["--json", "closed", "source"], ["--json", "-s", "newest", "gemma"], ["--json", "--strict", "closed source api"],
    ["--jsonl", "-s", "path", "muse"], ["--vimgrep", "-s", "oldest", "muse"], ["-l", "-s", "path", "muse"],
    ["-c", "gemma"], ["--json", "rumour"], ["--json", "-C", "1", "phone"], ["--json", "--fold", "-s", "path", "gemma"],
    ["--json", "tag:release/open"], ["--json", "[status:released]"], ["--json", "-s", "path", "[[Muse Spark]]"],
    ["--json", "source:blog.google"], ["--json", "date:2026-04-09", "kind:entry", "-s", "path"],
    ["--json", "/GPT-5[.]4/"], ["--json", "closed source -api"], ["--json", "-F", "price: $3"], ["zebra"], ["--strict", "zebra"],
    ["(unbalanced"], ["datte:2026"], ["--format", "{date} {title}: {snippet}\n", "debuts"],
    ["--timeline", "[[Muse Spark]]"], ["--json", "--timeline", "[[Muse Spark]]"], ["--gaps", "[[Gemma 4]]"],
    ["--trend", "week", "gemma", "--since", "2026-04-01", "--until", "2026-04-12"],
    ["--facet", "month,source", "gemma"], ["--with", "Muse Spark"], ["--json", "--backlinks", "Muse Spark"],
    ["--json", "--links", "Muse Spark"], ["--json", "--related", "daily/2026-04-09-AI-Digest.md:5"],
    ["--get", "daily/2026-04-09-AI-Digest.md:5"], ["--json", "--get", "daily/2026-04-09-AI-Digest.md:5"],
    ["--get", "daily/none.md"], ["--suggest", "mus"], ["--suggest", "tag:rel"], ["--status"],
]
# What may be another at each run, or with a better ranking.
VOLATILE = {"index", "uuid", "revision", "took_us", "score", "since", "until", "today", "next"}
# Only their names and kinds count: they tell of the machine and the process.
SHAPES = {"status", "hello"}


def portable(text):
    return text.replace(HERE, "/V")


def relay(said):
    """A socket whose one connection goes to the daemon; what is said goes to `said`."""
    path = HERE + "/relay.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(1)

    def serve():
        peer, _ = listening.accept()
        lines = peer.makefile("rb")
        daemon = socket.socket(socket.AF_UNIX)
        daemon.connect(SOCKET)
        answers = daemon.makefile("rb")
        for line in lines:
            daemon.sendall(line)
            answer = answers.readline()
            said.append((line.decode(), answer.decode()))
            peer.sendall(answer)
        peer.close()
        daemon.close()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return path, listening, thread


def fake(answers):
    path = HERE + "/fake.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(1)

    def serve():
        peer, _ = listening.accept()
        lines = peer.makefile("rb")
        for answer in answers:
            asked = lines.readline()
            if not asked:
                break
            reply = json.loads(answer)
            if reply.get("id") is not None:
                reply["id"] = json.loads(asked)["id"]
            peer.sendall(json.dumps(reply).encode() + b"\n")
        peer.close()
    threading.Thread(target=serve, daemon=True).start()
    return path, listening


def run(args, path, where):
    r = subprocess.run([os.environ["KB_BINDIR"] + "/kbsearch", "--socket", path, "--no-spawn", *args],
                       capture_output=True, text=True, cwd=where, timeout=60, stdin=subprocess.DEVNULL)
    os.unlink(path)
    return r


def record(file):
    with open(file, "w") as out:
        for args in COMMANDS:
            said = []
            path, listening, thread = relay(said)
            run(args, path, HERE + "/vault")
            thread.join(10)
            listening.close()
            said = [(portable(q), portable(a)) for q, a in said]
            path, listening = fake([a for _, a in said])
            r = run(args, path, "/")
            listening.close()
            out.write(json.dumps({"args": args, "exit": r.returncode, "stdout": r.stdout, "stderr": r.stderr,
                                  "said": [[json.loads(q), json.loads(a)] for q, a in said]}) + "\n")


def lacks(old, new, shape=False, at=""):
    """Where `new` is not what `old` was; None: nowhere."""
    if type(old) is not type(new) and not (old is None or new is None) and \
            not (isinstance(old, (int, float)) and isinstance(new, (int, float))):
        return "%s: %r became %r" % (at, old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key not in new:
                return "%s.%s is gone" % (at, key)
            why = None if key in VOLATILE else lacks(value, new[key], shape, at + "." + key)
            if why:
                return why
    elif isinstance(old, list) and isinstance(new, list) and not shape:
        if len(old) != len(new):
            return "%s: %d became %d" % (at, len(old), len(new))
        if old and isinstance(old[0], dict) and "id" in old[0]:
            old, new = (sorted(x, key=lambda u: u.get("id", "")) for x in (old, new))
        for i, (a, b) in enumerate(zip(old, new)):
            why = lacks(a, b, shape, "%s[%d]" % (at, i))
            if why:
                return why
    elif not shape and not isinstance(old, dict) and old != new:
        # The words of an error are for people: its code and reason are the promise.
        if not at.endswith(".message"):
            return "%s: %r became %r" % (at, old, new)
    return None


def replay(file):
    count = 0
    daemon = socket.socket(socket.AF_UNIX)
    daemon.connect(SOCKET)
    answers = daemon.makefile("rb")
    for line in open(file):
        one = json.loads(line)
        name = " ".join(one["args"]).replace("\n", " ").replace("#", "")
        why = None
        for asked, told in one["said"]:
            daemon.sendall(json.dumps(asked).replace("/V", HERE).encode() + b"\n")
            now = json.loads(portable(answers.readline().decode()))
            why = why or lacks(told, now, asked["method"] in SHAPES)
        count += 1
        print("%s %d - an old client: %s" % ("not ok" if why else "ok", count, name))
        if why:
            print("# %s" % why)
        path, listening = fake([json.dumps(a) for _, a in one["said"]])
        r = run(one["args"], path, "/")
        listening.close()
        count += 1
        machine = any(a in ("--json", "--jsonl", "--vimgrep", "--format", "-c", "-l") for a in one["args"])
        good = r.returncode == one["exit"] and (not machine or r.stdout == one["stdout"])
        print("%s %d - an old daemon: %s" % ("ok" if good else "not ok", count, name))
        if not good:
            print("# exit %d, was %d\n# %r\n# was %r %s" % (r.returncode, one["exit"], r.stdout, one["stdout"], r.stderr))
    print("1..%d" % count)


if sys.argv[1] == "record":
    record(sys.argv[2])
else:
    replay(sys.argv[1])
