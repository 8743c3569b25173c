"""Where a result came from: files, addresses and child processes of the cells, seeds, packages, platform.

Files and processes come from Python's audit events, which cannot be switched off again: this room is for
kernels of our own only, never for a live one. Readers that raise no event are wrapped.
"""

import os
import sys
from urllib.parse import urlsplit

QUIET_CHILDREN = ("lscpu", "fc-list", "ldconfig", "uname", "nvidia-smi", "sysctl")
QUIET_PARTS = ("site-packages", "zoneinfo", "joblib_memmapping", ".ipynb_checkpoints")
READERS = {
    "pandas": ("read_parquet", "read_feather", "read_orc", "read_hdf"),
    "pyarrow.parquet": ("read_table", "ParquetFile", "read_pandas"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.feather": ("read_table", "read_feather"),
    "polars": ("read_csv", "read_parquet", "read_ipc", "read_json", "read_ndjson", "scan_csv", "scan_parquet", "scan_ipc"),
}
SEEDS = {
    "random": ("seed",),
    "numpy.random": ("seed", "default_rng"),
    "torch": ("manual_seed",),
    "tensorflow.random": ("set_seed",),
}


class Lineage:
    """Listens to a session's cells."""

    def __init__(self, session):
        self.session = session
        self.own = os.path.dirname(os.path.abspath(__file__))
        self.quiet = quiet_folders(self.own)
        self.named_hosts = set()

    def listen(self):
        """Add the audit hook."""
        handlers = {
            "open": self.opened,
            "urllib.Request": self.requested,
            "socket.getaddrinfo": self.looked_up,
            "socket.connect": self.connected,
            "subprocess.Popen": self.started,
            "os.system": self.ordered,
            "os.posix_spawn": self.spawned,
            "sqlite3.connect": self.database,
        }
        session = self.session

        def hook(event, args):
            handler = handlers.get(event)
            if handler is None or not session.running:
                return
            try:
                handler(*args)
            except Exception as error:
                session.report(handler, error)

        sys.addaudithook(hook)

    def opened(self, path, mode, flags):
        """A file was opened: for writing if anything says so."""
        if not isinstance(path, (str, bytes)):
            return
        text = os.path.abspath(os.fsdecode(path))
        if self.is_quiet(text):
            return
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        if isinstance(mode, str) and mode:
            writes = any(letter in mode for letter in "wax+")
        self.session.touch(text, "write" if writes else "read")

    def is_quiet(self, path):
        """Libraries, devices, fonts, time zones and caches are no data."""
        if path.endswith((".pyc", ".pyi")) or any(part in path for part in QUIET_PARTS):
            return True
        return path.startswith(self.quiet)

    def database(self, name):
        """An SQLite file was opened."""
        if isinstance(name, (str, bytes)) and name not in (":memory:", b":memory:", ""):
            if self.is_quiet(os.path.abspath(os.fsdecode(name))):
                return
            self.session.touch(name, "read")

    def requested(self, url, data, headers, method):
        """A URL was asked for; what may be a secret in it is left out."""
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ftp"):
            host = parts.hostname or ""
            port = ":%d" % parts.port if parts.port else ""
            self.named_hosts.add(host)
            self.address("%s://%s%s%s" % (parts.scheme, host, port, parts.path))

    def looked_up(self, host, port, *rest):
        """A name was looked up."""
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        host = host.rsplit("@", 1)[-1].split(":")[0] if host and "@" in host else host
        if host and host not in self.named_hosts and not is_local(host):
            self.named_hosts.add(host)
            self.address("%s:%s" % (host, port) if port else host)

    def connected(self, sock, address):
        """A connection was opened to a number that no name stood for."""
        if isinstance(address, tuple) and not self.named_hosts and not is_local(str(address[0])):
            self.address("%s:%s" % (address[0], address[1]))

    def address(self, text):
        """List an address once a cell."""
        entry = {"address": text[:500], "cell": self.session.cell if self.session.cell is not None else 0}
        if entry not in self.session.network and len(self.session.network) < 200:
            self.session.network.append(entry)

    def started(self, executable, args, cwd, env):
        """`subprocess` started a program."""
        parts = [args] if isinstance(args, (str, bytes)) or hasattr(args, "__fspath__") else list(args)
        parts = [os.fsdecode(part) for part in parts]
        name = os.path.basename((parts or [""])[0].split(" ")[0])
        if name in QUIET_CHILDREN:
            return
        shown = parts if isinstance(args, (list, tuple)) else "".join(parts)
        if "loky" in str(shown) or "multiprocessing" in str(shown):
            return
        self.child("subprocess.Popen %r" % (shown,))

    def ordered(self, command):
        """`os.system`."""
        self.child("os.system %r" % os.fsdecode(command))

    def spawned(self, path, argv, env):
        """`os.posix_spawn`, when subprocess did not say so itself."""
        if not self.session.children or self.session.children[-1]["cell"] != self.session.cell:
            self.child("os.posix_spawn %r" % os.fsdecode(path))

    def child(self, what):
        """List a child process of Python's own."""
        if len(self.session.children) < 200:
            self.session.children.append({"cell": self.session.cell, "what": what[:500]})

    def patches(self):
        """{module: [patch]} for readers without events and for seeds."""
        found = {name: [self.reader_patch(names)] for name, names in READERS.items()}
        for name, functions in SEEDS.items():
            found.setdefault(name, []).append(self.seed_patch(name, functions))
        return found

    def reader_patch(self, names):
        """A patch that notes the first argument of these functions."""

        def patch_readers(module):
            for name in names:
                found = getattr(module, name, None)
                if callable(found) and not isinstance(found, type) and not hasattr(found, "_original"):
                    setattr(module, name, self.session.watch(found, self.before_read))

        return patch_readers

    def before_read(self, args, kwargs):
        """A reader was given a path or an address."""
        path = args[0] if args else next(iter(kwargs.values()), None)
        if isinstance(path, str) and "://" in path:
            self.requested(path, None, None, None)
        else:
            self.session.read_file(path)

    def seed_patch(self, module_name, names):
        """A patch that notes what these functions are seeded with."""

        def patch_seeds(module):
            for name in names:
                found = getattr(module, name, None)
                if callable(found) and not hasattr(found, "_original"):
                    setattr(module, name, self.session.watch(found, self.before_seed("%s.%s" % (module_name, name))))

        return patch_seeds

    def before_seed(self, call):
        """Notes the seed of one function."""

        def seeded(args, kwargs):
            value = args[0] if args else next(iter(kwargs.values()), None)
            if self.session.running and len(self.session.seeds) < 200 and self.session.called_by_notebook():
                entry = {"call": call, "value": repr(value)[:200], "cell": self.session.cell}
                if entry not in self.session.seeds:
                    self.session.seeds.append(entry)

        return seeded


def is_local(host):
    """This computer itself."""
    return host in ("localhost", "::1", "0.0.0.0", "") or host.startswith("127.")


def quiet_folders(own):
    """Folders whose files are no data of the notebook."""
    home = os.path.expanduser("~")
    folders = [own, "/proc/", "/sys/", "/dev/", "/etc/", "/usr/share/fonts", "/usr/lib", "/usr/share/zoneinfo"]
    folders += [os.path.join(sys.prefix, "lib"), os.path.join(sys.base_prefix, "lib"), os.path.join(sys.prefix, "share")]
    folders += [os.path.join(home, part) for part in (".ipython", ".jupyter", ".cache/matplotlib", ".config/matplotlib")]
    folders += [os.environ[name] for name in ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR") if os.environ.get(name)]
    return tuple(folders)
