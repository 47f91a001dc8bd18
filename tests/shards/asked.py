#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of docs/vault in one index and in parts, and whether the answers are the same.

asked.py ONE OTHER: two sockets; prints what differs."""
import sys

from rpc import Line

QUERIES = ["muse", "closed source", "open weights", '"closed source"', "quant*", "model -meta", "GPT-5", "gpt5",
           "tag:release OR qwen", "title:muse", "geminu", "note:(muse benchmark)", "[[Muse Spark]]", "entity:Qwen",
           "kind:entry", "on:2026-04-09", "date:2026-04", "path:models", "closed NEAR/5 source",
           "-muse kind:event", "[status:released]", "source:arxiv.org", "meta closed weights licence benchmark",
           "openweights", "closedsource", "longcontext", "fine-tuned chattemplatefile", "kind:text",
           "heading:models", "/muse/", "muse heading:models", "muse OR heading:models",
           "-heading:models muse", "qwen /[0-9]b/", "heading:models OR /muse/"]
PAGES = [{"limit": 1000}, {}, {"offset": 7, "limit": 9}, {"match": "any"}, {"sort": "newest"}, {"sort": "oldest"}, {"sort": "path"}]
FACETS = "entity,tag,source,kind,vault,month,heading"
NOTES = ["Muse Spark", "Qwen 3.5", "Meta", "DeepSeek", "qwen", "no such name"]
ASKED = [("search", dict(query=q, exact=True, **page)) for q in QUERIES for page in PAGES]
for q in ("muse", "closed source", "qwen", "kind:entry"):
    ASKED += [("search", dict(query=q, exact=True, **more)) for more in (
        {"recent": "30d"}, {"recent": "30d", "offset": 5, "limit": 5}, {"asof": "2026-04-10"}, {"asof": "2026-04-10", "sort": "newest"},
        {"fold": True}, {"facets": FACETS}, {"neighbours": 2, "limit": 5})]
    ASKED += [("timeline", {"query": q, "limit": 100}), ("trend", {"query": q, "bucket": "day"}),
              ("trend", {"query": q, "bucket": "week", "vs": "qwen"}), ("facet", {"query": q, "field": FACETS}),
              ("facet", {"query": q, "field": "entity", "asof": "2026-04-10"})]
for n in NOTES:
    ASKED += [("timeline", {"query": "[[%s]]" % n, "limit": 100}), ("timeline", {"query": n, "asof": "2026-04-12"}),
              ("gaps", {"query": n}), ("with", {"entity": n, "limit": 100}), ("links", {"note": n}), ("related", {"path": n}),
              ("backlinks", {"note": n, "mentions": True}), ("get", {"path": n})]
    ASKED += [("backlinks", {"note": n, "sort": sort, "limit": 100}) for sort in ("newest", "oldest", "path")]
ASKED += [("rising", {"span": "7d", "limit": 100}), ("rising", {"span": "30d"}),
          ("related", {"path": "2026-04-09-AI-Digest", "line": 17}), ("get", {"path": "daily/2026-04-09-AI-Digest.md", "line": 17})]
ASKED += [("suggest", {"prefix": p}) for p in ("mu", "open w", "tag:", "#r", "qw", "", "enti")]
# Of one index alone, or by chance. Equal texts are numbered in each part by itself, and ids with them.
OWN = {"index", "revision", "took_us", "cursor", "id"}


def kept(x):
    """What has to be the same, order included: weights to nine digits, as sums come about in another order."""
    if isinstance(x, dict):
        return {k: kept(v) for k, v in x.items() if k not in OWN}
    return [kept(v) for v in x] if isinstance(x, list) else round(x, 9) if isinstance(x, float) else x


def answer(line, method, params):
    if method not in ("get", "links", "related", "backlinks"):
        params = dict(params, today="2026-04-30")
    r = line.ask(method, **params)
    return kept(r.get("result") or r["error"])


NOT_FOUND = 1009


def differences(one, other):
    """An error is no answer, but for what is not there."""
    found = []
    for method, params in ASKED:
        want, got = answer(one, method, params), answer(other, method, params)
        if want != got or want.get("code", NOT_FOUND) != NOT_FOUND:
            found.append((method, params, [k for k in want if want[k] != got.get(k)], got.get("message", "")))
    return found


if __name__ == "__main__":
    for difference in differences(Line(sys.argv[1]), Line(sys.argv[2])):
        print(*difference)
