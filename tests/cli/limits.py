# SPDX-License-Identifier: GPL-2.0-or-later
"""
limits.py SCHEMA: every limit that hello tells, and every bound of a parameter in the schema, one
below it, at it and one above, in TAP. A limit without a row here fails.
"""
import json
import sys
import threading

from rpc import Client

count = 0


def ok(name, good, why=""):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    if not good:
        print("# %s" % (str(why)[:400],))


def outcome(answer):
    return answer["error"]["data"]["reason"] if "error" in answer else "answered"


def search(**params):
    return outcome(Client().call("search", params))


def line_of(n):
    """A request of n bytes, without its newline."""
    head = b'{"jsonrpc":"2.0","id":1,"method":"hello",'
    return head + b" " * (n - len(head) - len(b'"params":{}}')) + b'"params":{}}'


def raw(line):
    """What a line is answered with, and whether the connection goes on."""
    c = Client()
    c.socket.sendall(line + b"\n")
    first = outcome(c.read())
    try:
        goes_on = outcome(c.call("hello")) == "answered"
    except (EOFError, OSError):
        goes_on = False
    return first if goes_on else first + ", closed"


def levels(n):
    inside = "[" * (n - 1) + "]" * (n - 1)
    return raw(b'{"jsonrpc":"2.0","id":1,"method":"hello","x":%s}' % inside.encode())


def expansions(n):
    """The vault has n units each with a word of its own behind the prefix "limit%03d" % n."""
    found = Client().call("search", {"query": "limit%03dx*" % n, "limit": 0, "exact": True})["result"]
    return "%d%s" % (found["total"], ", told" if any("most frequent" in w for w in found["warnings"]) else "")


def in_flight(n):
    c = Client()
    ids = [c.ask("search", {"query": "muse %d" % i}) for i in range(n)]
    return "answered" if sorted(c.read()["id"] for _ in ids) == ids else "not all"


def unread(n):
    """Asks for answers of n bytes and more in all before it reads one."""
    c, size = Client(), len(json.dumps(Client().call("search", {"query": "muse"})))
    asked = n // size + 1
    # Above the limit the daemon stops reading, and so does the writing here.
    asking = threading.Thread(target=lambda: [c.ask("search", {"query": "muse"}) for _ in range(asked)])
    asking.start()
    asking.join(0.2)
    got = sorted(c.read()["id"] for _ in range(asked))
    asking.join()
    return "answered" if got == list(range(1, asked + 1)) else "not all"


def saved(n):
    """The configuration has q0, q1, ..."""
    c = Client()
    return [outcome(c.call("subscribe", {"saved": "q%d" % i})) for i in range(n)][-1]


def connections(n):
    """n connections in all, and what the last one is told."""
    held = [Client() for _ in range(n)]
    good = [outcome(c.call("hello")) for c in held[:-1]]
    try:
        held[-1].ask("hello")
    except BrokenPipeError:
        pass  # refused already; the reason is there to read
    last = outcome(held[-1].read())
    for c in held:
        c.socket.close()
    Client().call("hello")
    return last if set(good) <= {"answered"} else "others: %s" % set(good)


# limit: how to try a value, and what comes below the limit, at it, above it
ROWS = {
    "request_bytes": (lambda n: raw(line_of(n)), "answered", "answered", "too_large, closed"),
    "json_levels": (levels, "answered", "answered", "parse_error"),
    "query_bytes": (lambda n: search(query="a" * n), "answered", "answered", "too_complex"),
    "query_terms": (lambda n: search(query="a b " * (n // 2) + "c " * (n % 2)), "answered", "answered", "too_complex"),
    "query_levels": (lambda n: search(query="(" * n + "muse" + ")" * n), "answered", "answered", "too_complex"),
    "prefix_letters": (lambda n: search(query="muse"[:n] + "*"), "bad_query", "answered", "answered"),
    "prefix_expansions": (expansions, "99", "100", "100, told"),
    "limit": (lambda n: search(query="muse", limit=n), "answered", "answered", "invalid_params"),
    "in_flight": (in_flight, "answered", "answered", "answered"),
    "unread_bytes": (unread, "answered", "answered", "answered"),
    "saved": (saved, "answered", "answered", "overloaded"),
    "connections": (connections, "answered", "answered", "overloaded"),
}

limits = Client().call("hello")["result"]["limits"]
ok("each limit that hello tells has a row", sorted(limits) == sorted(ROWS), (limits, list(ROWS)))
for name, (ask, *wanted) in ROWS.items():
    for value, want in zip(range(limits[name] - 1, limits[name] + 2), wanted):
        got = ask(value)
        ok("%s %d: %s" % (name, value, want), got == want, got)

for n, want in ((31, "answered"), (32, "answered"), (33, "too_complex")):
    ok("%d prefixes: %s" % (n, want), search(query="mu* " * n) == want)

# Parameters: nothing else about them may be wrong, so what is refused is refused for this.
GIVEN = {"search": {"query": "muse"}, "get": {"path": "a.md"}, "suggest": {"prefix": "mu"}, "facet": {"query": "muse", "field": "kind"},
         "related": {"path": "a.md"}, "trend": {"query": "muse"}, "timeline": {"query": "muse"}, "gaps": {"query": "a"},
         "with": {"entity": "muse"}, "backlinks": {"note": "a"}, "links": {"note": "a"}, "subscribe": {}}
c = Client()
tried = wrong = 0
for method, d in json.load(open(sys.argv[1], encoding="utf-8"))["$defs"].items():
    for param, p in d.get("$defs", {}).get("params", {}).get("properties", {}).items():
        cases = []
        if "maxLength" in p and param != "index":
            cases = [("a" * (p["maxLength"] + i), i <= 0) for i in (-1, 0, 1)]
        elif "maximum" in p:
            cases = [(p["minimum"] - 1, False)] + [(p["minimum"] + i, True) for i in (0, 1)] + [
                (p["maximum"] + i, i <= 0) for i in (-1, 0, 1)]
        for value, within in cases:
            answer = c.call(method, dict(GIVEN.get(method, {}), **{param: value}))
            message = answer.get("error", {}).get("message", "")
            # Not for what it means, but for its size: the bound is told.
            refused = "are allowed" in message or "an integer from" in message
            tried += 1
            if refused == within:
                wrong += 1
                print("# %s %s %.40s (%d): %s" % (method, param, value, len(str(value)), message))
ok("%d values of parameters around their bounds" % tried, tried > 300 and wrong == 0, wrong)
print("1..%d" % count)
