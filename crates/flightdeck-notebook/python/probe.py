"""Asked of the interpreter that would run a notebook: what it is, what is installed, and what the cells need.

Only the standard library is imported here; the user's packages are looked up and never imported. Reads one JSON
request and writes one JSON answer.
"""

import ast
import glob
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
import warnings

from probe_files import Reach
from probe_names import names_of
from probe_syntax import parse

# Cells that are not reached within this time are taken to do anything.
BUDGET_S = 10


def main(request):
    """Answers one request."""
    warnings.simplefilter("ignore")
    folder = request["folder"]
    cells, imports, paths = analyse(request["cells"], folder)
    return {
        "version": list(sys.version_info[:3]),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "platform": "%s-%s" % (sys.platform, platform.machine().lower()),
        "distributions": distributions(),
        "pip": importlib.util.find_spec("pip") is not None,
        "bundled_pip": bundled_pip(),
        "cells": cells,
        "missing": missing(imports, [folder] + paths),
        "outside": outside(imports, [folder] + paths),
    }


def distributions():
    """Name, version and origin of what is installed; the first of a name is the one that is imported."""
    found = {}
    for distribution in importlib.metadata.distributions():
        try:
            name, version = distribution.metadata["Name"], distribution.version
            origin = distribution.read_text("direct_url.json")
            origin = json.loads(origin) if origin else None
        except Exception:  # A half-deleted package must not hide the others.
            continue
        if name and version and name.lower().replace("_", "-") not in found:
            key = name.lower().replace("_", "-")
            found[key] = {"name": name, "version": version, "direct_url": origin}
    return [found[key] for key in sorted(found)]


def bundled_pip():
    """The wheel of pip that comes with Python, or None."""
    spec = importlib.util.find_spec("ensurepip")
    folders = [os.path.join(place, "_bundled") for place in (spec.submodule_search_locations if spec else None) or []]
    for folder in folders + ["/usr/share/python-wheels"]:
        wheels = sorted(glob.glob(os.path.join(glob.escape(folder), "pip-*.whl")))
        if wheels:
            return wheels[-1]
    return None


def analyse(cells, folder):
    """Answers (cells, imports, paths): paths are those that cells append to ``sys.path``."""
    found, imports, paths = [], [], []
    constants, classes, written, modules = {}, {}, set(), set()
    deadline = time.monotonic() + BUDGET_S
    for index, source in cells:
        cell = {"index": index}
        if time.monotonic() > deadline:
            # Not read: it may do anything.
            found.append({"index": index, "dynamic": True})
            continue
        try:
            tree, magics = parse(source)
            cell["magics"] = [{"line": line, "text": text[:200]} for line, text in magics[:100]]
            here = list(imports_of(tree, index))
            modules.update(name for entry in here for name in entry.pop("names"))
            reach = Reach(constants, classes)
            reach.visit(tree)
            cell.update(names_of(tree, modules))
            cell.update(facts(tree, reach, here))
            cell["opens"] = opened(reach, written, folder)
            written.update(os.path.normpath(path) for path, _ in reach.writes)
            paths += [os.path.join(folder, path) for path in reach.paths]
            imports += here
        except SyntaxError as error:
            cell["error"] = {"line": error.lineno or 1, "message": str(error.msg)[:200]}
        except (ValueError, RecursionError, MemoryError) as error:
            cell["error"] = {"line": 1, "message": (str(error) or type(error).__name__)[:200]}
        found.append(cell)
    return found, imports, paths


def facts(tree, reach, imports):
    """What a walk found, and whether the cell holds definitions only."""
    plain = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
    text = [isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in tree.body]
    definitions = all(isinstance(part, plain) or text[at] for at, part in enumerate(tree.body))
    return {
        "imports": sorted({entry["module"] for entry in imports}),
        "writes": [path for path, _ in reach.writes],
        "urls": reach.urls,
        "fits": reach.fits,
        "effects": reach.effects,
        "dynamic": reach.dynamic,
        "definitions_only": definitions,
        "empty": not any(not isinstance(part, ast.Pass) for part in tree.body),
    }


def opened(reach, written, folder):
    """Whether each file is there, or was made by a line before."""
    for entry in reach.opens:
        path = os.path.expanduser(entry["path"])
        # A path of a file server would be asked over the network.
        local = not path.startswith(("\\\\", "//"))
        entry["exists"] = local and os.path.exists(os.path.join(folder, path))
        name = os.path.normpath(entry["path"])
        here = (os.path.normpath(path) for path, line in reach.writes if line <= entry["line"])
        entry["made"] = name in written or name in here
    return reach.opens


def imports_of(tree, index):
    """Every import of a cell; optional where its failure is caught or it is for type checkers."""
    stack = [(part, False) for part in reversed(tree.body)]
    while stack:
        node, optional = stack.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield entry(alias.name, index, optional, [alias.asname or alias.name.split(".")[0]])
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                # What is imported from a module may be a module or not; a change of it is none of the cell's names.
                yield entry(node.module, index, optional, [])
        elif isinstance(node, ast.Try) and any(catches(handler) for handler in node.handlers):
            stack += [(part, True) for part in node.body]
            stack += [(part, True) for handler in node.handlers for part in handler.body]
            stack += [(part, optional) for part in node.orelse + node.finalbody]
        elif isinstance(node, ast.If) and getattr(node.test, "id", getattr(node.test, "attr", "")) == "TYPE_CHECKING":
            stack += [(part, True) for part in node.body]
        else:
            stack += [(part, optional) for part in ast.iter_child_nodes(node)]


def entry(module, index, optional, names):
    """One import."""
    return {"module": module, "cell": index, "optional": optional, "names": names}


def catches(handler):
    """Whether a failed import is caught here."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {getattr(kind, "id", getattr(kind, "attr", "")) for kind in types}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def missing(imports, folders):
    """The modules that nothing provides, each once; an import that must succeed outweighs an optional one."""
    found = {}
    for one in imports:
        top = one["module"].split(".")[0]
        known = found.get(top)
        if known is None and is_there(top, folders):
            found[top] = False
        elif known is None:
            found[top] = {"module": one["module"], "cell": one["cell"], "optional": one["optional"]}
        elif known:
            known["optional"] = known["optional"] and one["optional"]
    return [value for value in found.values() if value]


def is_there(module, folders):
    """Looks a module up without importing anything."""
    if module in sys.builtin_module_names:
        return True
    try:
        if importlib.machinery.PathFinder.find_spec(module, folders) is not None:
            return True
        # The probe's own modules are no answer.
        return not module.startswith("probe") and importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def outside(imports, folders):
    """The modules that come neither with Python nor from beside the notebook; what is optional is left out."""
    found = []
    for one in imports:
        module = one["module"]
        top = module.split(".")[0]
        own = importlib.machinery.PathFinder.find_spec(top, folders) is not None
        if not (own or one["optional"] or module in found or is_standard(top)):
            found.append(module)
    return found


def is_standard(module):
    """Whether a module comes with Python."""
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return module in names
    if module in sys.builtin_module_names:
        return True
    spec = importlib.util.find_spec(module)
    origin = (spec.origin or "") if spec else ""
    library = os.path.dirname(os.__file__)
    return origin.startswith(library) and "site-packages" not in origin
