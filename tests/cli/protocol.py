# SPDX-License-Identifier: GPL-2.0-or-later
"""
The socket held against what the protocol promises.

    protocol.py methods SCHEMA         every method of a running daemon, and its events' schemas
    protocol.py pages QUERY...         budgets and cursors
    protocol.py session QUERY          as-you-type
    protocol.py bad                    what no client may send, beside one that behaves
    protocol.py heavy                  how soon a superseded search ends
    protocol.py mcp | lsp              the other two protocols
"""
import json
import os
import random
import re
import socket
import sys
import time

from rpc import Client
from schema import Schema


def check(good, *what):
    if not good:
        print("FAILED:", *[w if isinstance(w, str) else json.dumps(w)[:600] for w in what])
        sys.exit(1)


# --- every method ---------------------------------------------------------------------------------

GIVEN = {"get": {"path": "models/Muse Spark.md"}, "facet": {"query": "muse", "field": "kind"}, "suggest": {"prefix": "mu"},
         "trend": {"query": "muse"}, "related": {"path": "models/Muse Spark.md"}}
EXTRA = [("search", {"query": "muse", "neighbours": 2, "explain": True}), ("search", {"query": "muze sparc"}),
         ("search", {"query": "zebra quagga muse", "limit": 3}), ("search", {"query": "zzz"}), ("get", {"path": "models/Muse Spark.md", "line": 20})]


def methods(path):
    s, c = Schema(path), Client()
    rows = [(m, GIVEN.get(m)) for m in s.methods()] + EXTRA
    answered = 0
    for method, params in rows:
        wanted = s.root["$defs"][method]["$defs"]["params"]["required"]
        params = params or {name: "Muse Spark" for name in wanted}
        check(s.fault(params, method, "params") is None, method, params)
        late = c.call(method, dict(params, deadline_ms=1))
        check("result" in late or late["error"]["data"]["reason"] == "timed_out", "a deadline", method, late)
        answer = c.call(method, dict(params, deadline_ms=60000))
        check(s.fault(answer, "response") is None, answer)
        if "error" in answer:
            print("%s: %s" % (method, answer["error"]["message"]))
            continue
        answered += 1
        fault = s.fault(answer["result"], method, "result")
        check(fault is None, method, answer["result"], str(fault))
        for hit in answer["result"].get("hits", []):
            check(s.fault(hit, "hit") is None, method, hit, str(s.fault(hit, "hit")))
    check(answered >= len(rows) - 2, "methods went unanswered")
    bounded = [(m, p) for m, p in rows if "budget_bytes" in s.root["$defs"][m]["$defs"]["params"]["properties"]]
    check({m for m, _ in bounded} == {"search", "get", "backlinks"}, "methods without a budget", bounded)
    for method, params in bounded:
        wanted = s.root["$defs"][method]["$defs"]["params"]["required"]
        for budget in (1, 300, 700, 1500, 4000, 16384, 1000000):
            answer = c.call(method, dict(params or {name: "Muse Spark" for name in wanted}, budget_bytes=budget))
            check(c.size <= budget or answer["result"].get("hits") == [] if "result" in answer else "budget_bytes" in answer["error"]["message"], "over its budget", method, budget, answer)
    known = Client().call("hello")["result"]["methods"]
    check(sorted(known) == sorted(s.methods()), "hello names other methods than the schema", known)


# --- paging -----------------------------------------------------------------------------------------

def on_disk(hit):
    """The hit's text is what its lines hold."""
    lines = open(hit["path"], "rb").read().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    whole = "\n".join(lines[hit["line"] - 1:hit["end_line"]])
    text = hit["text"].replace("\r\n", "\n")
    return text in whole or all(t.strip() in whole for t in text.split("\n"))


