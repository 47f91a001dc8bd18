#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""helix.py PAGE VAULT: a language client that asks as Helix does, with the command of PAGE.

What Helix does otherwise than Neovim: it offers utf-8, utf-32 and utf-16 and keeps to what is
chosen; it asks on without waiting, and matches answers by id; it sends changes as several ranges,
each of which counts on the one before; it tells why completion is asked; it drops an answer that
has not the types of the protocol, and symbols without a range. Results go to ./tap.
"""
import json, os, pathlib, re, subprocess, sys, tomllib, urllib.parse

page, vault = sys.argv[1:]
tap = open("tap", "w")


def check(good, name, *got):
    print("ok" if good else "not ok", name, file=tap)
    for g in () if good else got:
        print("#", json.dumps(g, ensure_ascii=False), file=tap)


class Client:
    def __init__(self, command, encodings):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.next, self.answers = 0, {}
        general = {"general": {"positionEncodings": encodings}} if encodings else {}
        root = pathlib.Path(vault).as_uri()
        self.hello = self.wait(self.ask("initialize", {
            "processId": os.getpid(), "rootPath": vault, "rootUri": root,
            "workspaceFolders": [{"name": "vault", "uri": root}],
            "clientInfo": {"name": "helix", "version": "25.07"},
            "capabilities": {
                "workspace": {
                    "applyEdit": True, "configuration": True, "workspaceFolders": True,
                    "symbol": {"dynamicRegistration": False, "symbolKind": {"valueSet": list(range(1, 27))}},
                    "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
                },
                "textDocument": {
                    "completion": {
                        "completionItem": {
                            "snippetSupport": True, "insertReplaceSupport": True, "deprecatedSupport": True,
                            "tagSupport": {"valueSet": [1]},
                            "resolveSupport": {"properties": ["documentation", "detail", "additionalTextEdits"]},
                        },
                        "completionItemKind": {},
                    },
                    "hover": {"contentFormat": ["markdown"]},
                    "publishDiagnostics": {"versionSupport": True},
                },
                "window": {"workDoneProgress": True, "showDocument": {"support": True}},
                **general,
            },
        }))
        self.encoding = self.hello["result"]["capabilities"].get("positionEncoding", "utf-16")
        self.tell("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self.child.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.child.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.next += 1
        self.send({"method": method, "params": params, "id": self.next - 1})
        return self.next - 1

    def wait(self, id):
        while id not in self.answers:
            headers = {}
            while line := self.child.stdout.readline().decode().strip():
                name, value = line.split(": ")
                headers[name] = value
            message = json.loads(self.child.stdout.read(int(headers["Content-Length"])))
            assert message["jsonrpc"] == "2.0" and ("result" in message) != ("error" in message), message
            self.answers[message["id"]] = message
        return self.answers.pop(id)

    def result(self, id):
        answer = self.wait(id)
        assert "result" in answer, answer
        return answer["result"]

    def width(self, text):
        return len(text.encode()) if self.encoding == "utf-8" else len(text.encode("utf-16-le")) // 2

    def at(self, uri, line, text):
        """Behind text, which begins the line."""
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": self.width(text)}}

    def cut(self, text, columns):
        """What of a line stands before a column."""
        code = "utf-8" if self.encoding == "utf-8" else "utf-16-le"
        return text.encode(code)[:columns * (1 if code == "utf-8" else 2)].decode(code)

    def behind(self, location):
        """What a note on the disk has at a place and behind it, in its line."""
        path = urllib.parse.unquote(urllib.parse.urlparse(location["uri"]).path)
        start, end = location["range"]["start"], location["range"]["end"]
        assert start["line"] == end["line"], location
        line = pathlib.Path(path).read_text().split("\n")[start["line"]]
        assert start["character"] <= end["character"] <= self.width(line), location
        return line[len(self.cut(line, start["character"])):]


def is_location(value):
    places = [value["range"]["start"], value["range"]["end"]]
    return isinstance(value["uri"], str) and all(isinstance(p[k], int) for p in places for k in ("line", "character"))


def works(helix, encoding):
    ok = lambda good, name, *got: check(good, f"{encoding}: {name}", *got)
    can = helix.hello["result"]["capabilities"]
    ok(helix.encoding == encoding, "the encoding of columns", helix.hello)
    ok(all(can[f"{name}Provider"] is True for name in ("definition", "references", "hover", "workspaceSymbol"))
       and can["completionProvider"]["triggerCharacters"] == ["["], "what Helix looks for before it asks", can)

    uri = pathlib.Path(vault, "daily/scratch é.md").as_uri()
    before = "é😀😀😀😀"
    helix.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "markdown", "version": 0,
               "text": f"{before}[[Muse Spark]][[Gemma 4]]\n\n"}})
    # Four requests in flight. The end of a link: in other units it would be in the next.
    asked = [helix.ask("textDocument/definition", helix.at(uri, 0, before + "[[Muse Spar")),
             helix.ask("textDocument/definition", helix.at(uri, 0, before + "[[Muse Spark]][[")),
             helix.ask("textDocument/hover", helix.at(uri, 0, before + "[[Muse Spar")),
             helix.ask("textDocument/references", {**helix.at(uri, 0, before + "[[Muse Spar"),
                                                   "context": {"includeDeclaration": True}})]
    references, hover, second, first = [helix.result(id) for id in reversed(asked)]
    ok(len(first) == 1 and is_location(first[0]) and first[0]["uri"].endswith("/Muse%20Spark.md"), "definition", first)
    ok(len(second) == 1 and second[0]["uri"].endswith("/Gemma%204.md"), "definition of the link behind it", second)
    ok(hover["contents"]["kind"] == "markdown" and "models/Muse Spark.md" in hover["contents"]["value"], "hover", hover)
    here = [r for r in references if r["uri"].endswith("/places/Zanzibar.md")]
    ok(len(references) > 5 and all(map(is_location, references)) and len(here) == 1, "references", references)
    ok(helix.behind(here[0]).startswith("éé😀 zanzibar, of"), "where a reference is", here, helix.behind(here[0]))

    def change(version, *changes):
        helix.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": version},
                   "contentChanges": [{"range": {"start": {"line": 1, "character": helix.width(old)},
                                                 "end": {"line": 1, "character": helix.width(old)}}, "text": new}
                                      for old, new in changes]})

    def complete(line, context, after=""):
        answer = helix.result(helix.ask("textDocument/completion", {**helix.at(uri, 1, line), "context": context}))
        lines = []
        for item in answer["items"]:
            edit = item["textEdit"]
            start, end = edit["range"]["start"], edit["range"]["end"]
            assert start["line"] == end["line"] == 1 and isinstance(item["label"], str), item
            whole = line + after
            lines.append(helix.cut(whole, start["character"]) + edit["newText"]
                         + whole[len(helix.cut(whole, end["character"])):])
        return answer["isIncomplete"], lines

    # Two changes of one message, as pairs that close themselves make: the second counts on the first.
    change(1, ("", "😀é "), ("😀é ", "[[]]"))
    incomplete, lines = complete("😀é [[", {"triggerKind": 2, "triggerCharacter": "["}, "]]")
    ok(incomplete, "behind [[ it is to ask again", incomplete, lines)
    change(2, ("😀é [[", "M"), ("😀é [[M", "use"))
    _, lines = complete("😀é [[Muse", {"triggerKind": 3}, "]]")
    ok(lines[:1] == ["😀é [[Muse Spark]]"], "completion between a pair", lines)
    helix.tell("textDocument/didChange", {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{
        "range": {"start": {"line": 1, "character": helix.width("😀é [[Muse")},
                  "end": {"line": 1, "character": helix.width("😀é [[Muse]]")}}, "text": ""}]})
    _, lines = complete("😀é [[Muse", {"triggerKind": 1})
    ok(lines[:1] == ["😀é [[Muse Spark]]"], "completion without a pair", lines)

    symbols = helix.result(helix.ask("workspace/symbol", {"query": "closed sour"}))
    ok(len(symbols) > 3 and all(isinstance(s["name"], str) and s["kind"] in range(1, 27) and is_location(s["location"])
                                for s in symbols), "symbols, each with its range", symbols)
    symbols = helix.result(helix.ask("workspace/symbol", {"query": "zanzibar"}))
    texts = [helix.behind(s["location"]) for s in symbols]
    ok("zanzibar, of [[Muse Spark]]" in texts, "where a symbol is", symbols, texts)
    ok(len(helix.result(helix.ask("workspace/symbol", {"query": ""}))) > 3, "symbols before anything is typed")
    helix.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    ok(helix.result(helix.ask("shutdown", None)) is None, "shutdown")
    helix.tell("exit", None)
    ok(helix.child.wait(10) == 0, "exit", helix.child.returncode)


with open(page) as text:
    config = tomllib.loads(re.search(r"```toml\n(.*?)```", text.read(), re.S)[1])
server = config["language-server"]["kbsearch"]
check([l["language-servers"] for l in config["language"] if l["name"] == "markdown"] == [["kbsearch"]],
      "the page's settings", config)
command = [server["command"], *server["args"]]
if os.environ.get("KB_HELIX_NO_INDEX"):
    helix = Client(command, ["utf-8", "utf-32", "utf-16"])
    answer = helix.wait(helix.ask("workspace/symbol", {"query": "closed"}))
    check("kbindex" in answer.get("error", {}).get("message", ""), "without an index it says what to do", answer)
else:
    works(Client(command, ["utf-8", "utf-32", "utf-16"]), "utf-8")
    works(Client(command, None), "utf-16")
tap.close()
