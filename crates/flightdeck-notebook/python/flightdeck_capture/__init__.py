"""Captures the models that a notebook fits, with their data, while it runs in a kernel of Flightdeck's own.

`install` before the first cell, `cell` before each, `finish` after the last. A fault in here is listed in the
capture and never breaks the notebook. Taking a model from a kernel that is running already is `live`.
"""

import sys

__all__ = ["cell", "finish", "install"]

_modules = frozenset(sys.modules)
_session = None


def install(options=None):
    """Watch the libraries, imported or not; once."""
    global _session
    if _session is not None:
        return
    from . import hook

    _session = hook.start(dict(options or {}))


def cell(index):
    """The next request is the cell at this place in the notebook."""
    if _session is not None:
        _session.cell = index
        _session.running = True


def finish(folder, options=None):
    """Write the capture folder."""
    from . import capture, session

    _session.running = False
    _session.depth.enter()
    try:
        complete = bool((options or {}).get("complete", True))
        capture.write(folder, _session, session.user_namespace() or {}, complete)
    finally:
        _session.depth.leave()