def pages(*queries):
    c, looked = Client(), 0
    for query in queries:
        for sort in ("score", "newest", "oldest", "path"):
            ask = {"query": query, "sort": sort, "exact": True}
            whole = c.call("search", dict(ask, limit=1000))["result"]
            check(all(on_disk(h) for h in whole["hits"]), "not the bytes on disk", query)
            biggest = max([len(json.dumps(h)) for h in whole["hits"]] or [0])
            for budget, limit in ((biggest * 2 + 3000, 1000), (biggest * 3 + 9000, 7), (0, 5)):
                joined, cursor, turns = [], None, 0
                while True:
                    page = dict(ask, limit=limit, budget_bytes=budget)
                    if cursor:
                        page["cursor"] = cursor
                    answer = c.call("search", page)
                    check("result" in answer, answer)
                    check(not budget or c.size <= budget, "over the budget", query, "%d > %d" % (c.size, budget))
                    check(answer["result"]["total"] == whole["total"], "another total", query)
                    joined += answer["result"]["hits"]
                    cursor = answer["result"]["cursor"]
                    turns += 1
                    check(turns < 2000, "pages without end")
                    if not cursor:
                        break
                check(joined == whole["hits"][:len(joined)] and
                      (len(joined) == len(whole["hits"]) or len(whole["hits"]) == 1000),
                      "pages joined are another list", query, sort, "%d %d" % (len(joined), len(whole["hits"])))
                looked += turns
        # A budget that no hit fits in whole: told, and never passed.
        for budget in (1, 500, 900, 1300, 1700, 2500):
            answer = c.call("search", {"query": query, "budget_bytes": budget})
            if "error" in answer:
                check("budget_bytes" in answer["error"]["message"], answer)
            else:
                check(c.size <= budget or not answer["result"]["hits"], "over the budget", "%d > %d" % (c.size, budget))
                check(all(h["truncated"] or on_disk(h) for h in answer["result"]["hits"]), answer)
    print("%d pages" % looked)


# --- as you type --------------------------------------------------------------------------------------

def session(query):
    c = Client()
    typed = [query[:i] for i in range(1, len(query) + 1)]
    ids = [c.ask("search", {"query": t, "session": "s", "partial": True, "limit": 10}) for t in typed]
    answers = {}
    while len(answers) < len(ids):
        a = c.read()
        check(a is not None and a["id"] not in answers, "no answer, or two", a)
        answers[a["id"]] = a
    for i in ids:
        check("result" in answers[i] or answers[i]["error"]["code"] == -32800, answers[i])
    check(answers[ids[-1]].get("result", {}).get("query") == query, "the last key was not answered", answers[ids[-1]])
    stale = Client()
    first = stale.ask("search", {"query": "muse", "session": "a"})
    second = stale.ask("search", {"query": "spark", "session": "b"})
    got = {stale.read()["id"], stale.read()["id"]}
    check(got == {first, second}, "sessions were mixed up")
    late = c.call("search", {"query": "muse", "deadline_ms": 1})
    check("result" in late or late["error"]["data"]["reason"] == "timed_out", late)


def bad():
    """Each gets one error with these words, whatever else is on the line; the last word tells
    whether the connection goes on."""
    whole = '{"jsonrpc":"2.0","id":1,"method":"search","params":{"query":"muse"%s}}\n'
    rows = [
        ("an unknown parameter", whole % ',"limitt":3', "unknown parameter \"limitt\".*limit", True),
        ("a wrong type", whole % ',"limit":"three"', "limit must be an integer from 0 to 1000", True),
        ("a batch", "[" + (whole % "").strip() + "]\n", "send", False),
        ("a batch, later", " " + whole % "" + "[" + (whole % "").strip() + "]\n", "batches .* one request at a time", True),
        ("2 MiB", whole % (',"x":"%s"' % ("y" * 2097152)), "1048576", False),
        ("depth 10,000", whole % (',"x":' + "[" * 10000 + "]" * 10000), "64", True),
        ("a key twice", whole % ',"query":"spark"', "query", True),
        ("half a surrogate", whole % ',"vault":"\\ud800"', "byte 8.*invalid Unicode", True),
        ("half a surrogate, as bytes", (whole % ',"vault":"X"').replace("X", "\udced\udca0\udc80"), "byte 7.*decode", True),
        ("half a frame", "Content-Length: 100\r\n\r\n{", "ended in the middle", False),
    ]
    framed = [(name, text.strip(), "batches" if name == "a batch" else words, goes_on or name == "a batch")
              for name, text, words, goes_on in rows if not text.startswith("C") and name != "a batch, later"]
    for how, of in ((None, rows), (None, framed), ("--rpc", rows), ("--mcp", rows), ("--lsp", framed)):
        print("through", how or "the socket", "with headers" if of is framed else "by lines")
        bad_rows(how, of, of is framed)
    bad_calls()


