"""The columns a model was fitted on, and the tensors they become."""

import re

NATURAL = {"float": "FP64", "int": "INT64", "bool": "BOOL", "string": "BYTES", "category": "BYTES",
           "datetime": "INT64"}
RESERVED = {"label", "probabilities", "variable", "scores", "X"}


class Column(object):
    """A column of the training data."""

    def __init__(self, position, name, dtype, kind, categories):
        self.position = position
        self.name = name
        self.dtype = dtype
        self.kind = kind
        self.categories = categories

    def natural(self):
        """The type in which a client has the value."""
        if self.kind == "float" and self.dtype in ("float32", "float16"):
            return "FP32"
        if self.kind == "category" and self.categories and all(is_integer(text) for text in self.categories):
            return "INT64"
        return NATURAL.get(self.kind, "BYTES")

    def is_text(self):
        """Whether the model sees texts."""
        return self.natural() == "BYTES"


class Plan(object):
    """How columns reach the graph: one tensor each, or one matrix."""

    def __init__(self, columns, array_input, shape):
        matrix, self.coded = shape
        self.columns = columns
        self.array_input = array_input
        self.matrix = matrix
        self.tensors = ["X"] * len(columns) if array_input else tensor_names([c.name for c in columns])

    def array_type(self):
        """The element type of an array input."""
        types = set(column.natural() for column in self.columns)
        return types.pop() if len(types) == 1 else "FP64"


def read(capture, candidate):
    """The columns of a candidate: of its training data, else of the rows it was asked."""
    parity = candidate.get("parity") or {}
    for identifier in (candidate.get("train"), parity.get("dataset")):
        for dataset in capture.get("datasets", []):
            if identifier is not None and dataset.get("id") == identifier and dataset.get("columns"):
                return [from_wire(position, column) for position, column in enumerate(dataset["columns"])]
    names = candidate.get("features") or []
    return [Column(position, str(name), "float64", "float", None) for position, name in enumerate(names)]


def unnamed(model):
    """The columns of a model of which no rows are left: by the names it learned, else by their number."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = ["x%d" % place for place in range(int(getattr(model, "n_features_in_", 0) or 0))]
    return [Column(position, str(name), "float64", "float", None) for position, name in enumerate(names)]


def from_wire(position, column):
    """A column as capture.json describes it."""
    return Column(position, str(column["name"]), column.get("dtype", ""), column.get("kind", "float"),
                  column.get("categories"))


def tensor_names(names):
    """Tensor names that every client can write, unique, in order."""
    taken = set(RESERVED)
    result = []
    for name in names:
        base = re.sub(r"[^0-9A-Za-z_]", "_", name) or "column"
        base = "x" + base if base[0].isdigit() else base
        unique, number = base, 1
        while unique in taken:
            unique, number = "%s%d" % (base, number), number + 1
        taken.add(unique)
        result.append(unique)
    return result


def is_integer(text):
    """Whether a category is an integer written as text."""
    return re.match(r"-?[0-9]{1,18}$", text) is not None
