#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that says what it was told to: fake.py SOCKET LOG REPLY...

Returns when it listens and goes on behind, until every REPLY was given or a minute is over. Each
request is written to LOG as it came. A REPLY is a file with the result (or error, when it begins
with {"error") that answers the next request, or one of:
    close    close the connection without an answer
    hang     never answer
    half     half an answer, then close
"""
import json
import os
import signal
import socket
import sys


def answer(request, reply):
    with open(reply, "rb") as f:
        body = f.read().strip()
    number = json.dumps(json.loads(request).get("id")).encode()
    head = b'{"jsonrpc":"2.0","id":' + number + b","
    if body.startswith(b'{"error"'):
        return head + body[1:] + b"\n"
    return head + b'"result":' + body + b"}\n"


def serve(listener, log, replies):
    kept = []
    while replies:
        peer, _ = listener.accept()
        lines = peer.makefile("rb")
        for request in lines:
            with open(log, "ab") as f:
                f.write(request)
            reply = replies.pop(0)
            if reply == "hang":
                kept.append((peer, lines))
                break
            if reply == "half":
                peer.sendall(b'{"jsonrpc":')
            elif reply != "close":
                peer.sendall(answer(request, reply))
                if replies:
                    continue
            peer.shutdown(socket.SHUT_RDWR)
            break
    if kept:
        signal.pause()


def main():
    path, log, replies = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    if os.fork():
        os._exit(0)
    signal.alarm(60)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    serve(listener, log, replies)


main()