def bad_rows(how, rows, framed):
    good, want = Client(), None
    for name, text, words, goes_on in rows:
        c = Client(headers=framed or text.startswith("C"), relay=how)
        raw = text.encode("utf-8", "surrogateescape")
        try:
            c.socket.sendall(b"Content-Length: %d\r\n\r\n" % len(raw) + raw if framed else raw)
        except (BrokenPipeError, ConnectionResetError):
            pass # refused before all of it came
        if name == "half a frame":
            c.socket.shutdown(socket.SHUT_WR)
        answer = c.read()
        if name == "a batch, later":
            answer = c.read() if "result" in answer else answer
        check("error" in answer and len(answer["error"]["message"]) > 15, name, answer)
        check(re.search(words, answer["error"]["message"]), name, answer)
        print("%s: %s" % (name, answer["error"]["message"]))
        try:
            c.call("hello")
            check(goes_on, name, "was to end the connection")
        except (EOFError, OSError):
            check(not goes_on, name, "ended the connection")
        hits = good.call("search", {"query": "muse"})["result"]["hits"]
        want = want or hits
        check(hits == want, "another client got another answer after", name)
        c.socket.close()
        check(not how or c.relay.wait(20) is not None, name, "the relay goes on")


def bad_calls():
    """What MCP and LSP ask wrongly, and what they let through."""
    c, more = Client(relay="--mcp"), {"_meta": {"progressToken": 7, "x/y": [1]}, "more": {"a": None}}
    hello = c.call("initialize", dict(more, protocolVersion="2025-11-25", capabilities={"new": {"x": 1}}))
    check(hello["result"]["protocolVersion"] == "2025-11-25", hello)
    plain = c.call("tools/call", {"name": "search", "arguments": {"query": "muse"}})["result"]["structuredContent"]["hits"]
    for name in ("tools/list", "resources/list", "resources/templates/list", "ping"):
        check("result" in c.call(name, more), name, "did not let unknown members through")
    again = c.call("tools/call", dict(more, name="search", arguments={"query": "muse"}))
    check(again["result"]["structuredContent"]["hits"] == plain, again)
    for arguments, words in (({"query": "muse", "limitt": 3}, "unknown.*limitt"), ({"query": "muse", "limit": "three"}, "limit must be"), ({}, "query")):
        r = c.call("tools/call", {"name": "search", "arguments": arguments})
        check(r["result"]["isError"] and re.search(words, r["result"]["content"][0]["text"]), arguments, r)
    check("must be one of" in c.call("tools/call", {"name": "serch", "arguments": {}})["error"]["message"], "a tool that is none")
    # A cancelled request gets no answer: the next one's comes instead, or it was there before.
    for turn in range(20):
        asked = c.ask("tools/call", {"name": "search", "arguments": {"query": "muse -x%d" % turn}})
        c.tell("notifications/cancelled", {"requestId": asked, "reason": "typed on", "_meta": {}})
        after = c.ask("ping")
        answers = [c.read()]
        while answers[-1]["id"] != after:
            answers.append(c.read())
        check(all(a["id"] == after or (a["id"] == asked and "result" in a) for a in answers), "answered although cancelled", answers)
    c = Client(headers=True, relay="--lsp")
    check("capabilities" in c.call("initialize", dict(more, processId=None, rootUri=None, capabilities={"textDocument": {"new": 1}}))["result"], "initialize")
    check(c.call("workspace/symbol", dict(more, query="muse", workDoneToken=1, partialResultToken="p"))["result"], "workspace/symbol")
    for method, params in (("workspace/symbol", {"query": 7}), ("textDocument/hover", {"textDocument": 1}), ("textDocument/nothing", {})):
        r = c.call(method, params)
        check("error" in r and len(r["error"]["message"]) > 15, method, params, r)
        print("%s: %s" % (method, r["error"]["message"]))
    c.tell("$/nothing", {})
    c.tell("textDocument/nothing", {})
    check(c.call("workspace/symbol", {"query": "muse"})["result"], "a notification that is unknown")


