#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""zsh-asks.py FOLDER LINE: what zsh shows after LINE and two tabs, without its escapes."""
import os, pty, re, select, sys, time

folder, line = sys.argv[1:]
child, fd = pty.fork()
if child == 0:
    os.environ["PS1"] = "% "
    os.execvp("zsh", ["zsh", "-f", "-i"])


def read(pattern, seconds):
    out, end = "", time.monotonic() + seconds
    while not re.search(pattern, out) and time.monotonic() < end:
        if select.select([fd], [], [], 0.05)[0]:
            out += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(fd, 65536).decode(errors="replace"))
    return out


os.write(fd, f"fpath=({folder} $fpath); autoload -U compinit; compinit -D -u; echo rea''dy\n".encode())
read("ready", 20)
os.write(fd, line.encode() + b"\t\t")
word = re.escape(line.split()[-1])
print(read(word + r".*\n.*" + word[:4] + r"[\s\S]*" + word, 3))
os.kill(child, 9)
