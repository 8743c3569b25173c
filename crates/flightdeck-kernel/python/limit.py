"""First stage of a kernel of ours: puts limits on this process, then becomes the kernel.

Runs isolated (`python -I -S -c`), in the interpreter of the user, before anything of theirs is imported. The only
argument is a JSON object: `memory_bytes` (or null), `isolation` (a file that says how it went, or null) and `argv`.
"""

import json
import os
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def limit_memory(limit):
    """Bounds the address space, so that too large an allocation is a MemoryError in the cell; no core files."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def write(path, text):
    """Writes one short text in one call, as the files of /proc want it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def bring_loopback_up():
    """Local servers of the notebook itself go on working: 127.0.0.1 is up, and nothing else exists."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack_from("H", fcntl.ioctl(channel, 0x8913, request), 16)[0]
        fcntl.ioctl(channel, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def leave_network():
    """Moves this process into a user and a network namespace of its own; the user stays the same user."""
    import ctypes

    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare: " + os.strerror(ctypes.get_errno()))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", "%d %d 1" % (user, user))
    write("/proc/self/gid_map", "%d %d 1" % (group, group))
    try:
        bring_loopback_up()
    except OSError:
        pass  # The network is off all the same.


def refusal():
    """Why the namespaces cannot be had, tried in a child: a process that fails half-way cannot go back."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            leave_network()
        except BaseException as error:
            os.write(writer, str(error).encode()[:500])
            os._exit(1)
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 500).decode("utf-8", "replace")
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return said or "refused" if status else None


def isolate(report):
    """Cuts the network off when the system allows it, and says which of the two it was."""
    try:
        reason = refusal()
        if reason is None:
            leave_network()
    except (ImportError, OSError) as error:
        reason = str(error) or type(error).__name__
    write(report, json.dumps({"reason": reason}))


def main():
    """Limits, then the kernel under the same process id. `exec` also drops what the namespace granted."""
    options = json.loads(sys.argv[1])
    limit_memory(options["memory_bytes"])
    if options["isolation"] is not None:
        isolate(options["isolation"])
    os.execv(options["argv"][0], options["argv"])


main()
