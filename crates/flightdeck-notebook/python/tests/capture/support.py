"""What the tests share: Python environments, sessions of cells, and reading what was captured."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(os.path.dirname(HERE))
ROOT = os.environ.get("FLIGHTDECK_TEST_PYTHON") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "flightdeck", "python"
)
ENVIRONMENTS = ("new", "old")


class Capture:
    """What one session left behind."""

    def __init__(self, folder, out):
        self.folder = folder
        self.out = out
        path = os.path.join(folder, "capture.json")
        self.json = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.json = json.load(file)

    @property
    def best(self):
        """The first candidate."""
        return self.json["candidates"][0]

    def dataset(self, number):
        """A data set by its id."""
        return [data for data in self.json["datasets"] if data["id"] == number][0]

    def read(self, column):
        """A column's stored values."""
        import numpy

        return numpy.load(os.path.join(self.folder, column["file"]), allow_pickle=False)

    def table(self, number):
        """A data set as {name: values}, codes resolved to texts."""
        return {column["name"]: self.values(column) for column in self.dataset(number)["columns"]}

    def values(self, column):
        """A column's values, codes resolved to texts."""
        stored = self.read(column)
        if column["categories"] is None:
            return stored.tolist()
        return [None if code < 0 else column["categories"][code] for code in stored.tolist()]

    def codes(self, where=None):
        """The finding codes of the run, or of a candidate."""
        return [finding["code"] for finding in (where or self.json)["findings"]]


class SessionCase(unittest.TestCase):
    """A test that runs cells in sessions."""

    maxDiff = 2000

    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="fd-capture-")
        self.addCleanup(shutil.rmtree, self.scratch, True)
        self.count = 0

    def run_cells(self, cells, environment="new", hook=True, fails=False, prelude="", **plan):
        """Run cells; every hook error fails the test."""
        self.count += 1
        folder = plan.pop("folder", None) or os.path.join(self.scratch, "out%d" % self.count)
        options = {"network": "off", "python_overlay": os.path.join(ROOT, "converter")}
        options.update(plan.pop("options", {}))
        plan = dict({"cells": cells, "hook": hook, "folder": folder, "package": PACKAGE, "options": options}, **plan)
        out = self.start(plan, environment, prelude)
        if not fails:
            self.assertEqual(out["errors"], [])
            self.assertIsNone(out.get("finish"))
        capture = Capture(folder, out)
        if hook and capture.json is not None:
            self.assertEqual(capture.json["hook_errors"], [])
        return capture

    def start(self, plan, environment, prelude):
        """The process of one session."""
        path = os.path.join(self.scratch, "plan%d.json" % self.count)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        python = os.path.join(ROOT, environment, "bin", "python")
        command = [python, os.path.join(HERE, "session.py"), path]
        if prelude:
            runs = "import runpy, sys\n%s\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')"
            command = [python, "-c", runs % prelude] + command[1:]
        env = dict(os.environ, MPLBACKEND="Agg", IPYTHONDIR=os.path.join(self.scratch, "ipython"), OMP_NUM_THREADS="2")
        env.pop("PYTHONPATH", None)
        done = subprocess.run(command, cwd=self.scratch, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        text = done.stdout.decode("utf-8", "replace")
        lines = text.strip().split("\n")
        if done.returncode != 0 or not lines[-1].startswith("{"):
            raise AssertionError("the session failed: %s\n%s" % (text[-2000:], done.stderr.decode("utf-8", "replace")[-2000:]))
        out = json.loads(lines[-1])
        out["text"] = "\n".join(lines[:-1])
        return out
