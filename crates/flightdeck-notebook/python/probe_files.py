"""What a cell reaches outside of itself: files by literal path, addresses, fits, and effects that no name shows."""

import ast
import os
import re

from probe_names import root

READERS = {"read_csv", "read_table", "read_excel", "read_json", "read_parquet", "read_feather", "read_pickle",
           "read_hdf", "read_stata", "read_sas", "read_spss", "read_fwf", "read_xml", "read_orc", "scan_csv",
           "scan_parquet", "loadtxt", "genfromtxt", "imread", "load_model", "loadmat", "open_dataset", "ExcelFile",
           "ZipFile", "load_svmlight_file", "parse_xml"}
# Names that are too common to count unless they stand behind one of these modules.
LOADERS = {"load": {"np", "numpy", "joblib", "torch", "skops", "cloudpickle", "sio"}, "open": {"gzip", "bz2", "lzma", "io",
           "codecs", "tarfile", "zipfile", "Image", "rasterio"}, "connect": {"sqlite3", "duckdb"}, "File": {"h5py"},
           "fromfile": {"np", "numpy"}, "load_dataset": set()}
WRITERS = {"to_csv", "to_excel", "to_json", "to_parquet", "to_feather", "to_pickle", "to_hdf", "save", "savez",
           "savez_compressed", "savetxt", "savefig", "save_model", "write_csv", "write_parquet", "imwrite", "makedirs",
           "mkdir", "write_text", "write_bytes", "save_weights", "write_html", "write_image"}
# The path is not their first argument.
SECOND = {"dump", "urlretrieve", "copy", "copyfile", "move"}
PATH_METHODS = {"read_text", "read_bytes", "open"}
DOWNLOADS = {"fetch_openml", "fetch_california_housing", "fetch_20newsgroups", "fetch_covtype", "fetch_kddcup99",
             "fetch_lfw_people", "fetch_olivetti_faces", "fetch_rcv1", "fetch_species_distributions", "fetch_ucirepo"}
# Calls that change the process and not a name; a cell with one is always kept.
EFFECTS = {"seed", "set_seed", "manual_seed", "set_option", "set_config", "chdir", "system", "setrecursionlimit",
           "filterwarnings", "simplefilter", "putenv", "run", "Popen", "check_call", "check_output", "use", "register",
           "setlocale", "set_random_seed", "basicConfig", "option_context", "environ", "set_theme", "insert"}
DYNAMIC = {"exec", "eval", "globals", "locals", "vars", "execfile", "__import__", "get_ipython", "setattr", "run_line_magic"}
ADDRESS = re.compile(r"^(https?|ftp|s3|gs|gcs|abfss?|hdfs)://\S+$")
LIMIT = 500


