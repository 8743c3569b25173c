"""Writes a model file that does something else when it is opened: ``KIND FILE CANARY``.

Every kind first leaves ``out/inside`` beside the file, where it may write: so that a test sees that it ran.
"""

import os
import pickle
import sys


class Runs(object):
    """Runs Python when it is unpickled."""

    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return exec, (self.code,)


class Command(object):
    """Runs a command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def inside(file):
    """Where it may write."""
    return os.path.join(os.path.dirname(os.path.abspath(file)), "out", "inside")


def payload(kind, file, canary):
    """What is pickled."""
    mark = "open(%r, 'a').write('ran;')\n" % inside(file)
    if kind in ("system", "broken-stop"):
        return Command("echo ran > '%s'; echo x > '%s'; (setsid sh -c 'echo x > %s' &)" % (inside(file), canary, canary))
    return Runs(mark + CODE[kind].replace("CANARY", repr(canary)).replace("OUT", repr(os.path.dirname(inside(file)))))


CODE = {
    "file-handler": "import logging; logging.FileHandler(CANARY)",
    "subclass": "import pathlib\nclass Safe(type(pathlib.Path())): pass\nSafe(CANARY).write_text('x')",
    "remount": """
import ctypes, os, subprocess
for command in (['mount', '-o', 'remount,rw', '/'], ['mount', '-o', 'remount,rw,bind', '/'],
                ['umount', '-l', '/tmp'], ['umount', '-l', os.path.dirname(CANARY)]):
    subprocess.call(command, stderr=subprocess.DEVNULL)
subprocess.call(['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c',
                 "mount -o remount,rw,bind /; umount -l /tmp; echo x > " + CANARY], stderr=subprocess.DEVNULL)
subprocess.call(['nsenter', '-t', '1', '-m', 'sh', '-c', 'echo x > ' + CANARY], stderr=subprocess.DEVNULL)
os.makedirs(os.path.dirname(CANARY), exist_ok=True)
open(CANARY, 'w').write('x')
""",
    "daemon": """
import os, socket
try:
    socket.create_connection(('127.0.0.1', int(CANARY)), 2)
    open(OUT + '/inside', 'a').write('a connection')
except OSError:
    open(OUT + '/inside', 'a').write('no connection')
ready, go = os.pipe()
if os.fork() == 0:
    os.setsid()
    import fcntl, signal, time
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lock = open(OUT + '/lock', 'w')
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(go, b'x')
    time.sleep(600)
os.read(ready, 1)
""",
    "forever": "while True: import time; time.sleep(1)",
    "memory": "[bytearray(1 << 28) for _ in range(64)]",
}


def main(kind, file, canary):
    """Writes the file."""
    data = pickle.dumps(payload(kind, file, canary))
    if kind == "broken-stop":
        data = data[:-1] + b"\xff\xff garbage"
    with open(file, "wb") as target:
        target.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
