#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kbsearch beside its peers, on the same notes, in one run, as one table.

    run.py BUILDDIR SRCDIR CORPUS [--scale N] [--queries N] [--rounds N]

Each peer indexes what is natural to it (units or notes) and is asked through its natural door; what
it cannot do is told in its row. Peers of npm are looked for below $KB_NODE (a folder with
node_modules). Times of one run may be compared with one another, not with those of another day.
"""
import argparse
import collections
import http.client
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

KINDS = "rare mid common and2 and3 or2 or3 phrase prefix typo date newest".split()
PROCESSES = 1  # times each query, of those programs that start anew for each


class Cannot(Exception):
    pass


def tree_bytes(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(path) for f in fs
               if not os.path.islink(os.path.join(d, f)))


def run(argv, **more):
    """Seconds, CPU seconds, peak MB of a command; its output is thrown away."""
    stdin = more.pop("stdin", subprocess.DEVNULL)
    begun = time.perf_counter()
    try:
        p = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, **more)
    except OSError as e:
        raise Cannot(f"{argv[0]}: {e.strerror}") from None
    err = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise Cannot(f"{os.path.basename(argv[0])} exited with {code}: "
                     + err.decode(errors="replace").strip().split("\n")[-1][:80])
    # The kernel counts our own memory in, from before the exec: a smaller peak cannot be told.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss / 1e3 if usage.ru_maxrss > 1.05 * own else None
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, peak


def output(argv, **more):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600, **more).stdout
    except FileNotFoundError as e:
        raise Cannot(f"{argv[0]}: not installed ({e.strerror})") from None
    except subprocess.CalledProcessError as e:
        raise Cannot((e.stderr.strip().split("\n") or ["failed"])[-1][:80]) from None


def sampled(text):
    """What bench/sample.c prints: kind -> (p50, p99, max) in µs, and lone figures."""
    times, figures = {}, {}
    for line in text.splitlines():
        row = line.split("\t")
        if len(row) == 5:
            times[row[0]] = tuple(map(float, row[2:]))
        elif len(row) == 2:
            figures[row[0]] = float(row[1])
    return times, figures


def summed(pairs):
    """(kind, µs) pairs as sampled() has them."""
    by = collections.defaultdict(list)
    for kind, us in pairs:
        by[kind].append(us)
        by["all"].append(us)
    return {k: (statistics.median(v), sorted(v)[len(v) * 99 // 100], max(v)) for k, v in by.items()}


def family(pid):
    """A process and what it started: private and file-backed resident memory of each, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        text = f.read()
    yield [int(re.search(rf"Rss{kind}:\s+(\d+)", text)[1]) for kind in ("Anon", "File")]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        for kid in f.read().split():
            yield from family(int(kid))


def rss_mb(pid):
    """Of a process and what it started; the programs and libraries that they share count once."""
    private, mapped = zip(*family(pid))
    return (sum(private) + max(mapped)) * 1.024e-3


