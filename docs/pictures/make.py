#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what kbsearch shows in a terminal: make.py BINDIR >terminal.svg, from the root of the sources.
It indexes docs/vault in a folder of its own and runs the program on a pseudo terminal."""
import os
import pty
import re
import subprocess
import sys
import tempfile
import unicodedata
from html import escape

COLUMNS, WIDTH, HEIGHT, MARGIN = 100, 8.4, 19, 18
COMMANDS = ['kbsearch -n 3 "closed source"', "kbsearch -n 2 -s oldest gemma kind:entry"]
STYLES = {"1;31": "m", "32": "d", "36": "k", "2": "p", "0": None}
CSS = """text{font:14px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d8dee9;white-space:pre}
.m{fill:#ff7b72;font-weight:bold}.d{fill:#7ee787}.k{fill:#76e3ea}.p{fill:#8b949e}"""


def shown(command, folder, env):
    """What the command writes to a terminal."""
    out = bytearray()
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", command], env)
    try:
        while piece := os.read(fd, 65536):
            out += piece
    except OSError:  # the terminal's end
        pass
    os.waitpid(pid, 0)
    text = out.decode().replace("\r", "")
    return re.sub(r"\033\]8;[^\033]*\033\\", "", text).splitlines()


def cells(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spans(line):
    style, column, drawn = None, 0, []
    for part in re.split(r"(\033\[[0-9;]*m)", line):
        if part.startswith("\033["):
            style = STYLES[part[2:-1]]
        elif part:
            name = f' class="{style}"' if style else ""
            text = part.lstrip(" ")  # a viewer may leave out blanks in front
            x = MARGIN + (column + len(part) - len(text)) * WIDTH
            drawn.append(f'<tspan x="{x:.1f}"{name}>{escape(text)}</tspan>' if text else "")
            column += cells(part)
    return "".join(drawn)


def main():
    programs, root = os.path.abspath(sys.argv[1]), os.getcwd()
    lines = []
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": programs + ":" + os.environ["PATH"], "TERM": "xterm-256color",
               "COLUMNS": str(COLUMNS), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": home}
        os.chmod(home, 0o700)
        vault = os.path.join(root, "docs/vault")
        subprocess.run(["kbindex", "--quiet", vault], env=env, check=True)
        for command in COMMANDS:
            lines.append(f"\033[2m$\033[0m {command}")
            lines += shown(command, vault, env) + [""]
        daemon = subprocess.run(["kbsearch", "--status", "--json"], env=env, capture_output=True)
        os.kill(int(re.search(rb'"pid":(\d+)', daemon.stdout)[1]), 15)
    width, height = COLUMNS * WIDTH + 2 * MARGIN, (len(lines) - 1) * HEIGHT + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
          f'viewBox="0 0 {width:.0f} {height:.0f}">\n<style>{CSS}</style>\n'
          f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>')
    for i, line in enumerate(lines[:-1]):
        if line:
            print(f'<text y="{MARGIN + i * HEIGHT + 14}">{spans(line)}</text>')
    print("</svg>")


main()
