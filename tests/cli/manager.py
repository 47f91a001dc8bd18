# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for systemd's user manager, as much of it as kbsearchd.socket and .service need.

    manager.py UNITS [-- COMMAND...]

Reads kbsearchd.socket and kbsearchd.service in the folder UNITS, listens, and starts the service
(COMMAND in place of its ExecStart, and before it as in `strace ...`: `%` stands for it) when
somebody connects and it does not run. The service gets the socket as descriptor 3, and systemd's
environment and nothing else. Prints one line for each thing that happened:

    listening PATH / started PID / notified TEXT / ended CODE

and obeys lines on its standard input: `restart` (TERM, then on demand again), `kill NUMBER`
(a signal), end of input: stops the service, removes the socket, ends.
"""
import configparser
import os
import select
import shlex
import signal
import socket
import sys

UNITS = sys.argv[1]
IN_PLACE = sys.argv[3:] or ["%"]


def unit(name):
    c = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    c.optionxform = str
    c.read(os.path.join(UNITS, name))
    return c


def say(*words):
    print(*words, flush=True)


RUNTIME = os.environ["XDG_RUNTIME_DIR"]
SOCKET, SERVICE = unit("kbsearchd.socket")["Socket"], unit("kbsearchd.service")["Service"]
path = SOCKET["ListenStream"].replace("%t", RUNTIME)
os.makedirs(os.path.dirname(path), mode=int(SOCKET["DirectoryMode"], 8), exist_ok=True)
listening = socket.socket(socket.AF_UNIX)
before = os.umask(0o777 & ~int(SOCKET["SocketMode"], 8))
if os.path.exists(path):
    os.unlink(path)
listening.bind(path)
os.umask(before)
listening.listen(4096)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify_path = RUNTIME + "/notify"
notify.bind(notify_path)
service, failures = None, 0  # its pid; in a row
wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(woken)


def start():
    global service
    # The pid of whatever becomes the service in the end.
    own = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *shlex.split(SERVICE["ExecStart"])]
    command = [w for i in IN_PLACE for w in (own if i == "%" else [i])]
    service = os.fork()
    if service:
        say("started", service)
        return
    os.dup2(os.dup(listening.fileno()), 3)
    os.closerange(4, 64)
    os.umask(int(SERVICE["UMask"], 8))
    env = {"HOME": os.environ["HOME"], "XDG_RUNTIME_DIR": RUNTIME, "LANG": "C.UTF-8",
           "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
           "NOTIFY_SOCKET": notify_path, "LISTEN_FDS": "1",
           "LISTEN_FDNAMES": "kbsearchd.socket", "INVOCATION_ID": "0" * 32}
    if "KB_TEST_DIR" in os.environ:
        env["KB_TEST_DIR"] = os.environ["KB_TEST_DIR"]
    os.execvpe(command[0], command, env)


def reap():
    global service, failures
    try:
        pid, status = os.waitpid(service, os.WNOHANG)
    except ChildProcessError:
        return
    if pid:
        service = None
        heard()
        code = os.waitstatus_to_exitcode(status)
        failures = failures + 1 if code else 0
        say("ended", code)
        if failures == 5:
            say("failed")
            sys.exit(1)


def heard():
    while select.select([notify], [], [], 0)[0]:
        for line in notify.recv(4096).decode().splitlines():
            say("notified", line)


def obey(line):
    words = line.split()
    if not words or not service:
        return
    os.kill(service, signal.SIGTERM if words[0] == "restart" else int(words[1]))


say("listening", path)
ending, text = False, b""
while not (ending and service is None):
    wanted = [wake, notify] + ([] if ending else [0]) + ([] if service or ending else [listening])
    ready = select.select(wanted, [], [])[0]
    if wake in ready:
        try:
            os.read(wake, 4096)
        except BlockingIOError:
            pass
    if notify in ready:
        heard()
    if service:
        reap()
    if 0 in ready:
        more = os.read(0, 4096)
        text += more
        *lines, text = text.split(b"\n")
        for line in lines:
            obey(line.decode())
        if not more:
            ending = True
            if service:
                os.kill(service, signal.SIGTERM)
    if listening in ready and service is None and not ending:
        start()
os.unlink(path)
os.unlink(notify_path)