class Bench:
    def __init__(self, o, work):
        self.o, self.work = o, work
        self.bin, self.src = os.path.abspath(o.builddir), os.path.abspath(o.srcdir)
        self.env = dict(os.environ, HOME=work, XDG_STATE_HOME=work + "/state", XDG_CONFIG_HOME=work + "/config",
                        XDG_CACHE_HOME=work + "/cache", XDG_RUNTIME_DIR=work + "/run")
        os.makedirs(work + "/run", mode=0o700)
        self.notes = work + "/notes"
        if o.scale > 1:
            output([sys.executable, self.src + "/bench/scale.py", o.corpus, self.notes, str(o.scale)])
        else:
            shutil.copytree(o.corpus, self.notes, ignore=shutil.ignore_patterns(".git"))
        self.names = sorted(os.path.relpath(os.path.join(d, f), self.notes)
                            for d, _, fs in os.walk(self.notes) for f in fs if f.endswith(".md"))
        self.units, self.queries = work + "/units.tsv", work + "/queries.tsv"
        with open(self.units, "w", encoding="utf-8") as f:
            subprocess.run([self.tool("units"), self.notes], input="".join(n + "\n" for n in self.names).encode(),
                           stdout=f, check=True)
        with open(self.queries, "w", encoding="utf-8") as f:
            subprocess.run([sys.executable, self.src + "/bench/queries.py", self.units, str(o.queries), "7"],
                           stdout=f, check=True)
        with open(self.queries, encoding="utf-8") as f:
            self.rows = [line.rstrip("\n").split("\t") for line in f]
        self.node = os.environ.get("KB_NODE", "")
        self.started, self.figures, self.socket = [], {}, ""

    def tool(self, name):
        return f"{self.bin}/bench/{name}"

    def unit_rows(self):
        with open(self.units, encoding="utf-8", errors="replace") as f:
            for line in f:
                yield line.rstrip("\n").split("\t")

    def start(self, argv, **more):
        try:
            p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, **more)
        except OSError as e:
            raise Cannot(f"{argv[0]}: {e.strerror}") from None
        self.started.append(p)
        return p

    def stop(self):
        for p in self.started:
            p.terminate()
            p.wait()
        self.started = []

    def edit(self):
        path = os.path.join(self.notes, self.names[len(self.names) // 2])
        with open(path, "a", encoding="utf-8") as f:
            f.write("\n- One more bullet, written for a measurement.\n")

    def process(self, r, command, rounds=20):
        """Median ms of a whole process, and of kbsearch's where its daemon runs, each in its turn: from one
        minute to the next a machine may be half as fast."""
        times = collections.defaultdict(list)
        both = (("process", command), ("process beside", [self.bin + "/kbsearch", "closed source"]))
        for _ in range(rounds):
            for name, argv in both[:2 if self.socket else 1]:
                times[name].append(run(argv, env=self.env, cwd=self.notes)[0] * 1e3)
        r.update((name, statistics.median(v)) for name, v in times.items())

    def sample(self, r, argv):
        """A sampler's times, and kbsearch's where its daemon runs, two rounds of each in turn; medians of what
        each printed."""
        turns = collections.defaultdict(list)
        both = (("times", argv), ("times beside", [self.tool("ask"), self.socket]))
        for _ in range(self.o.rounds):
            for name, tool in both[:2 if self.socket else 1]:
                turns[name].append(sampled(output(tool + [self.queries, "2"]))[0])
        for name, of in turns.items():
            r[name] = {kind: tuple(statistics.median(t[kind][i] for t in of) for i in range(3)) for kind in of[0]}

    def processes(self, command_of):
        pairs = []
        for _ in range(PROCESSES):
            for kind, words, extra, _params in self.rows:
                command = command_of(kind, words, extra)
                if command:
                    pairs.append((kind, run(command, env=self.env, cwd=self.notes)[0] * 1e6))
        return summed(pairs)

    def timed(self, ask):
        pairs = []
        for _ in range(self.o.rounds):
            for kind, words, extra, _params in self.rows:
                begun = time.perf_counter()
                if ask(kind, words, extra) is not None:
                    pairs.append((kind, (time.perf_counter() - begun) * 1e6))
        return summed(pairs)


# --- the project, and what bounds it -----------------------------------------------------------

# Left to the kernel, a server and who asks it are on one core or on two by chance, which is 13 or 40 microseconds of
# the same answer. Where that is most of it, they are put apart.
ASKS, SERVES = (["taskset", "-c", core] for core in "01")


def daemon(b, name, *options, where=()):
    """A daemon of ours, listening at run/NAME."""
    path = f"{b.work}/run/{name}"
    p = b.start([*where, b.bin + "/kbsearchd", "--foreground", "--socket", path, *options], env=b.env)
    while not os.path.exists(path):
        if p.poll() is not None:
            raise Cannot("kbsearchd did not start")
        time.sleep(0.02)
    return p, path


def some_of(b, name, chosen):
    """The queries that `chosen` takes, in a file of their own."""
    path = f"{b.work}/{name}.tsv"
    with open(path, "w", encoding="utf-8") as f:
        f.writelines("\t".join(row) + "\n" for row in b.rows if chosen(row))
    return path


def beside_heavy(b, path):
    """p99 in ms of light queries, alone and while four connections ask the heaviest."""
    light = some_of(b, "light", lambda row: row[0] in ("rare", "mid"))
    heavy = b.work + "/heavy.tsv"
    with open(heavy, "w", encoding="utf-8") as f:
        for query in ({"query": "a* OR b*"}, {"query": "the OR and OR of", "limit": 1000},
                      {"query": "the", "offset": 9000, "limit": 1000}, {"query": "s* t*", "exact": True}):
            f.write("heavy\t\t\t" + json.dumps(query) + "\n")
    ask = [b.tool("ask"), path]
    alone = sampled(output(ask + [light, str(b.o.rounds)]))[0]["all"]
    load = b.start(ask + [heavy, "1000000", "4"])
    output(ask + [light, "1"])  # by then each of the four has been answered once
    beside = sampled(output(ask + [light, str(b.o.rounds)]))[0]["all"]
    if load.poll() is not None:
        raise Cannot("the heavy load ended early")
    b.started.remove(load)
    load.terminate()
    load.wait()
    return alone[1] / 1e3, beside[1] / 1e3


def kbsearch(b, r):
    index = [b.bin + "/kbindex", "--quiet", "--jobs", "2", b.notes]
    r["build"] = run(index, env=b.env)
    r["size"] = tree_bytes(b.work + "/cache/kbsearch/main")
    r["unchanged"] = statistics.median(run(index, env=b.env)[0] for _ in range(5))
    p, path = daemon(b, "kbsearch/main.sock", "--cache", "0")
    b.socket = path
    b.edit()
    begun = time.perf_counter()
    run(index, env=b.env)
    output([b.bin + "/kbsearch", "--no-spawn", "-c", "written for a measurement"], env=b.env)
    r["edited"] = time.perf_counter() - begun
    ask = [b.tool("ask"), path, b.queries]
    output(ask + ["1"])
    r["times"], figures = sampled(output(ask + [str(b.o.rounds)]))
    b.answer_bytes = int(figures["bytes"])
    two = [b.tool("ask"), path, some_of(b, "two", lambda row: row[0] == "and2"), str(20 * b.o.rounds)]
    rates = [sampled(output(two + [n]))[1]["rate"] for n in ("1", "16", "1", "16")]
    b.figures["requests a second, 16 connections against one"] = max(rates[1::2]) / max(rates[::2])
    b.process(r, [b.bin + "/kbsearch", "closed source"])
    if b.o.scale == 1:
        output([b.tool("ask"), path, b.queries, str(100000 // len(b.rows) + 1)])
    r["rss"] = rss_mb(p.pid)
    alone, beside = beside_heavy(b, path)
    r["note"] = f"light queries' p99 {alone:.1f} ms, {beside:.1f} beside four connections with the heaviest"


def again(b, r):
    """Answers from the cache: as many queries as fit into it."""
    _, path = daemon(b, "again", where=SERVES)
    few = some_of(b, "few", lambda row: b.rows.index(row) < 100)
    output([b.tool("ask"), path, few, "2"])
    r["times"] = {"all": sampled(output(ASKS + [b.tool("ask"), path, few, "30"]))[0]["all"]}
    r["note"] = "repeated queries, cache on"


def limit(b, r):
    current = b.work + "/cache/kbsearch/main/current"
    b.sample(r, [b.tool("limit"), current])


def echo(b, r):
    path = b.work + "/run/echo"
    b.start(SERVES + [b.tool("echo"), path, str(b.answer_bytes)])
    while not os.path.exists(path):
        time.sleep(0.02)
    r["times"] = sampled(output(ASKS + [b.tool("ask"), path, b.queries, str(b.o.rounds)]))[0]
    r["note"] = f"{b.answer_bytes} bytes back for each line"


# --- peers over units --------------------------------------------------------------------------

def fts5(b, r):
    program, db = b.work + "/fts5", b.work + "/fts5.db"
    output(["cc", "-O2", "-D_GNU_SOURCE", "-I" + b.src, "-o", program, b.src + "/bench/fts5.c",
            b.src + "/bench/sample.c", "-lsqlite3"])
    r["build"] = run([program, "build", db, b.units])
    r["size"] = tree_bytes(db)
    b.sample(r, [program, "ask", db])
    b.process(r, ["sqlite3", db, "select note, line, snippet(u,0,'[',']','...',40) from u "
                  "where u match 'closed source' order by rank limit 20"])


def omega(b, r):
    script, dump, db = b.work + "/omega.script", b.work + "/omega.dump", b.work + "/omega"
    with open(script, "w", encoding="utf-8") as f:
        f.write("id : boolean=Q unique=Q\nnote : field\nline : field\nday : field date=yyyymmdd\n"
                "text : index field\n")
    with open(dump, "w", encoding="utf-8") as f:
        for number, note, line, day, _kind, text in b.unit_rows():
            f.write(f"id={number}\nnote={note}\nline={line}\nday={day.replace('-', '')}\ntext={text}\n\n")
    r["build"] = run(["scriptindex", "--stemmer=english", db, script, dump])
    r["size"] = tree_bytes(db)

    def command(kind, words, _extra):
        text = {"phrase": f'"{words}"', "prefix": words + "*"}.get(kind, words)
        if kind in ("date", "newest"):
            return None
        flags = ["-fphrase,boolean,lovehate,wildcard" + (",spelling_correction" if kind == "typo" else "")]
        return ["quest", "--db=" + db, "--msize=20", "--stemmer=english",
                "--default-op=" + ("or" if kind.startswith("or") else "and"), *flags, text]
    r["times"] = b.processes(command)
    b.process(r, ["quest", "--db=" + db, "--msize=20", "closed source"])
    r["note"] = "whole process each; prints the unit, without highlights"


def groonga(b, r):
    db, load = b.work + "/grn/db", b.work + "/grn.load"
    os.makedirs(b.work + "/grn")
    with open(load, "w", encoding="utf-8") as f:
        f.write("table_create Units TABLE_NO_KEY\ncolumn_create Units text COLUMN_SCALAR Text\n"
                "column_create Units note COLUMN_SCALAR ShortText\ncolumn_create Units line COLUMN_SCALAR UInt32\n"
                "column_create Units day COLUMN_SCALAR Int32\n"
                "table_create Terms TABLE_PAT_KEY ShortText --default_tokenizer TokenBigram "
                "--normalizer NormalizerAuto\n"
                "column_create Terms at COLUMN_INDEX|WITH_POSITION Units text\nload --table Units\n[\n")
        for i, (_, n, at, d, _k, t) in enumerate(b.unit_rows()):
            row = {"text": t, "note": n, "line": int(at), "day": int(d.replace("-", "") or 0)}
            f.write((",\n" if i else "") + json.dumps(row, ensure_ascii=False))
        f.write("\n]\n")
    with open(load, encoding="utf-8") as f:
        r["build"] = run(["groonga", "-n", db], stdin=f)
    r["size"] = tree_bytes(b.work + "/grn")
    port = 10000 + os.getpid() % 20000
    p = b.start(["groonga", "-s", "--protocol", "http", "--port", str(port), db])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.02)
    web = http.client.HTTPConnection("127.0.0.1", port)

    def ask(kind, words, extra):
        if kind == "typo":
            return None
        query = {"phrase": f'"{words}"', "prefix": words + "*"}.get(
            kind, (" OR " if kind.startswith("or") else " ").join(words.split()))
        params = {"table": "Units", "match_columns": "text", "query": query, "limit": "20",
                  "sort_keys": "-day" if kind == "newest" else "-_score",
                  "output_columns": "note,line,text,snippet_html(text)", "command_version": "2", "cache": "no"}
        if kind == "date":
            first, last = extra.replace("-", "").split("..")
            params["filter"] = f"day >= {first} && day <= {last}"
        web.request("GET", "/d/select?" + urllib.parse.urlencode(params))
        return web.getresponse().read()
    r["times"] = b.timed(ask)
    r["rss"] = rss_mb(p.pid)
    b.process(r, ["groonga", db, "select Units --match_columns text --query 'closed source' --limit 20"])
    r["note"] = "over HTTP, asked from Python"


class SphinxQL:
    """As much of MySQL's protocol as a question and its rows need."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.packet()
        self.send(1, (0x8200 | 1).to_bytes(4, "little") + (1 << 24).to_bytes(4, "little") + b"\x21" + bytes(23)
                  + b"root\0\0")
        self.packet()

    def packet(self):
        head = self.file.read(4)
        return self.file.read(int.from_bytes(head[:3], "little"))

    def send(self, number, body):
        self.socket.sendall(len(body).to_bytes(3, "little") + bytes([number]) + body)

    def ask(self, text):
        self.send(0, b"\x03" + text.encode())
        first = self.packet()
        if first[:1] == b"\xff":
            raise Cannot("searchd: " + first[9:].decode(errors="replace")[:80])
        rows, ends = [], 0
        while ends < 2:
            p = self.packet()
            if p[:1] == b"\xfe" and len(p) < 9:
                ends += 1
            elif ends:
                rows.append(p)
        return rows


def sphinx(b, r):
    base = b.work + "/sphinx"
    os.makedirs(base)
    with open(base + "/units.tsv", "w", encoding="utf-8") as f:
        for number, note, line, day, _kind, text in b.unit_rows():
            f.write("\t".join((number, note, line, day.replace("-", "") or "0", text)) + "\n")
    with open(base + "/conf", "w", encoding="utf-8") as f:
        f.write(f"""source units {{
type = tsvpipe
tsvpipe_command = cat {base}/units.tsv
tsvpipe_attr_string = note
tsvpipe_attr_uint = line
tsvpipe_attr_uint = day
tsvpipe_field_string = text
}}
index units {{
source = units
path = {base}/units
morphology = stem_en
min_prefix_len = 2
}}
searchd {{
listen = {base}/sock:mysql41
pid_file = {base}/pid
binlog_path =
workers = threads
}}
""")
    r["build"] = run(["indexer", "--quiet", "--config", base + "/conf", "units"])
    os.remove(base + "/units.tsv")
    r["size"] = tree_bytes(base)
    p = b.start(["searchd", "--nodetach", "--config", base + "/conf"])
    ql = None
    for _ in range(100):
        try:
            ql = SphinxQL(base + "/sock")
            break
        except OSError:
            if p.poll() is not None:
                break
            time.sleep(0.1)
    if not ql:
        raise Cannot("searchd does not listen")

    def ask(kind, words, extra):
        if kind == "typo":
            return None
        match = {"phrase": f'"{words}"', "prefix": words + "*"}.get(
            kind, (" | " if kind.startswith("or") else " ").join(words.split()))
        where = ""
        if kind == "date":
            first, last = extra.replace("-", "").split("..")
            where = f" AND day BETWEEN {first} AND {last}"
        return ql.ask(f"SELECT note, line, text, SNIPPET(text, '{match}') FROM units WHERE MATCH('{match}'){where}"
                      + (" ORDER BY day DESC" if kind == "newest" else "") + " LIMIT 20 OPTION ranker=bm25")
    r["times"] = b.timed(ask)
    r["rss"] = rss_mb(p.pid)
    r["note"] = "SphinxQL, asked from Python; no update but a rebuild"


def of_node(engine):
    def peer(b, r):
        if not os.path.isdir(b.node + "/node_modules"):
            raise Cannot("no node_modules: set KB_NODE")
        script = f"{b.node}/kb-bench.mjs"
        shutil.copy(b.src + "/bench/node.mjs", script)
        out = output(["node", script, engine, b.units, b.queries, str(b.o.rounds)], cwd=b.node)
        pairs = [line.split("\t") for line in out.splitlines() if "\t" in line]
        lone = dict(line.split() for line in out.splitlines() if "\t" not in line)
        r["times"] = summed((k, float(us)) for k, us in pairs)
        r["build"] = (float(lone["build"]), None, None)
        r["rss"] = float(lone["rss"])
        r["note"] = "in process, its memory with the script's own rows; no highlights"
    return peer


# --- peers over notes --------------------------------------------------------------------------

def grep(program):
    def peer(b, r):
        def command(kind, words, _extra):
            if kind.startswith("or"):
                return [program, "-i", "-E" if program == "ugrep" else "-e", "|".join(words.split()),
                        *(["-r", "."] if program == "ugrep" else ["."])]
            if kind in ("rare", "mid", "common", "phrase", "prefix"):
                return [program, "-i", words, *(["-r", "."] if program == "ugrep" else ["."])]
            return None
        r["times"] = b.processes(command)
        b.process(r, [program, "-i", "closed source", *(["-r", "."] if program == "ugrep" else ["."])])
        r["note"] = "whole process each; every matching line"
    return peer


def notmuch(b, r):
    mail, conf = b.work + "/mail", b.work + "/notmuch-config"
    os.makedirs(mail + "/cur")
    for i, name in enumerate(b.names):
        with open(os.path.join(b.notes, name), encoding="utf-8", errors="replace") as f:
            text = f.read()
        with open(f"{mail}/cur/{i}:2,S", "w", encoding="utf-8") as f:
            f.write(f"From: kb <kb@localhost>\nTo: kb <kb@localhost>\nMessage-ID: <{i}@kb>\n"
                    f"Subject: {os.path.basename(name)}\nDate: Thu, 01 Jan 2026 00:00:00 +0000\n"
                    f"Content-Type: text/plain; charset=utf-8\n\n{text}")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f"[database]\npath={mail}\n[user]\nname=kb\nprimary_email=kb@localhost\n[new]\ntags=\n")
    b.env["NOTMUCH_CONFIG"] = conf
    r["build"] = run(["notmuch", "new", "--quiet"], env=b.env)
    r["size"] = tree_bytes(mail + "/.notmuch")
    r["unchanged"] = run(["notmuch", "new", "--quiet"], env=b.env)[0]

    def command(kind, words, _extra):
        text = {"phrase": f'"{words}"', "prefix": words + "*"}.get(
            kind, (" or " if kind.startswith("or") else " and ").join(words.split()))
        return None if kind in ("typo", "date") else ["notmuch", "search", "--limit=20", text]
    r["times"] = b.processes(command)
    b.process(r, ["notmuch", "search", "--limit=20", "closed source"])
    r["note"] = "whole process each; notes as mails, no text, no highlights"


def recoll(b, r):
    conf = b.work + "/recoll"
    os.makedirs(conf)
    with open(conf + "/recoll.conf", "w", encoding="utf-8") as f:
        f.write(f"topdirs = {b.notes}\nloglevel = 1\n")
    with open(conf + "/mimemap", "w", encoding="utf-8") as f:
        f.write(".md = text/plain\n")
    r["build"] = run(["recollindex", "-c", conf], env=b.env)
    r["size"] = tree_bytes(conf)
    r["unchanged"] = run(["recollindex", "-c", conf], env=b.env)[0]
    b.edit()
    r["edited"] = run(["recollindex", "-c", conf], env=b.env)[0]

    def command(kind, words, _extra):
        text = {"phrase": f'"{words}"', "prefix": words + "*"}.get(
            kind, (" OR " if kind.startswith("or") else " ").join(words.split()))
        return None if kind in ("typo", "date", "newest") else ["recollq", "-c", conf, "-n", "20", "-A", text]
    r["times"] = b.processes(command)
    b.process(r, ["recollq", "-c", conf, "-n", "20", "closed source"])
    r["note"] = "whole process each, with abstracts"


def qmd(b, r):
    command = [f"{b.node}/node_modules/.bin/{name}" for name in ("node", "qmd")]
    if not all(map(os.path.exists, command)):
        raise Cannot("not installed: set KB_NODE")
    r["build"] = run(command + ["collection", "add", b.notes], env=b.env)
    search = command + ["search"]
    output(search + ["closed source"], env=b.env)
    r["times"] = b.processes(lambda kind, words, extra: None if kind in ("typo", "date", "newest", "prefix")
                             else search + [words])
    b.process(r, search + ["closed source"])
    r["unchanged"] = run(command + ["update"], env=b.env)[0]
    b.edit()
    begun = time.perf_counter()
    run(command + ["update"], env=b.env)
    found = output(search + ["written for a measurement"], env=b.env)
    if "measurement" not in found:
        raise Cannot("does not find what was edited")
    r["edited"] = time.perf_counter() - begun
    r["note"] = "whole process each; its BM25 alone, no models"


PEERS = [("kbsearch", kbsearch), ("kbsearch, asked again", again), ("Xapian in process", limit), ("echo over the socket", echo),
         ("SQLite FTS5 in process", fts5), ("scriptindex, quest", omega), ("groonga", groonga),
         ("sphinxsearch", sphinx), ("minisearch", of_node("minisearch")), ("LanceDB", of_node("lance")),
         ("ripgrep", grep("rg")), ("ugrep", grep("ugrep")), ("notmuch", notmuch), ("recoll", recoll), ("qmd", qmd)]


# --- tables ------------------------------------------------------------------------------------

def num(v, digits=0):
    return "–" if v is None else f"{v:,.{digits}f}"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def report(b, results):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        cpu = re.search(r"model name\s*: (.*)", f.read())
    commit = subprocess.run(["git", "-C", b.src, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    print(f"{len(b.names)} notes, {sum(1 for _ in b.unit_rows())} units, {tree_bytes(b.notes) / 1e6:.1f} MB; "
          f"{os.cpu_count()} x {cpu[1] if cpu else os.uname().machine}; commit {commit or 'unknown'}; "
          f"{time.strftime('%Y-%m-%d')}\n")
    rows = []
    for name, r in results:
        build = r.get("build") or (None, None, None)
        rows.append((name, num(build[0], 2), num(build[1], 1), num(build[2]),
                     num(r["size"] / 1e6, 1) if "size" in r else "–", num(r.get("unchanged"), 3),
                     num(r.get("edited"), 3), num(r.get("process"), 1), num(r.get("rss")),
                     r.get("failed") or r.get("note", "")))
    table(("", "build s", "CPU s", "peak MB", "index MB", "unchanged s", "one note s", "process ms", "server MB",
           "remark"), rows)
    print("Queries, p50/p99/max in µs, 20 hits with text and highlights where the peer has them:\n")
    table(("", *KINDS, "all"), [(name, *("/".join(num(v) for v in r["times"][k]) if k in r["times"] else "–"
                                         for k in (*KINDS, "all"))) for name, r in results if "times" in r])
    ours = dict(results).get("kbsearch", {})
    if "times" in ours:
        print("kbsearch / peer, over the kinds that the peer has (p50 geometric mean, p99 of all), and process:\n")
        rows = []
        for name, r in results:
            if "times" not in r or "rare" not in r["times"] or r is ours:
                continue
            rows.append((name, *(num(ratio(ours, r, what), 2) for what in ("p50", "p99", "process"))))
        table(("", "p50", "p99", "process"), rows)


# What is wanted (ratios kbsearch / peer): peer, what of it, at most.
GOALS = [("Xapian in process", "p50", 1.25), ("sphinxsearch", "p50", 0.35), ("sphinxsearch", "p99", 0.5),
         ("SQLite FTS5 in process", "p50", 0.7), ("SQLite FTS5 in process", "p99", 0.1), ("minisearch", "p50", 0.4),
         ("LanceDB", "p50", 0.4), ("groonga", "p50", 0.4), ("qmd", "p50", 0.4), ("ripgrep", "process", 0.2),
         ("notmuch", "process", 0.2), ("recoll", "process", 0.2), ("scriptindex, quest", "process", 1.0),
         ("SQLite FTS5 in process", "process", 0.6), ("scriptindex, quest", "build", 0.6), ("recoll", "build", 1.6),
         ("notmuch", "build", 1.2), ("scriptindex, quest", "size", 0.65), ("SQLite FTS5 in process", "size", 1.6),
         ("recoll", "unchanged", 0.2), ("notmuch", "unchanged", 1.5), ("recoll", "edited", 0.3), ("qmd", "edited", 0.1)]


def ratio(ours, r, what):
    if what in ("p50", "p99"):
        if "times" not in r:
            return None
        own, its = r.get("times beside", ours["times"]), r["times"]
        if what == "p99":
            return own["all"][1] / its["all"][1]
        return statistics.geometric_mean(own[k][0] / its[k][0] for k in KINDS if k in its)
    if what not in r or what not in ours:
        return None
    if what == "process":
        return r["process beside"] / r["process"]
    return ours["build"][0] / r["build"][0] if what == "build" else ours[what] / r[what]


def goals(b, results):
    of = dict(results)
    ours = of.get("kbsearch", {})
    if "times" not in ours:
        return
    rows = [(f"{peer}, {what}", ratio(ours, of.get(peer, {}), what), most, False) for peer, what, most in GOALS]
    if "times" in of.get("kbsearch, asked again", {}) and "times" in of.get("echo over the socket", {}):
        rows.append(("asked again, against the echo", of["kbsearch, asked again"]["times"]["all"][0]
                     / of["echo over the socket"]["times"]["all"][0], 1.5, False))
    rows += [(name, value, 1.8, True) for name, value in b.figures.items()]
    if b.o.scale == 1:
        rows.append(("daemon after 100,000 queries, MB", ours.get("rss"), 33.6, False))
    print("What is wanted:\n")
    table(("", "wanted", "reached", ""), [
        (name, f"{'at least' if least else 'at most'} {limit}", num(value, 2),
         "not measured" if value is None else "" if (value >= limit if least else value <= limit) else "**missed**")
        for name, value, limit, least in rows])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("builddir")
    p.add_argument("srcdir")
    p.add_argument("corpus")
    p.add_argument("--scale", type=int, default=1)
    p.add_argument("--queries", type=int, default=25, help="of each kind")
    p.add_argument("--rounds", type=int, default=4)
    p.add_argument("--only", default="", help="names that begin so, commas between")
    o = p.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as work:
        b = Bench(o, work)
        results = []
        for name, peer in PEERS:
            if o.only and not name.startswith(tuple(o.only.split(","))):
                continue
            r = {}
            print(f"bench: {name}", file=sys.stderr)
            try:
                peer(b, r)
            except (Cannot, OSError, subprocess.SubprocessError, KeyError, ValueError) as e:
                r["failed"] = f"not measured: {e}".replace("\n", " ")[:160]
            finally:
                if peer is not kbsearch:
                    keep = b.started[:1]
                    b.started = b.started[1:]
                    b.stop()
                    b.started = keep
            results.append((name, r))
        b.stop()
        report(b, results)
        goals(b, results)


main()