class Reach(ast.NodeVisitor):
    """Walks a cell; ``constants`` are the texts that names stand for, carried from cell to cell."""

    def __init__(self, constants, classes):
        self.constants, self.classes = constants, classes
        self.opens, self.writes, self.urls, self.fits, self.paths = [], [], [], [], []
        self.effects = self.dynamic = False
        self.depth = 0

    # Constants.
    def visit_Assign(self, node):
        self.generic_visit(node)
        value, made = self.fold(node.value), self.class_of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and not self.depth:
                self.constants.pop(target.id, None)
                if value is not None:
                    self.constants[target.id] = value
                if made:
                    self.classes[target.id] = made
            if root(target) in ("os", "sys", "pd", "np", "plt", "mpl", "matplotlib", "warnings"):
                self.effects = True
        self._fit_of_assignment(node, made)

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef

    def fold(self, node):
        """The text that an expression always has, or None."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
            left, right = self.fold(node.left), self.fold(node.right)
            if left is None or right is None:
                return None
            return left + right if isinstance(node.op, ast.Add) else os.path.join(left, right)
        if isinstance(node, ast.JoinedStr):
            parts = [self.fold(p.value if isinstance(p, ast.FormattedValue) else p) for p in node.values]
            return None if None in parts else "".join(parts)
        if isinstance(node, ast.Call):
            return self._fold_call(node)
        return None

    def _fold_call(self, node):
        name = name_of(node.func)
        if name in ("Path", "PurePath", "join", "joinpath", "str", "expanduser", "abspath", "resolve"):
            parts = [self.fold(argument) for argument in node.args]
            if name in ("joinpath", "expanduser", "resolve") and not (node.args and name == "expanduser"):
                parts.insert(0, self.fold(getattr(node.func, "value", None)))
            if name == "join" and root(node.func) not in ("os", "path", "osp"):
                return None
            return None if None in parts else os.path.join(*parts) if parts else "."
        return None

    # Calls.
    def visit_Call(self, node):
        name, base = name_of(node.func), root(node.func)
        if name in DYNAMIC and (isinstance(node.func, ast.Name) or base == "get_ipython"):
            # vars(x) reads one object; vars() is the namespace.
            self.dynamic = self.dynamic or not (name in ("vars", "setattr") and node.args)
        self.effects = self.effects or self._has_effect(node, name, base)
        if name == "fit" or name == "partial_fit":
            self._fit(node)
        if name in DOWNLOADS or (name == "load_dataset" and base in ("sns", "seaborn", "load_dataset", "datasets")):
            texts = [text for text in map(self.fold, node.args[:2]) if text]
            self._add(self.urls, {"address": "%s(%s)" % (name, ", ".join(texts)), "line": node.lineno})
        self._file(node, name, base)
        for argument in node.args + [keyword.value for keyword in node.keywords]:
            text = self.fold(argument)
            if text and ADDRESS.match(text):
                self._add(self.urls, {"address": without_credentials(text), "line": node.lineno})
        self.generic_visit(node)

    def _has_effect(self, node, name, base):
        if base in ("random", "np", "numpy", "torch", "tf") and isinstance(node.func, ast.Attribute):
            # Drawing from the global generator moves it for the cells that follow.
            if base == "random" or name_of(node.func.value) == "random":
                return name not in ("default_rng", "RandomState", "Generator", "Random")
        return name in EFFECTS and base in ("np", "numpy", "random", "torch", "tf", "keras", "os", "sys", "pd", "pandas",
                                            "warnings", "subprocess", "matplotlib", "mpl", "plt", "sns", "seaborn",
                                            "logging", "locale", "sklearn", name)

    def _file(self, node, name, base):
        first = self.fold(node.args[0]) if node.args else self._keyword(node)
        if name in WRITERS or name in SECOND:
            at = 1 if name in SECOND else 0
            written = self.fold(node.args[at]) if len(node.args) > at else self._keyword(node)
            self._write(written, node)
        elif name in PATH_METHODS and isinstance(node.func, ast.Attribute) and self.fold(node.func.value):
            mode = self._mode(node, 0) if name == "open" else "r"
            self._open(self.fold(node.func.value), node, mode)
        elif name == "open" and isinstance(node.func, ast.Name):
            self._open(first, node, self._mode(node, 1))
        elif name in READERS or (name in LOADERS and base in LOADERS[name]):
            self._open(first, node, self._mode(node, 1) if name in ("open", "File", "ZipFile") else "r")

    def _keyword(self, node):
        names = ("filepath_or_buffer", "path", "filename", "file", "io", "path_or_buf", "fname", "model_file")
        for keyword in node.keywords:
            if keyword.arg in names:
                return self.fold(keyword.value)
        return None

    def _mode(self, node, at):
        mode = self.fold(node.args[at]) if len(node.args) > at else None
        for keyword in node.keywords:
            if keyword.arg == "mode":
                mode = self.fold(keyword.value)
        return mode or "r"

    def _open(self, path, node, mode):
        if path is None:
            return
        if set(mode) & set("wax"):
            self._write(path, node)
        elif not ADDRESS.match(path) and "\n" not in path and "\0" not in path and len(path) < 1024:
            self._add(self.opens, {"path": path, "line": node.lineno})

    def _write(self, path, node):
        self.effects = True
        if path is not None:
            self._add(self.writes, (path, node.lineno))

    @staticmethod
    def _add(items, item):
        if len(items) < LIMIT and item not in items:
            items.append(item)

    # Fits.
    def class_of(self, node):
        """The class that an expression makes an object of, by the usual spelling; ``C().fit(X)`` is a C."""
        while isinstance(node, ast.Call) and name_of(node.func) == "fit" and isinstance(node.func, ast.Attribute):
            node = node.func.value
        if isinstance(node, ast.Call):
            name = name_of(node.func)
            return name if name and (name[:1].isupper() or name.startswith("make_")) else None
        return None

    def _fit(self, node):
        # Inside a function the variable is the function's own.
        if self.depth:
            return
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, (ast.Name, ast.Attribute, ast.Subscript)):
            name = root(node.func)
            if name:
                found = {"variable": name, "class": self.classes.get(name), "line": node.lineno}
                self._add(self.fits, found)

    def _fit_of_assignment(self, node, made):
        call = node.value
        if not isinstance(call, ast.Call) or self.depth:
            return
        name, base = name_of(call.func), root(call.func)
        trained = name == "train" and (isinstance(call.func, ast.Name) or base in ("xgb", "xgboost", "lgb", "lightgbm"))
        if trained or (name == "fit" and isinstance(getattr(call.func, "value", None), ast.Call)):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found = {"variable": target.id, "class": "Booster" if trained else made, "line": node.lineno}
                    self._add(self.fits, found)

    # sys.path.append("../src") makes local modules findable.
    def visit_Expr(self, node):
        call = node.value
        if isinstance(call, ast.Call) and name_of(call.func) in ("append", "insert"):
            owner = getattr(call.func, "value", None)
            if name_of(owner) == "path" and root(owner) == "sys":
                self.effects = True
                text = self.fold(call.args[-1]) if call.args else None
                if text:
                    self._add(self.paths, text)
        self.generic_visit(node)


def name_of(node):
    """The last name of ``a.b.c``, or None."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def without_credentials(address):
    """The address as it may be shown."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + "://" + host.rpartition("@")[2] + slash + path.partition("?")[0]