def heavy():
    """Figures, and a wide margin to fail at."""
    c, took, asked, superseded = Client(), [], 0, 0
    words = ["the", "a*", "to of and", "in OR on OR at OR of", "/m[a-z]+l/ ai", "model*"]
    for turn in range(30):
        old = c.ask("search", {"query": words[turn % len(words)], "session": "s", "limit": 1000, "exact": True, "partial": True})
        time.sleep(random.Random(turn).random() * 0.004)
        new = c.ask("search", {"query": "zebra%d" % turn, "session": "s", "limit": 1})
        sent, waiting = time.monotonic(), {old, new}
        while waiting:
            a = c.read()
            check(a is not None and a["id"] in waiting, a)
            waiting.remove(a["id"])
            asked += 1
            if a["id"] == old and "error" in a:
                check(a["error"]["code"] == -32800, a)
                superseded += 1
                took.append(time.monotonic() - sent)
    took.sort()
    check(superseded > 0, "nothing was superseded")
    middle = took[len(took) // 2]
    # Ten times the 5 ms that it may take; a sanitized build takes twenty times as long.
    print("# figure: %d of 30 superseded, told after %.1f ms, the slowest %.1f ms" % (superseded, middle * 1000, took[-1] * 1000))
    check(middle < (1 if "KB_SANITIZED" in os.environ else 0.05), "superseded searches run on")


# --- MCP and LSP ------------------------------------------------------------------------------------------

CALLS = {"search": {"query": "closed source"}, "get": {"path": "models/Muse Spark.md"}, "recent": {}, "status": {},
         "timeline": {"query": "[[Muse Spark]]"}, "trend": {"query": "muse"}, "related": {"path": "models/Muse Spark.md"}}


def mcp():
    import jsonschema
    c = Client()
    hello = c.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})["result"]
    check(len(hello["instructions"].encode()) <= 1024, "instructions over 1 KiB")
    for word in ("date:", "revision", "fields:"):
        check(word in hello["instructions"], "instructions lack", word)
    tools = c.call("tools/list")["result"]["tools"]
    check(c.call("tools/list")["result"]["tools"] == tools, "another order")
    names = [t["name"] for t in tools]
    methods = Client().call("hello")["result"]["methods"]
    for name in ("search", "get", "recent", "status", "fetch"):
        check(name in names, "no tool", name)
    for name in ("timeline", "trend", "related"):
        check((name in names) == (name in methods), "a tool and its method", name)
    for tool in tools:
        check(tool["annotations"]["readOnlyHint"] and not tool["annotations"]["openWorldHint"], tool)
        for part in ("inputSchema", "outputSchema"):
            jsonschema.Draft202012Validator.check_schema(tool[part])
        if tool["name"] == "fetch":
            continue
        arguments = CALLS[tool["name"]]
        jsonschema.validate(arguments, tool["inputSchema"], jsonschema.Draft202012Validator)
        r = c.call("tools/call", {"name": tool["name"], "arguments": arguments})["result"]
        check(r["isError"] is False, tool["name"], r)
        jsonschema.validate(r["structuredContent"], tool["outputSchema"], jsonschema.Draft202012Validator)
        check(json.loads(r["content"][0]["text"]) == r["structuredContent"], "text and structure differ")
        check(len(r["content"][0]["text"].encode()) <= 131072, "a flood from", tool["name"])
        for hit in r["structuredContent"].get("hits", []):
            check(hit["path"] and hit["line"] > 0 and "date" in hit and r["structuredContent"]["revision"] > 0, hit)
    hit = c.call("tools/call", {"name": "search", "arguments": {"query": "muse"}})["result"]["structuredContent"]["hits"][0]
    again = c.call("tools/call", {"name": "fetch", "arguments": {"id": hit["id"]}})["result"]["structuredContent"]
    check(again["hits"][0]["text"] == hit["text"], "fetch gives another text")
    for budget in (2000, 4000):
        r = c.call("tools/call", {"name": "get", "arguments": {"path": hit["path"], "budget_bytes": budget}})["result"]
        check(len(r["content"][0]["text"].encode()) <= budget, "over the budget", r)
    # A note read in pieces is the note.
    parts, line = "", 1
    while True:
        r = c.call("tools/call", {"name": "get", "arguments": {"path": hit["path"], "line": line, "count": 100000, "budget_bytes": 2000}})["result"]
        piece = r["structuredContent"]["hits"][0]
        parts, line = parts + piece["text"], piece["end_line"] + 1
        if not piece["truncated"]:
            break
    check(parts.rstrip("\n") == open(hit["path"], encoding="utf-8").read().rstrip("\n"), "pieces are another note")
    resources, cursor = [], None
    while True:
        page = c.call("resources/list", {"cursor": cursor} if cursor else {})["result"]
        resources += [r["uri"] for r in page["resources"]]
        cursor = page.get("nextCursor")
        if not cursor:
            break
    notes = Client().call("status")["result"]["notes"]
    check(len(set(resources)) == notes, "not every note is a resource", "%d %d" % (len(resources), notes))
    text = c.call("resources/read", {"uri": resources[0]})["result"]["contents"][0]
    check(text["uri"] == resources[0] and text["mimeType"] == "text/markdown" and text["text"], text)
    vault = resources[0].split("/")[2]
    for bad in ("../outside.md", "%2e%2e/outside.md", "a/../../outside.md", "/etc/passwd", "escape.md"):
        r = c.call("resources/read", {"uri": "kbsearch://%s/%s" % (vault, bad)})
        check("error" in r, "left the vault", bad, r)
    print(" ".join(names))


