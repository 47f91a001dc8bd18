#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Median time of whole processes, run in turn so that a busy machine troubles them alike.

    median.py ROUNDS COMMAND [COMMAND...]

Each COMMAND is one argument, split at blanks as a shell would; its output goes nowhere. Prints a
line each: microseconds, a TAB, the command. Exit 1 if one of them ends with an error (1, nothing
found, is none).
"""
import os
import shlex
import statistics
import sys
import time

nowhere = os.open("/dev/null", os.O_RDWR)
TO_NOWHERE = [(os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (0, 1, 2)]


def once(argv):
    began = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=TO_NOWHERE)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, 1):
        sys.exit(f"median.py: {argv[0]} exited with {code}")
    return time.perf_counter() - began


rounds, commands = int(sys.argv[1]), [shlex.split(c) for c in sys.argv[2:]]
times = [[] for _ in commands]
for _ in range(rounds):
    for argv, taken in zip(commands, times):
        taken.append(once(argv))
for command, taken in zip(sys.argv[2:], times):
    print(round(statistics.median(taken) * 1e6), command, sep="\t")
