#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bad network between two TCP ports: relay.py LISTEN_HOST:PORT TO_HOST:PORT, with words on stdin:
    pass     bytes go through (at first)
    slow MS  each piece is held so long
    hole     nothing goes through, nothing is refused
    cut      what is connected is closed, what comes is closed at once
Each word is answered by itself on stdout when it holds. Ends with stdin."""
import socket
import sys
import threading
import time

mode, delay, open_ones = "pass", 0.0, []
change = threading.Condition()


def pump(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            with change:
                change.wait_for(lambda: mode != "hole")
                if mode == "cut":
                    break
                held = delay if mode == "slow" else 0
            time.sleep(held)
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener, to):
    while True:
        a, _ = listener.accept()
        with change:
            if mode == "cut":
                a.close()
                continue
        try:
            b = socket.create_connection(to, 5)
        except OSError:
            a.close()
            continue
        for s in (a, b):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_ones.extend((a, b))
        threading.Thread(target=pump, args=(a, b), daemon=True).start()
        threading.Thread(target=pump, args=(b, a), daemon=True).start()


def place(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(place(sys.argv[1]))
listener.listen(64)
threading.Thread(target=serve, args=(listener, place(sys.argv[2])), daemon=True).start()
print("pass", flush=True)
for line in sys.stdin:
    words = line.split()
    with change:
        mode = words[0]
        delay = int(words[1]) / 1000 if mode == "slow" else 0
        if mode == "cut":
            for s in open_ones:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            open_ones.clear()
        change.notify_all()
    print(mode, flush=True)
