"""Runs a list of cells in IPython in this process, with or without the hook, and prints one JSON line at the end.

Started by the tests in a process of its own: `session.py PLAN`, where the plan is a JSON file.
"""

import json
import os
import sys


def main(plan_file):
    """Run the plan."""
    with open(plan_file, encoding="utf-8") as file:
        plan = json.load(file)
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        """A shell that takes `%matplotlib inline` as a kernel's does."""

        def enable_gui(self, gui=None):
            """There is no window here."""

    shell = Shell.instance()
    shell.history_manager.enabled = False
    out = {"errors": [], "before": [], "after": []}
    if plan["hook"]:
        silent(shell, "__import__('sys').path.insert(0, %r)" % plan["package"])
        silent(shell, "__import__('flightdeck_capture').install(%r)" % plan["options"])
        silent(shell, "__import__('sys').path.remove(%r)" % plan["package"])
    run_cells(shell, plan, out)
    if plan["hook"]:
        complete = not out["errors"]
        done = silent(shell, "__import__('flightdeck_capture').finish(%r, {'complete': %r})" % (plan["folder"], complete))
        out["finish"] = text_of(done)
    if plan.get("live"):
        live(shell, plan, out)
    out["values"] = {name: repr(eval(name, shell.user_ns)) for name in plan.get("values", [])}
    out["names"] = sorted(name for name in shell.user_ns if not name.startswith("_"))
    print("\n" + json.dumps(out))


def run_cells(shell, plan, out):
    """The cells, until one fails."""
    for index, source in enumerate(plan["cells"]):
        if plan["hook"]:
            silent(shell, "__import__('flightdeck_capture').cell(%d)" % index)
        done = shell.run_cell(source, store_history=True)
        if not done.success:
            out["errors"].append([index, text_of(done)])
            return


def live(shell, plan, out):
    """Scan and take as for a kernel that is running already."""
    out["before"] = state(shell)
    code = "__import__('sys').path.insert(0, %r)\n_flight = __import__('flightdeck_capture.live', fromlist=['x']).%s"
    code += "\n__import__('sys').path.remove(%r)"
    for key, call in (("scan", "scan()"), ("take", "take(%r, %r, %r)" % (plan["folder"], plan["pick"], plan["options"]))):
        if key == "take" and plan["live"] == "scan":
            continue
        done = silent(shell, code % (plan["package"], call, plan["package"]))
        out[key] = text_of(done) or shell.user_ns.pop("_flight", None)
    out["after"] = state(shell)


def state(shell):
    """What a live kernel must be left with."""
    return {
        "modules": sorted(sys.modules), "names": sorted(shell.user_ns), "path": list(sys.path),
        "count": shell.execution_count, "finders": len(sys.meta_path), "cwd": os.getcwd(),
    }


def silent(shell, source):
    """One silent request."""
    return shell.run_cell(source, silent=True, store_history=False)


def text_of(done):
    """An error as text, or nothing."""
    error = done.error_before_exec or done.error_in_exec
    return "%s: %s" % (type(error).__name__, error) if error else None


if __name__ == "__main__":
    main(sys.argv[1])
