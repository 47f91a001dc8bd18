#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges `asof` by a copy of the vault from which everything later or undated is cut.

    asof.py make DAILY WHOLE CUT DAY   from story.py's digests: a vault with notes that are dated,
                                       undated, and of one name, and its copy as of the day
    asof.py check DAY WHOLE_DB CUT_DB  the same answers from both

What came later is planted to mislead: an alias that is a common word of before, a second note of
one title with another alias, tags and properties, and words that make a prefix stand for others.
Prints TAP.
"""
import collections
import os
import random
import re
import sys

from story import FILLER, Daemon, Tap, make_names, place

WORDS = [f"zeta{a}{b}" for a in "bcdfghjklmnp" for b in ("ab", "eb", "ib", "ob", "ub", "an", "en",
                                                       "in", "on", "un", "ar", "er")]


def write(folder, rel, text):
    path = os.path.join(folder, rel)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def day_of(name):
    m = re.match(r"\d{4}-\d\d-\d\d", name)
    return m and m.group()


def digests(daily, whole, cut, day, rng):
    for name in sorted(os.listdir(daily)):
        with open(os.path.join(daily, name)) as f:
            text = f.read()
        early = day_of(name) <= day
        common = WORDS[:120] if early else WORDS[24:]
        text += "".join(f"- {rng.choice(common)} {rng.choice(FILLER)} {rng.choice(common)}\n"
                        for _ in range(4))
        write(whole, f"daily/{name}", text)
        if early:
            write(cut, f"daily/{name}", text)


def note(title, aliases, date, extra=(), events=()):
    head = ["---", f"title: {title}", f"aliases: [{', '.join(aliases)}]", *extra]
    head += [f"date: {date}"] if date else []
    return "\n".join(head + ["---", "", f"# {title}", "", "What is said of it, [[Hub|here]].", "",
                             "## Timeline", ""] + list(events)) + "\n"


def make(daily, whole, cut, day):
    rng = random.Random(5)
    digests(daily, whole, cut, day, rng)
    days = [day_of(n) for n in sorted(os.listdir(daily))]
    early, late = [d for d in days if d <= day], [d for d in days if d > day]
    names = [n for n in make_names(random.Random(1)) if n["note"]]
    for i, n in enumerate(names):
        rel, title = f"topics/{n['title']}.md", n["title"]
        before = [f"- [[{d}-Digest]]: {rng.choice(FILLER)}, {rng.choice(FILLER)}"
                  for d in sorted(rng.sample(early, 3))]
        after = [f"- [[{d}-Digest]]: {rng.choice(FILLER)}, umber" for d in sorted(rng.sample(late, 3))]
        if i % 3 == 0:    # there by then; its later events are not
            extra = ["tags: [known]", "status: released"]
            write(whole, rel, note(title, n["aliases"], rng.choice(early), extra, before + after))
            text = open(os.path.join(whole, rel)).read()
            write(cut, rel, text.replace("\n".join(after) + "\n", ""))
            if i % 2:    # and later another one of this name
                write(whole, f"other/{title}.md",
                      note(title, [rng.choice(FILLER)], rng.choice(late), ["status: gone"]))
        elif i % 3 == 1:
            alias = n["aliases"] + [rng.choice(FILLER)]
            write(whole, rel, note(title, alias, rng.choice(late), ["tags: [known]", "status: released"]))
        else:
            write(whole, rel, note(title, n["aliases"] + [rng.choice(FILLER)], None))


def queries(day):
    names = [n for n in make_names(random.Random(1))]
    rng = random.Random(9)
    called = [rng.choice([n["title"]] + n["aliases"]) for n in rng.sample(names, 24)]
    out = [f'entity:"{n}"' for n in called[:12]] + [f'link:"{n}"' for n in called[6:14]]
    out += [f"[[{n}]]" for n in called[12:16]] + [f'title:"{n}"' for n in called[16:20]]
    out += [f'"{n}"' for n in called[20:]]
    out += ["zeta*", "zetab*", "z* quartz", "qu*", "tag:known", "tag:digest velvet", "[status:released]",
            "[status:gone]", "[models] quartz", "note:(quartz velvet)", "quartz OR silk", "velvet -silk",
            '"osprey, silk"', "umber", "vlvet", "zetabba", "hub", "path:topics/**", "heading:timeline",
            "source:kelda.example", "kind:event", "quartz velvet ospray", "digest"]
    out += rng.sample(FILLER, 8) + called[:10]
    return out


def view(method, reply):
    """What has to be the same; hits that are ordered by score as a set."""
    if "error" in reply:
        return reply["error"]
    r = reply["result"]
    keys = ("total", "relaxed", "suggestion", "warnings", "facets", "series", "buckets", "names",
            "entity", "entries", "distinct", "suggestions", "from", "to", "units")
    out = {k: r[k] for k in keys if k in r}
    out["hits"] = [place(h) + tuple(h.get(k) for k in ("source", "gap")) for h in r.get("hits", [])]
    if method == "search":
        out["hits"] = [place(h) for h in r["hits"]]
    for n in out.get("names", []):
        n["hits"] = [place(h) for h in n.get("hits", [])]
    return out


def check(day, whole_db, cut_db):
    tap, whole, cut = Tap(), Daemon(whole_db), Daemon(cut_db)
    asks = [("search", {"sort": "newest", "exact": True, "limit": 1000}),
            ("search", {"sort": "oldest", "exact": True, "limit": 1000}),
            ("search", {"exact": True, "limit": 0, "facets": "entity,tag,source,kind,month,heading"}),
            ("search", {"sort": "newest", "limit": 1000, "fold": True}),
            ("facet", {"field": "entity,tag,source,kind,month,heading", "limit": 1000}),
            ("trend", {"bucket": "week"}), ("timeline", {"limit": 1000})]
    wrong, why = collections.Counter(), []

    def same(method, params):
        a = view(method, whole.reply(method, asof=day, **params))
        b = view(method, cut.reply(method, **params))
        if a != b:
            wrong[method] += 1
            differ = [k for k in a if a.get(k) != b.get(k)]
            why.append(f"{method} {params}: " +
                       "; ".join(f"{k} {str(a.get(k))[:200]} / {str(b.get(k))[:200]}" for k in differ))
        return "message" not in b

    asked = queries(day)
    answered = sum(same(m, {"query": q, **p}) for q in asked for m, p in asks)
    tap.ok(f"{len(asked)} queries, {len(asks)} ways each, as of {day}", not wrong,
           f"{dict(wrong)}\n" + "\n".join(why[:6]))
    tap.ok("  most are answered", answered > len(asked) * len(asks) * 0.9, answered)
    wrong.clear(), why.clear()
    names = [n["title"] for n in make_names(random.Random(1))]
    for n in names:
        same("with", {"entity": n, "limit": 1000})
        same("gaps", {"query": n, "limit": 1000})
    for span in ("7d", "30d"):
        same("rising", {"span": span, "limit": 100})
    tap.ok(f"neighbours and gaps of {len(names)} names, what rises", not wrong,
           f"{dict(wrong)}\n" + "\n".join(why[:6]))
    wrong.clear(), why.clear()
    prefixes = [n[:k] for n in names + FILLER for k in (1, 2, 4)] + ["#k", "zeta", "entity:", "[[", "um"]
    for p in sorted(set(prefixes)):
        for kind in ("any", "word", "title", "entity", "tag"):
            same("suggest", {"prefix": p, "kind": kind, "limit": 20})
    tap.ok(f"completions of {len(set(prefixes))} beginnings", not wrong,
           f"{dict(wrong)}\n" + "\n".join(why[:6]))
    tap.done()


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
