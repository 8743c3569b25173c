"""The first code of the process: its limits and its walls, then the work.

``MODE MEMORY_BYTES FOLDER… -- WORK ARGUMENTS…`` with MODE ``walls`` or ``open``, the folders that may be written, and
WORK ``convert`` or ``extract``. Says ``started`` on stdout when limits and walls stand.
"""

import importlib
import json
import os
import sys

from .messages import describe

NO_WALLS = 97
NO_PACKAGES = 98
FILE_BYTES = 8 << 30


def main(arguments):
    """Runs the work and gives its exit status."""
    split = arguments.index("--")
    mode, memory, folders = arguments[0], int(arguments[1]), arguments[2:split]
    work, rest = arguments[split + 1], arguments[split + 2:]
    if mode == "walls":
        sandbox = importlib.import_module("flightdeck_convert.sandbox")
        try:
            sandbox.enter(folders, rest[:1])
        except Exception as error:  # whatever stands in the way, there are no walls then
            say({"event": "no-walls", "reason": "%s: %s" % (type(error).__name__, error)})
            return NO_WALLS
    limit(memory)
    say({"event": "started", "walls": mode == "walls"})
    try:
        module = importlib.import_module("flightdeck_convert." + work)
    except Exception as error:  # packages that do not fit this interpreter fail in many ways
        say({"event": "overlay", "reason": describe(error)})
        return NO_PACKAGES
    return module.main(rest)


def limit(memory):
    """Memory, core files and file sizes; never raised again."""
    try:
        import resource
    except ImportError:
        return
    at_most(resource, resource.RLIMIT_CORE, 0)
    at_most(resource, resource.RLIMIT_FSIZE, FILE_BYTES)
    if sys.platform != "darwin":
        at_most(resource, resource.RLIMIT_AS, memory)


def at_most(resource, which, wanted):
    """Lowers a limit, for good."""
    hard = resource.getrlimit(which)[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (value, value))


def say(event):
    """One line of JSON on stdout."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def clean_path(first):
    """The converter's packages first, and never the working folder."""
    sys.path[:] = [path for path in first if path] + [path for path in sys.path if path and path not in first]
    os.environ.pop("PYTHONPATH", None)
