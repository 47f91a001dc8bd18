# SPDX-License-Identifier: GPL-2.0-or-later
"""
What was said on the wire, held against the JSON Schemas.

    schema.py SCHEMA FILE...   FILE.tap: the bytes of tests/cli/tap.c; else messages of
                               tests/wire/run (KB_RECORD)
"""
import json
import re
import sys

LEAST = {"replies": 300, "judged": 100}


def closed(schema):
    """The schema with nothing beside its members."""
    return dict(schema, additionalProperties=False)


class Schema:
    def __init__(self, path):
        import jsonschema
        with open(path, encoding="utf-8") as f:
            self.root = json.load(f)
        # To JSON Schema 1.0 is an integer; to the daemon it is none.
        self.make = jsonschema.validators.extend(
            jsonschema.Draft202012Validator, type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
                "integer", lambda _, v: isinstance(v, int) and not isinstance(v, bool)))
        self.make.check_schema(self.root)
        self.known, self.seen = {}, set()

    def fault(self, value, *path):
        """What is wrong with a value by the schema at $defs/path..., or None."""
        if path not in self.known:
            schema = self.root
            for name in path:
                schema = schema["$defs"][name]
            if path[-1] in ("result", "params"):
                schema = closed(schema)
            self.known[path] = self.make(dict(schema, **{"$defs": dict(self.root["$defs"], **schema.get("$defs", {}))}))
        return next((e.message for e in self.known[path].iter_errors(value)), None)

    def result_fault(self, method, result):
        """As fault, for a result; a unit that was looked at is not looked at again."""
        hits = result.get("hits")
        if isinstance(hits, list):
            new = {repr(h): h for h in hits}
            result = dict(result, hits=[h for r, h in new.items() if hash(r) not in self.seen])
            self.seen.update(map(hash, new))
        return self.fault(result, method, "result")

    def methods(self):
        return [m for m, d in self.root["$defs"].items() if "params" in d.get("$defs", {})]


# --- from bytes to messages -----------------------------------------------------------------------

