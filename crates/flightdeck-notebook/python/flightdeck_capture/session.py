"""What has been seen so far in one run of a notebook. Only facts; the rooms around it observe and judge."""

import itertools
import os
import sys

from . import kept, prints, watched


class Fit:
    """An outermost fit: the model weakly, its data as it was."""

    def __init__(self, order, cell, model, x, y, weight):
        self.order = order
        self.cell = cell
        self.model = kept.reference(model)
        self.kind = type(model).__name__
        self.x = x
        self.y = y
        self.weight = weight
        self.source = None
        self.features = None
        self.scores = []
        self.parts = []
        self.evidence = "hook"
        self.data_print = None
        self.saved_as = None
        self.saved_onnx = None
        self.meant = 0


    def join(self, store):
        """The parts of a training set that came one by one, as one."""
        parts, self.parts = self.parts, []
        if len(parts) < 2:
            return
        whole = [prints.joined([part[side] for part in parts]) for side in (0, 1)]
        if whole[0] is not None:
            self.x = store.fit(whole[0], self.model())
            self.data_print = self.x.whole()
        if whole[1] is not None:
            self.y = store.other(whole[1])


class Prediction:
    """An outermost prediction, found again by the identity of its answer."""

    def __init__(self, fit, order, cell, x, answer):
        self.fit = fit
        self.order = order
        self.cell = cell
        self.x = x
        self.answer = kept.reference(answer)
        self.rows = (prints.shape(answer) or (0, 0))[0]


class Score:
    """A metric that was called with a prediction."""

    def __init__(self, name, value, order, cell, x, y):
        self.name = name
        self.value = value
        self.order = order
        self.cell = cell
        self.x = x
        self.y = y


class Session:
    """All facts of a run, with the process-wide depth."""

    def __init__(self, options):
        self.options = options
        self.depth = watched.Depth()
        self.store = kept.Store(int(options.get("keep_data_bytes") or (1 << 30)))
        self.counter = itertools.count(1)
        self.cell = None
        self.running = False
        self.errors = []
        self.fits = []
        self.predictions = []
        self.splits = []
        self.steps = []
        self.sources = []
        self.aliases = []
        self.held = []
        self.unmatched_saves = []
        self.seeds = []
        self.blocked = []
        self.children = []
        self.files = {}
        self.network = []

    def report(self, observer, error):
        """A fault of our own: listed, never raised."""
        name = getattr(observer, "__qualname__", getattr(observer, "__name__", "hook"))
        text = "%s: %s: %s" % (name, type(error).__name__, str(error)[:300])
        if text not in self.errors and len(self.errors) < 50:
            self.errors.append(text)

    def watch(self, original, before=None, after=None, around=None):
        """A watched function that reports to this session."""
        return watched.Watched(original, self.depth, self.report, before, after, around)

    def fit_of(self, model):
        """The last fit of this very object, or of the search it came out of."""
        for fit in reversed(self.fits):
            if fit.model() is model:
                return fit
        for inner, fit in reversed(self.aliases):
            if inner() is model:
                return fit
        return None

    def saved(self, model, path, onnx=None):
        """The notebook saved or exported a model: it is the one meant, and lives until the end."""
        fit = self.fit_of(model)
        if fit is None:
            return
        fit.saved_as = path or fit.saved_as
        fit.saved_onnx = onnx or fit.saved_onnx
        fit.meant = next(self.counter)
        if not any(model is held for held in self.held):
            self.held = (self.held + [fit.model()])[-3:]

    def read_file(self, path):
        """A reader that no audit event shows has read a file."""
        self.touch(path, "read")

    def touch(self, path, mode):
        """A file was opened in a cell."""
        if self.running and isinstance(path, (str, bytes, os.PathLike)):
            text = os.path.abspath(os.fsdecode(path))
            self.files.setdefault((text, mode), self.cell)

    def called_by_notebook(self):
        """Whether the call comes from a cell or a file beside it, not from inside a library."""
        frame, own = sys._getframe(1), os.path.dirname(os.path.abspath(__file__))
        while frame is not None and os.path.abspath(frame.f_code.co_filename).startswith(own):
            frame = frame.f_back
        name = frame.f_code.co_filename if frame is not None else ""
        return not ("site-packages" in name or name.startswith(os.path.join(sys.base_prefix, "lib")) or name.endswith(".pyx"))

    def place(self):
        """(line number, text) in the cell that is running, or (None, '')."""
        namespace = user_namespace()
        frame = sys._getframe(1)
        while frame is not None:
            if namespace is not None and frame.f_globals is namespace and frame.f_code.co_filename != "<string>":
                return frame.f_lineno, source_line(frame)
            frame = frame.f_back
        return None, ""


def path_of(target):
    """The absolute path of a path or of an open file, or nothing."""
    target = getattr(target, "name", target)
    if isinstance(target, bytes):
        target = os.fsdecode(target)
    if isinstance(target, str) or hasattr(target, "__fspath__"):
        return os.path.abspath(os.fspath(target))
    return None


def source_line(frame):
    """The text of the line that a frame stands on, from IPython's own record of the cells."""
    linecache = sys.modules.get("linecache")
    if linecache is None:
        return ""
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals).strip()


def shell():
    """The running IPython shell, or nothing."""
    ipython = sys.modules.get("IPython")
    get = getattr(ipython, "get_ipython", None)
    return get() if get else None


def user_namespace():
    """The notebook's variables."""
    running = shell()
    return running.user_ns if running is not None else getattr(sys.modules.get("__main__"), "__dict__", None)
