"""Takes a fitted model out of a kernel that is running already, and leaves the kernel as it was.

`scan` answers what there is, as JSON text; `take` writes the capture folder. No patches, no audit hook, no name in
the namespace; afterwards every module that came with this package is gone from `sys.modules`.
"""

import json
import os
import sys

from . import _modules, candidates, capture, evidence, rebuild, session, writer

_brought = frozenset(sys.modules) - _modules


def scan():
    """JSON text: {notebook, cwd, last_cell, candidates[{variable, class, rows, evidence, train, target, changed}]}."""
    try:
        namespace = session.user_namespace() or {}
        found = [entry.described() for entry in evidence.all_found(namespace)]
        return json.dumps({
            "notebook": notebook(namespace), "cwd": os.getcwd(), "last_cell": last_cell(namespace), "candidates": found,
        })
    finally:
        leave()


def take(folder, pick=None, options=None):
    """Write the capture folder for the model that is picked (a variable), or for all, best first.

    Nothing is written once the folder is gone or has a file `cancelled`: then nobody waits for it.
    """
    try:
        begin(folder)
        options = dict(options or {}, pick=pick)
        namespace = session.user_namespace() or {}
        facts = session.Session(options)
        rebuild.imports = False
        entries = evidence.all_found(namespace)
        entries.sort(key=lambda entry: (pick in entry.variables, entry.strength(), entry.order), reverse=True)
        entries = [entry for entry in entries if pick in entry.variables] or entries
        # What is kept of earlier ones gives way to later ones, so the best comes last.
        chosen = [entry.candidate(facts, namespace) for entry in reversed(entries)][::-1]
        evidence.steps(facts, namespace)
        for candidate in chosen:
            candidates.place(candidate, pick)
        capture.write(folder, facts, namespace, True, "live", chosen)
        return json.dumps({"candidates": len(chosen)})
    except writer.Stopped:
        return json.dumps({"cancelled": True})
    finally:
        leave()


def begin(folder):
    """The folder is made once, and only inside of one that is still there."""
    try:
        os.mkdir(folder)
    except FileExistsError:
        pass
    except FileNotFoundError:
        raise writer.Stopped() from None
    if writer.is_given_up(folder):
        raise writer.Stopped()


def notebook(namespace):
    """The notebook's path as VS Code or the Jupyter server gave it, or nothing."""
    found = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    return found if isinstance(found, str) and found.endswith(".ipynb") else None


def last_cell(namespace):
    """The text of the last cell, cut short."""
    cells = [cell for cell in namespace.get("In", []) if isinstance(cell, str) and cell.strip()]
    return cells[-1][:2000] if cells else ""


def leave():
    """Forget every module that was brought along."""
    own = __name__.split(".")[0]
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in list(sys.modules):
        if name in _brought or name == own or name.startswith(own + "."):
            del sys.modules[name]
    for path in (folder, os.path.dirname(folder)):
        sys.path_importer_cache.pop(path, None)