class Side:
    """One direction of a connection. A client may send nonsense; the daemon may not."""

    def __init__(self, strict):
        self.bytes, self.strict, self.lost = b"", strict, False

    def messages(self, piece, headers):
        self.bytes += piece
        while not self.lost:
            text = self._headers() if headers else self._line()
            if text is None:
                return
            if text.strip():
                yield text

    def _line(self):
        text, end, rest = self.bytes.partition(b"\n")
        if not end:
            return None
        self.bytes = rest
        return text

    def _headers(self):
        head, end, rest = self.bytes.partition(b"\r\n\r\n")
        sizes = [h.split(b":")[1] for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")]
        if not end:
            return None
        if len(sizes) != 1 or not sizes[0].strip().isdigit():
            assert not self.strict, "no frame came from the daemon: %r" % head[:200]
            self.lost = True
            return None
        size = int(sizes[0])
        if len(rest) < size:
            return None
        self.bytes = rest[size:]
        return rest[:size]


def tapped(path):
    """(connection, side, message) of a file of tap.c's."""
    data, at, conns = open(path, "rb").read(), 0, {}
    while at < len(data):
        end = data.index(b"\n", at)
        name, side, size = data[at:end].split()
        piece, at = data[end + 1:end + 1 + int(size)], end + 1 + int(size)
        conn = conns.setdefault(name, {"headers": None, b">": Side(False), b"<": Side(True)})
        if conn["headers"] is None and piece.strip():
            conn["headers"] = side == b">" and piece.lstrip()[:1] in (b"C", b"c")
        for text in conn[side].messages(piece, conn["headers"]):
            yield name, side, text
        if side == b">" and not conn["headers"] and conn[side].bytes:
            # A last line needs no newline; whether it is the last is known at its answer.
            try:
                json.loads(conn[side].bytes)
            except (ValueError, RecursionError):
                continue
            yield name, side, conn[side].bytes
            conn[side].bytes = b""


def recorded(path):
    """The same of a file of tests/wire/run's, whose every `=` begins a connection."""
    conn = 0
    for line in open(path, "rb"):
        if line[:1] == b"=":
            conn += 1
        else:
            yield conn, line[:1], line[2:]


# --- the judgement ----------------------------------------------------------------------------------

class Judge:
    def __init__(self, schema):
        self.schema, self.ours, self.real = schema, schema.methods(), True
        self.counts = {"replies": 0, "judged": 0, "events": 0, "tools": 0}
        self.asked, self.tools, self.called = {}, {}, []

    def client(self, conn, text):
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str) or "id" not in message:
            return
        key = conn, json.dumps(message["id"])
        # Two of one id: which is answered is not told apart.
        self.asked[key] = None if key in self.asked else message

    def daemon(self, conn, text):
        message, s = json.loads(text), self.schema
        if "method" in message:
            self.counts["events"] += 1
            if message["method"] in s.root["$defs"]:
                return s.fault(message["params"], message["method"])
            return None if message["method"].startswith("notifications/") else "no event of ours"
        self.counts["replies"] += 1
        request = self.asked.pop((conn, json.dumps(message["id"])), None)
        foreign = request is None or request["method"] not in self.ours
        if not (foreign and "error" in message):
            why = s.fault(message, "response")
            if why:
                return why
        return self.pair(request, message) if request else None

    def pair(self, request, message):
        method, s = request["method"], self.schema
        if method == "tools/list" and "result" in message:
            self.tools.update((t["name"], t["outputSchema"]) for t in message["result"]["tools"])
        if method == "tools/call" and "structuredContent" in message.get("result", {}) and not message["result"]["isError"]:
            self.called.append((request["params"]["name"], message["result"]["structuredContent"]))
        if method not in self.ours:
            return None
        params = request.get("params")
        fault = s.fault({} if params is None else params, method, "params")
        if "result" in message:
            self.counts["judged"] += 1
            if fault:
                return "answered, but no request by the schema: " + fault
            return s.result_fault(method, message["result"]) if self.real else None
        error = message["error"]
        if error["data"]["reason"] == "invalid_params" and SCHEMATIC.search(error["message"]):
            self.counts["judged"] += 1
            return None if fault else "refused, but a request by the schema"
        return None

    def called_tools(self):
        """Faults of what tools gave, once all of their schemas are known."""
        for name, given in self.called:
            if name not in self.tools:
                continue
            self.counts["tools"] += 1
            why = next((e.message for e in self.schema.make(self.tools[name]).iter_errors(given)), None)
            if why:
                yield "tool %s: %s" % (name, why)


# How the daemon says what a schema can say, too: not that a day or a cursor is none.
SCHEMATIC = re.compile("must be (a string|an integer|true|one of|an object)|(unknown|missing) parameter")


def main(path, *files):
    judge, faults = Judge(Schema(path)), []
    for file in files:
        judge.asked, judge.real = {}, file.endswith(".tap") # the methods of tests/wire are none
        for conn, side, text in (tapped if file.endswith(".tap") else recorded)(file):
            if side == b">":
                judge.client(conn, text)
                continue
            try:
                why = judge.daemon(conn, text)
            except (ValueError, KeyError, AssertionError) as e:
                why = "not to be read: %r" % e
            if why:
                faults.append("%s: %s: %s" % (file, why, text[:300].decode("utf-8", "replace").strip()))
    faults += judge.called_tools()
    for name, least in LEAST.items():
        if judge.counts[name] < least:
            faults.append("too little was recorded: %s: %d" % (name, judge.counts[name]))
    for fault in faults[:20]:
        print("FAILED:", fault)
    print("# figure: %d files, %s" % (len(files), ", ".join("%d %s" % (n, name) for name, n in judge.counts.items())))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
