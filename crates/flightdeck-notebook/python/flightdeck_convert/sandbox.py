"""Walls around code that nobody knows, on Linux: nothing outside a few folders can be written or even seen.

The process was started by ``unshare`` in its own user, mount, network and process namespaces. Here everything becomes
read-only except the folders it may write; places with sockets, secrets and devices are covered; and every capability
is given up, so that none of it can be undone.
"""

import ctypes
import os
import sys

MS_BIND, MS_REC, MS_NOSUID, MS_NODEV = 4096, 16384, 2, 4
AT_FDCWD, AT_RECURSIVE, RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 1, 442
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 24, 38, 4
CAPABILITY_VERSION = 0x20080522
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
COVERED = ("/run", "/tmp", "/var/tmp", "/dev", "/home", "/root", "/mnt", "/media", "/srv")


class MountAttributes(ctypes.Structure):
    """struct mount_attr."""

    _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64),
                ("userns", ctypes.c_uint64)]


def enter(writable, readable):
    """Builds the walls. Raises OSError when one of them cannot stand."""
    if sys.platform != "linux":
        raise OSError("only Linux has them")
    libc = ctypes.CDLL(None, use_errno=True)
    writable = [os.path.realpath(path) for path in writable]
    working = os.getcwd()
    seen = held(writable + needed() + [os.path.realpath(path) for path in readable if os.path.exists(path)])
    cover(libc, seen)
    for path in writable:
        show(libc, path, seen[path])
    private_proc(libc)
    attributes(libc, "/", AT_RECURSIVE, (RDONLY, 0))
    for path in writable + ["/dev/shm"]:
        attributes(libc, path, 0, (0, RDONLY))
    for descriptor in seen.values():
        os.close(descriptor)
    os.chdir(working)
    give_up(libc)


def needed():
    """What the interpreter loads from."""
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix] + list(DEVICES)
    paths += [path for path in sys.path if os.path.exists(path)]
    paths += [os.path.dirname(os.path.realpath(sys.executable)), os.path.dirname(os.path.dirname(__file__))]
    return [os.path.realpath(path) for path in paths if path] + [path for path in paths if path]


def held(paths):
    """An open handle for each path, taken before anything is covered."""
    return dict((path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in sorted(set(paths)))


def cover(libc, seen):
    """Empty places over those with sockets, secrets and devices; in them only what is needed."""
    for place in COVERED + (os.environ.pop("FLIGHTDECK_COVER", "/home"),):
        if os.path.isdir(place) and os.path.realpath(place) == place and place != "/":
            mount(libc, ("tmpfs", place, "tmpfs"), MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    os.makedirs("/dev/shm", exist_ok=True)
    mount(libc, ("tmpfs", "/dev/shm", "tmpfs"), MS_NOSUID | MS_NODEV, "size=64m,mode=1777")
    for path in sorted(seen, key=len):
        if not os.path.exists(path):
            show(libc, path, seen[path])


def show(libc, path, descriptor):
    """Binds what a handle holds to where it was."""
    source = "/proc/self/fd/%d" % descriptor
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    elif not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    mount(libc, (source, path, None), MS_BIND | MS_REC, None)


def private_proc(libc):
    """A /proc that knows only this process and its children; where it is refused, the old one stays, read-only."""
    libc.mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(MS_NOSUID | MS_NODEV), None)


def mount(libc, what, flags, options):
    """mount(2)."""
    source, target, kind = [os.fsencode(part) if part else None for part in what]
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), os.fsencode(options) if options else None) != 0:
        raise failure("mount", what[1])


def attributes(libc, path, flags, change):
    """mount_setattr(2): what is set and cleared."""
    wanted = MountAttributes(change[0], change[1], 0, 0)
    result = libc.syscall(ctypes.c_long(SYS_MOUNT_SETATTR), ctypes.c_int(AT_FDCWD), os.fsencode(path),
                          ctypes.c_uint(flags), ctypes.byref(wanted), ctypes.c_size_t(ctypes.sizeof(wanted)))
    if result != 0:
        raise failure("mount_setattr", path)


def give_up(libc):
    """Every capability, and every way to get one back."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0) != 0:
        raise failure("prctl", "no_new_privs")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise failure("capset", "")


def failure(call, path):
    """The system's error, with what was asked."""
    number = ctypes.get_errno()
    return OSError(number, "%s %s: %s" % (call, path, os.strerror(number)))
