#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges the answers about time and names by a vault whose every unit is known beforehand.

    story.py generate DIR TRUTH [--days N] [--seed S]   digests and topic notes in the manner of
                                                        docs/vault; TRUTH: what stands where
    story.py fill DIR TRUTH       mends the timelines: what gaps told is gone afterwards
    story.py cut DIR TO DAY       a copy without the digests after DAY
    story.py check TRUTH          timeline, gaps, trend, facet, with and rising against TRUTH
    story.py asof DAY DB CUT      answers of DB as of DAY against those of CUT
    story.py trends DB QUERY...   buckets sum to the total, each is the same query on its days
    story.py save DB FILE         answers that have to stay when files are saved anew

Where a path of an index may stand, `-` is the usual one. Prints TAP.
"""
import collections
import datetime
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys

FILLER = """amber anvil basin birch blaze bough brine cairn cedar chalk cinder clover comet copper
coral crane creek crest dune ember fable fern flint fjord gable garnet glade gorge grove harbor
hazel heron hollow ivory jasper kelp kiln lagoon lantern larch lichen linen lotus maple marsh meadow
mica mortar nectar oasis onyx orchard osprey otter pebble pewter pine plume pollen quarry quartz
raven reef ridge saffron sage sandal shale shore silk slate sorrel spruce summit thicket thistle
timber topaz trellis tundra umber valley velvet walnut willow zephyr""".split()
OTHER = """absolve beckon clamor dwindle entreat falter gallop hasten implore jostle kindle lament
mingle nestle ponder quench relish scurry tumble unravel vanquish wander yearn zigzag abide bestow
chide devour elude forsake grapple heed incite jeer""".split()
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu za".split()
HOSTS = ["arxiv.org", "github.com", "blog.kelda.example", "kelda.example", "news.orrin.example"]
TAGS = ["chips", "policy", "local"]
HEADINGS = ["Models", "Tools", "Hardware"]


def make_names(rng):
    """Entities: title, aliases, whether it has a note."""
    stems, names = set(), []
    while len(stems) < 70:
        stems.add("".join(rng.choice(SYLLABLES) for _ in range(4)).capitalize())
    for i, stem in enumerate(sorted(stems)):
        if i % 5 == 0:
            names.append({"title": f"{stem} 3", "aliases": [], "note": True})
            names.append({"title": f"{stem} 3.1", "aliases": [f"{stem}-Next"], "note": True})
        elif i % 5 == 1:
            names.append({"title": f"{stem} Labs", "aliases": [f"{stem}works"], "note": True})
        elif i % 5 == 2:
            names.append({"title": stem, "aliases": [], "note": True})
        else:
            names.append({"title": f"{stem.lower()} mesh", "aliases": [], "note": False})
    return names


def mention(rng, name):
    if not name["note"]:
        return rng.choice([name["title"].title(), name["title"]])
    called = rng.choice([name["title"]] + name["aliases"])
    return rng.choice([called, f"[[{called}]]", f"[[{name['title']}|the old friend]]", f"**{called}**"])


def slug(name):
    return name["title"].lower().replace(" ", "-")


def sentence(rng, words, names, count):
    parts = [rng.choice(words) for _ in range(count)]
    for name in names:
        parts.insert(rng.randrange(len(parts) + 1), mention(rng, name))
    return ", ".join(parts)


def write_digest(rng, folder, day, names, first, truth):
    """`first` is in its lists in any case: a value is an entity once a list has it."""
    rel = f"daily/{day}-Digest.md"
    lists = [n for n in names if n is first or rng.random() < 0.03]
    lines = ["---", f"tags: [digest]", f"models: [{', '.join(slug(n) for n in lists)}]", "---", ""]
    truth.append({"rel": rel, "line": 2, "day": day, "kind": "note", "heading": "", "hosts": [],
                  "names": [n["title"] for n in lists], "tags": ["digest"]})
    for heading in HEADINGS:
        lines += [f"## {heading}", ""]
        if rng.random() < 0.3:
            shown = rng.sample(names, 1)
            lines += [sentence(rng, FILLER, shown, 6) + ".", ""]
            truth.append({"rel": rel, "line": len(lines) - 1, "day": day, "kind": "text",
                          "heading": heading, "hosts": [], "tags": [],
                          "names": [n["title"] for n in shown]})
        for _ in range(rng.randrange(2, 6)):
            some = rng.sample(names, rng.choice([0, 0, 1, 1, 2, 3]))
            words = [rng.choice(FILLER) for _ in range(rng.randrange(7, 12))]
            text = ", ".join(words)
            for n in some:
                text += f", {mention(rng, n)}"
            host = rng.choice(HOSTS) if rng.random() < 0.3 else None
            tag = rng.choice(TAGS) if rng.random() < 0.2 else None
            if host:
                text += f", see [this](https://{host}/x/{len(lines)})"
            if tag:
                text += f" #{tag}"
            lines.append(f"- {text}")
            truth.append({"rel": rel, "line": len(lines), "day": day, "kind": "entry",
                          "heading": heading, "hosts": [host] if host else [],
                          "tags": [tag] if tag else [], "words": words,
                          "names": [n["title"] for n in some]})
        lines.append("")
    write(folder, rel, lines)


def write(folder, rel, lines):
    path = os.path.join(folder, rel)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")


def write_note(rng, folder, name, days, units, truth):
    """Half of the days that speak of it are in its timeline, a third of those retold."""
    rel = f"topics/{name['title']}.md"
    lines = ["---", f"title: {name['title']}", f"aliases: [{', '.join(name['aliases'])}]", "---", "",
             f"# {name['title']}", "", "## Timeline", ""]
    entries = [u for u in units if name["title"] in u["names"] and u["kind"] == "entry"]
    told = sorted({u["day"] for u in entries if rng.random() < 0.5})
    silent = rng.sample(days, 2) + ["1999-07-01"]
    events = sorted(told + [d for d in silent if d not in told])
    for i, day in enumerate(events):
        if i == len(events) // 2:
            lines += ["", "## Timeline (continued)", ""]
        same = [u for u in entries if u["day"] == day]
        both = None
        if same and rng.random() < 0.4:
            both = rng.choice(same)
            words = both["words"][:]
            del words[rng.randrange(len(words))]
        else:
            words = [rng.choice(OTHER) for _ in range(7)]
        lines.append(f"- [[{day}-Digest]]: {', '.join(words)}")
        truth.append({"rel": rel, "line": len(lines), "day": day, "kind": "event", "of": name["title"],
                      "both": [both["rel"], both["line"]] if both else None, "names": []})
    write(folder, rel, lines)


def generate(folder, truth_path, days, seed):
    rng = random.Random(seed)
    names, truth = make_names(rng), []
    start = datetime.date(2021, 3, 1)
    all_days = [str(start + datetime.timedelta(i)) for i in range(days) if rng.random() < 0.93]
    for i, day in enumerate(all_days):
        write_digest(rng, folder, day, names, names[i % len(names)], truth)
    units = list(truth)
    for name in names:
        if name["note"]:
            write_note(rng, folder, name, all_days, units, truth)
    with open(truth_path, "w") as f:
        json.dump({"names": names, "days": all_days, "units": truth}, f)


# --- asking ----------------------------------------------------------------------------------


class Daemon:
    def __init__(self, db):
        self.args = ["kbsearch"] + ([] if db == "-" else ["--db", db])
        subprocess.run(self.args + ["--status"], check=True, stdout=subprocess.DEVNULL)
        path = subprocess.run(self.args + ["--sockname"], check=True, capture_output=True, text=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path.stdout.strip())
        self.file = self.socket.makefile("rwb")

    def reply(self, method, **params):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def ask(self, method, **params):
        reply = self.reply(method, **params)
        if "error" in reply:
            sys.exit(f"{method} {params}: {reply['error']}")
        return reply["result"]

    def all(self, method, **params):
        """All pages: their size is odd on purpose."""
        hits, first = [], None
        while True:
            page = self.ask(method, limit=37, offset=len(hits), **params)
            first = first or page
            hits += page["hits"]
            if not page["hits"] or len(hits) >= page["total"]:
                return first, hits


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, name, good, why=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}")
        if not good:
            print("".join(f"# {line}\n" for line in str(why)[:1500].splitlines()), end="")

    def same(self, name, got, want):
        why = ""
        if got != want and isinstance(want, (set, frozenset)):
            why = f"besides: {sorted(got - want)[:5]} missing: {sorted(want - got)[:5]}"
        self.ok(name, got == want, why or f"got {got}\nwant {want}")

    def done(self):
        print(f"1..{self.n}")
        sys.exit(self.failed > 0)


# --- judging ---------------------------------------------------------------------------------


def place(hit):
    return hit["rel"], hit["line"]


def counted(truth):
    return [u for u in truth["units"] if u["kind"] in ("entry", "note")]


def check_timelines(tap, kb, truth):
    wrong, order, twins = set(), [], set()
    for name in truth["names"]:
        events = [u for u in truth["units"] if u.get("of") == name["title"]]
        told = {tuple(u["both"]): u for u in events if u["both"]}
        want = {(u["rel"], u["line"], "both" if (u["rel"], u["line"]) in told else "digest")
                for u in counted(truth) if name["title"] in u["names"]}
        want |= {(u["rel"], u["line"], "note") for u in events if not u["both"]}
        asked = rng_choice(name)
        first, hits = kb.all("timeline", query=asked)
        got = {place(h) + (h["source"],) for h in hits}
        if got != want or first["total"] != len(want) or len(hits) != len(want):
            wrong.add((asked, str(sorted(got - want)[:3]), str(sorted(want - got)[:3])))
        dates = [(h["date"], h["rel"], h["line"]) for h in hits]
        if dates != sorted(dates):
            order.append(asked)
        for h in hits:
            if h["source"] == "both" and h["twin"]["line"] != told[place(h)]["line"]:
                twins.add(str(place(h)))
    tap.same(f"timelines of {len(truth['names'])} names", wrong, set())
    tap.same("their days never go back, ties by path and line", order, [])
    tap.same("what both tell is joined with the right bullet", twins, set())


def rng_choice(name):
    """Asked by link, alias, title or value, each in its turn."""
    forms = [name["title"]]
    if name["note"]:
        forms += [f"[[{name['title']}]]", f"[[topics/{name['title']}|x]]"] + name["aliases"]
    return forms[sum(map(ord, name["title"])) % len(forms)]


def expected_gaps(truth, name):
    events = [u for u in truth["units"] if u.get("of") == name["title"]]
    days = {u["day"] for u in events}
    said = {u["day"] for u in truth["units"] if name["title"] in u["names"]}
    want = {(u["rel"], u["line"], "timeline") for u in counted(truth)
            if name["title"] in u["names"] and u["day"] not in days}
    want |= {(u["rel"], u["line"], "silent" if u["day"] in truth["days"] else "missing")
             for u in events if u["day"] not in said}
    return want


def check_gaps(tap, kb, truth, filled):
    wrong, kinds = set(), collections.Counter()
    for name in truth["names"]:
        if not name["note"]:
            continue
        first, hits = kb.all("gaps", query=f"[[{name['title']}]]")
        got = {place(h) + (h["gap"],) for h in hits}
        want = set() if filled else expected_gaps(truth, name)
        kinds.update(w[2] for w in want)
        if got != want or first["total"] != len(want):
            wrong.add((name["title"], str(sorted(got - want)[:3]), str(sorted(want - got)[:3])))
    tap.same(f"gaps, {dict(kinds)}", wrong, set())


def bucket_start(kind, day):
    d = datetime.date.fromisoformat(day)
    if kind == "week":
        d -= datetime.timedelta(d.weekday())
    return str(d.replace(day=1) if kind == "month" else d)


def check_trends(tap, kb, truth):
    units = counted(truth)
    for kind in ("day", "week", "month"):
        for words in (["quartz"], ["osprey", "silk"], ["velvet"]):
            found = [u["day"] for u in units if all(w in u.get("words", []) for w in words)]
            r = kb.ask("trend", query=" ".join(words), bucket=kind)
            series = r["series"][0]
            want = collections.Counter(bucket_start(kind, d) for d in found)
            got = {b["from"]: b["counts"][0] for b in r["buckets"] if b["counts"][0]}
            tap.same(f"trend by {kind} of {words}", got, dict(want))
            tap.same("  its total, first and last", (series["total"], series["first"], series["last"]),
                     (len(found), min(found), max(found)))
            starts = [b["from"] for b in r["buckets"]]
            step = {bucket_start(kind, str(datetime.date.fromisoformat(min(found)) +
                    datetime.timedelta(i))) for i in range((datetime.date.fromisoformat(max(found)) -
                    datetime.date.fromisoformat(min(found))).days + 1)}
            tap.same("  no bucket is left out", starts, sorted(step))
            all_units = collections.Counter(bucket_start(kind, u["day"]) for u in units)
            tap.same("  entries in each", [b["entries"] for b in r["buckets"]],
                     [all_units[s] for s in starts])
    a = kb.ask("trend", query="quartz", bucket="month", vs="osprey\nvelvet")
    b = [kb.ask("trend", query=q, bucket="month")["series"][0]["total"]
         for q in ("quartz", "osprey", "velvet")]
    tap.same("side by side each has its own total", [s["total"] for s in a["series"]], b)


def check_facets(tap, kb, truth):
    found = [u for u in truth["units"] if "quartz" in u.get("words", [])]
    r = kb.ask("facet", query="quartz kind:entry", limit=1000,
               field="entity,tag,source,kind,vault,month,heading")
    got = {f["field"]: {v["value"]: v["count"] for v in f["values"]} for f in r["facets"]}
    tap.same("facets: total", r["total"], len(found))
    want = {
        "tag": collections.Counter(t for u in found for t in u["tags"]),
        "source": collections.Counter(h for u in found for h in u["hosts"]),
        "kind": {"entry": len(found)},
        "month": collections.Counter(u["day"][:7] for u in found),
        "heading": collections.Counter(u["heading"] for u in found),
        "entity": collections.Counter(n for u in found for n in u["names"]),
    }
    for field, counts in want.items():
        tap.same(f"facet by {field}", got[field], dict(counts))
    tap.same("facet by vault", list(got["vault"].values()), [len(found)])
    for limit in range(1, len(want["heading"])):
        f = kb.ask("facet", query="quartz kind:entry", limit=limit, field="heading")["facets"][0]
        first = sorted(want["heading"].items(), key=lambda x: (-x[1], x[0]))[:limit]
        tap.same(f"the {limit} most frequent headings of all",
                 ([(v["value"], v["count"]) for v in f["values"]], f["distinct"]),
                 (first, len(want["heading"])))
    check_search_facets(tap, kb, found, got)


def check_search_facets(tap, kb, found, counts):
    """Beside a page of hits: of all matches, the twenty most frequent values."""
    for more in ({}, {"limit": 0}, {"offset": 5, "limit": 3}, {"sort": "oldest"}, {"fold": True},
                 {"budget_bytes": 16000}):
        r = kb.ask("search", **{"query": "quartz kind:entry", "limit": 1, **more},
                   facets="entity,tag,source,kind,vault,month,heading")
        want = {f: sorted(v.items(), key=lambda x: (-x[1], x[0]))[:20] for f, v in counts.items()}
        got = {f["field"]: [(v["value"], v["count"]) for v in f["values"]] for f in r["facets"]}
        tap.same(f"facets of a search {more}", got, want)
        tap.same("  how many values there are", {f["field"]: f["distinct"] for f in r["facets"]},
                 {f: len(v) for f, v in counts.items()})
        tap.same("  and its total", r["units" if "fold" in more else "total"], len(found))


def check_with(tap, kb, truth):
    units, wrong = counted(truth), []
    anywhere = collections.Counter(n for u in units for n in u["names"])
    for name in truth["names"][:50]:
        mine = [u for u in units if name["title"] in u["names"]]
        counts = collections.Counter(n for u in mine for n in u["names"] if n != name["title"])
        last = {n: max(u["day"] for u in mine if n in u["names"]) for n in counts}
        r = kb.ask("with", entity=name["title"], limit=1000)
        got = {v["name"]: (v["count"], v["last"], round(v["lift"], 2)) for v in r["names"]}
        want = {n: (c, last[n], round(c * len(units) / (len(mine) * anywhere[n]), 2))
                for n, c in counts.items()}
        close = set(got) - {"digest"} == set(want) and all(
            got[n][:2] == want[n][:2] and abs(got[n][2] - want[n][2]) < 0.02 for n in want)
        order = [(-v["count"], v["name"]) for v in r["names"]]
        if not close or order != sorted(order) or (r["total"], r["entries"]) != (len(mine), len(units)):
            wrong.append((name["title"], got, want))
    tap.same("names beside 50 others: counts, lift, last day", wrong, [])


def check_rising(tap, kb, truth):
    units = counted(truth)
    for span in (7, 30):
        to = datetime.date.fromisoformat(max(u["day"] for u in units))
        start = to - datetime.timedelta(span - 1)
        base = start - datetime.timedelta(56)
        now = [u for u in units if str(start) <= u["day"] <= str(to)]
        before = [u for u in units if str(base) <= u["day"] < str(start)]
        w = collections.Counter(n for u in now for n in u["names"])
        b = collections.Counter(n for u in before for n in u["names"])
        want = {n: (w[n], b[n]) for n in w if w[n] / len(now) > b[n] / len(before)}
        r = kb.ask("rising", span=f"{span}d", limit=100)
        got = {v["name"]: (v["count"], v["before"]) for v in r["names"] if v["name"] != "digest"}
        tap.same(f"rising in {span} days", got, want)
        up = [w[n] / len(now) - b[n] / len(before) for n in got]
        tap.ok("  most risen first", all(x >= y - 1e-9 for x, y in zip(up, up[1:])), up)
        shown = all(u["date"] >= str(start) for v in r["names"] for u in v["hits"])
        tap.ok("  with entries of the window", shown and all(v["hits"] for v in r["names"]))


def check(truth_path, filled=False):
    with open(truth_path) as f:
        truth = json.load(f)
    tap, kb = Tap(), Daemon("-")
    check_gaps(tap, kb, truth, filled)
    if not filled:
        check_timelines(tap, kb, truth)
        check_trends(tap, kb, truth)
        check_facets(tap, kb, truth)
        check_with(tap, kb, truth)
        check_rising(tap, kb, truth)
    tap.done()


def fill(folder, truth_path):
    with open(truth_path) as f:
        truth = json.load(f)
    for name in truth["names"]:
        if not name["note"]:
            continue
        gaps = expected_gaps(truth, name)
        path = os.path.join(folder, f"topics/{name['title']}.md")
        with open(path) as f:
            lines = f.read().split("\n")
        for line in sorted((g[1] for g in gaps if g[2] != "timeline"), reverse=True):
            del lines[line - 1]
        days = sorted({re.search(r"\d{4}-\d\d-\d\d", g[0]).group() for g in gaps if g[2] == "timeline"})
        lines += [f"- [[{d}-Digest]]: told at last" for d in days]
        write(folder, f"topics/{name['title']}.md", lines)


# --- as of a day -----------------------------------------------------------------------------


def day_of_file(name):
    m = re.match(r"(\d\d)?(\d\d-\d\d-\d\d)", name)
    return ((m.group(1) or "20") + m.group(2)) if m else None


def cut(folder, to, day):
    for where, _, files in os.walk(folder):
        for name in files:
            of = day_of_file(name)
            if of and of <= day:
                path = os.path.join(to, os.path.relpath(where, folder))
                os.makedirs(path, exist_ok=True)
                shutil.copy(os.path.join(where, name), path)


def vocabulary(kb, day):
    """Words of what was written by then, and some of later days; some misspelt."""
    rng, words = random.Random(3), []
    for until in (day, "2100-01-01"):
        hits = kb.ask("search", query="kind:entry OR kind:note", until=until, sort="newest", limit=300)["hits"]
        text = " ".join(s["t"] for h in hits for s in h["snippet"])
        known = sorted(set(re.findall(r"\b[a-z]{4,12}\b", text)))
        words += rng.sample(known, min(25, len(known)))
    queries = [f"{a} {b}" if i % 3 == 0 else a for i, (a, b) in enumerate(zip(words, words[1:]))]
    queries += [w[:2] + w[3:] for w in words[::4]] + [f'"{w}"' for w in words[::5]]
    return queries


def asof(day, db, cut_db):
    tap, whole, part = Tap(), Daemon(db), Daemon(cut_db)
    queries = vocabulary(whole, day)
    wrong = collections.Counter()
    why = []
    for query in queries:
        for method, params in (
            ("search", {"sort": "newest", "limit": 1000, "exact": True}),
            ("search", {"sort": "oldest", "limit": 1000, "exact": True}),
            ("search", {"limit": 1000, "exact": True}),
            ("facet", {"field": "entity,tag,source,kind,month,heading", "limit": 1000}),
            ("trend", {"bucket": "month"}),
            ("timeline", {}),
        ):
            a = whole.reply(method, query=query, asof=day, **params)
            b = part.reply(method, query=query, **params)
            if "result" not in a or "result" not in b:
                good = a.get("error") == b.get("error")
            else:
                a, b = a["result"], b["result"]
                keys = [k for k in ("total", "relaxed", "suggestion", "facets", "series", "buckets")
                        if k in a]
                good = all(a[k] == b[k] for k in keys)
                where = [[place(h) for h in x.get("hits", [])] for x in (a, b)]
                if method == "search" and "sort" not in params:
                    where = [sorted(w) for w in where]
                good = good and where[0] == where[1]
            if not good:
                wrong[method] += 1
                if len(why) < 4:
                    why.append(f"{method} {params} {query!r}: " + "; ".join(
                        f"{k} {str(a.get(k))[:150]} / {str(b.get(k))[:150]}" for k in
                        ("total", "relaxed", "suggestion") if a.get(k) != b.get(k)))
    tap.ok(f"{len(queries)} queries as of {day}: as in a copy without later notes", not wrong,
           f"{dict(wrong)}\n" + "\n".join(why))
    tap.done()


# --- what holds for any notes -----------------------------------------------------------------


def trends(db, queries):
    tap, kb = Tap(), Daemon(db)
    for query in queries:
        for kind in ("month", "week"):
            r = kb.ask("trend", query=query, bucket=kind)
            series = r["series"][0]
            total = sum(b["counts"][0] for b in r["buckets"])
            tap.same(f"{query} by {kind}: buckets sum to the total", total, series["total"])
            wrong = []
            for b in random.Random(5).sample(r["buckets"], min(12, len(r["buckets"]))):
                one = kb.ask("trend", query=f"{query} date:{b['bucket']}", bucket="day")
                if one["series"][0]["total"] != b["counts"][0]:
                    wrong.append((b, one["series"][0]["total"]))
            tap.same("  each is the same query with its date:", wrong, [])
        hits, offset = [], 0
        while True:
            page = kb.ask("search", query=f"({query})", match="strict", limit=1000, offset=offset,
                          text_bytes=1, exact=True)
            hits += page["hits"]
            offset += 1000
            if offset >= page["total"]:
                break
        if query.startswith('"'):
            days = sorted(h["date"] for h in hits if h["date"] and
                          (h["kind"] == "entry" or h["kind"] == "note" and h["date_source"] == "file"))
            tap.same("  as many as a search of the phrase finds, first and last",
                     (series["total"], series["first"], series["last"]),
                     (len(days), days[0] if days else None, days[-1] if days else None))
    tap.done()


def save(db, path):
    kb = Daemon(db)
    answers = [kb.ask("trend", query=q, bucket="week") for q in ("quartz", "velvet osprey")]
    answers.append(kb.ask("rising", span="30d"))
    answers += [kb.ask("facet", query="quartz", field="entity,month")]
    answers += [kb.ask("timeline", query="quartz silk", limit=1000)]
    for a in answers:
        a.pop("index"), a.pop("revision")
    with open(path, "w") as f:
        json.dump(answers, f, sort_keys=True)


def main(args):
    options = dict(zip(args[::1], args[1::1]))
    if args[0] == "generate":
        generate(args[1], args[2], int(options.get("--days", 200)), int(options.get("--seed", 1)))
    elif args[0] == "check":
        check(args[1], "--filled" in args)
    else:
        {"fill": fill, "cut": cut, "asof": asof, "save": save,
         "trends": lambda db, *q: trends(db, q)}[args[0]](*args[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