def lsp():
    c = Client(headers=True)
    c.call("initialize", {"capabilities": {}})
    uri = "file:///nowhere/new%20note.md"
    text = "# Tést 😀 [[Muse Spark]], [[MSL|lab]], [[Grok 5 Heavy]]\n- see [[Mu\n| [[Muse Spark\\|ms]] |\n"
    c.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "markdown", "version": 1, "text": text}})

    def at(line, column):
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}

    def column(word):
        return len(text[:text.index(word) + 1].encode("utf-16-le")) // 2

    spark = c.call("textDocument/definition", at(0, column("Muse")))["result"]
    check(len(spark) == 1 and spark[0]["uri"].endswith("/models/Muse%20Spark.md"), spark)
    check(c.call("textDocument/definition", at(2, 6))["result"] == spark, "a link in a table")
    lab = c.call("textDocument/definition", at(0, column("MSL")))["result"]
    check(lab and "Superintelligence" in lab[0]["uri"], "an alias", lab)
    check(c.call("textDocument/definition", at(0, column("Grok")))["result"] == [], "a link to nothing")
    check("no note" in c.call("textDocument/hover", at(0, column("Grok")))["result"]["contents"]["value"], "hover")
    check(c.call("textDocument/hover", at(0, 2))["result"] is None, "hover of nothing")
    back = c.call("textDocument/references", at(0, column("Muse")))["result"]
    same = Client().call("search", {"query": "[[Muse Spark]]", "limit": 1000, "match": "strict"})["result"]
    check(len(back) == same["total"] > 5, "references", "%d %d" % (len(back), same["total"]))
    items = c.call("textDocument/completion", at(1, 10))["result"]["items"]
    check([i["textEdit"]["newText"] for i in items] == ["Muse Spark]]"], items)
    check(items[0]["textEdit"]["range"] == {"start": {"line": 1, "character": 8}, "end": {"line": 1, "character": 10}}, items)
    c.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [
        {"range": {"start": {"line": 1, "character": 10}, "end": {"line": 1, "character": 10}}, "text": "se S]] 😀"},
        {"range": {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}}, "text": "x"}]})
    items = c.call("textDocument/completion", at(1, 14))["result"]["items"]
    check([i["textEdit"]["newText"] for i in items] == ["Muse Spark"], "text edited in place", items)
    check(c.call("textDocument/definition", at(0, column("Muse") - 1))["result"] == spark, "the emoji was replaced")
    symbols = c.call("workspace/symbol", {"query": "closed sour"})["result"]
    check(len(symbols) > 3 and all(s["name"] and s["location"]["uri"].startswith("file:///") for s in symbols), symbols)
    check({s["kind"] for s in c.call("workspace/symbol", {"query": ""})["result"]} == {1}, "notes where nothing is asked")
    asked = c.ask("workspace/symbol", {"query": "muse"})
    c.tell("$/cancelRequest", {"id": asked})
    answer = c.read()
    check(answer["id"] == asked and ("result" in answer or answer["error"]["code"] == -32800), answer)
    # A file that is not open is read from the disk.
    file = spark[0]["uri"]
    there = open(file[7:].replace("%20", " "), encoding="utf-8").read().split("\n")
    line = next(i for i, t in enumerate(there) if "[[" in t)
    place = {"textDocument": {"uri": file}, "position": {"line": line, "character": there[line].index("[[") + 3}}
    check("result" in c.call("textDocument/definition", place) and c.call("textDocument/definition", place)["result"], place)
    check(c.call("shutdown")["result"] is None, "shutdown")
    c.tell("exit")
    try:
        check(c.read() is None, "still open")
    except EOFError:
        pass


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
