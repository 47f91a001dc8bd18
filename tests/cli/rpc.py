# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the socket for tests: one JSON object a line, or LSP headers."""
import json
import os
import socket
import subprocess


class Client:
    def __init__(self, headers=False, path=None, relay=None):
        """`relay`: --rpc, --mcp or --lsp, through kbsearch."""
        if relay:
            self.socket, theirs = socket.socketpair()
            self.relay = subprocess.Popen(["kbsearch", relay], stdin=theirs, stdout=theirs)
            theirs.close()
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(path or os.environ["KBSEARCH_SOCKET"])
        self.headers, self.bytes, self.id, self.size = headers, b"", 0, 0

    def send(self, message):
        text = json.dumps(message).encode()
        head = b"Content-Length: %d\r\n\r\n" % len(text) if self.headers else b""
        self.socket.sendall(head + text + (b"" if self.headers else b"\n"))

    def ask(self, method, params=None):
        """Sends a request; its id."""
        self.id += 1
        self.send({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params or {}})
        return self.id

    def tell(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def _take(self):
        if not self.headers:
            line, end, rest = self.bytes.partition(b"\n")
            self.size = len(line) + 1
            return (line, rest) if end else (None, self.bytes)
        head, end, rest = self.bytes.partition(b"\r\n\r\n")
        size = int(head.split(b":")[1]) if end else 0
        if not end or len(rest) < size:
            return None, self.bytes
        return rest[:size], rest[size:]

    def read(self, seconds=20):
        """The next message; its bytes on the wire are in self.size. None: nothing came."""
        self.socket.settimeout(seconds)
        while True:
            message, rest = self._take()
            if message is not None:
                self.bytes = rest
                return json.loads(message)
            try:
                more = self.socket.recv(65536)
            except (TimeoutError, socket.timeout):
                return None
            if not more:
                raise EOFError("the daemon closed the connection")
            self.bytes += more

    def call(self, method, params=None):
        """The answer to a request; notifications before it are dropped."""
        asked = self.ask(method, params)
        while True:
            answer = self.read()
            if answer is None:
                raise TimeoutError(method)
            if answer.get("id") == asked:
                return answer


class Line:
    """One question at a time: the next message has to be its answer."""

    def __init__(self, path):
        self.client = Client(path=path)

    def ask(self, method, **params):
        asked = self.client.ask(method, params)
        answer = self.client.read(30)
        if answer is None:
            raise TimeoutError(method)
        assert answer["id"] == asked, (answer, asked)
        return answer
