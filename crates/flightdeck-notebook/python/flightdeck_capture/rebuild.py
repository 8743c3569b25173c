"""Fitted transformers for steps outside of a model, and one fitted table-to-table transformer out of many.

Estimators are the notebook's own objects as they were at the time. pandas calls become the scikit-learn
estimator that does the same; whether it does is proved afterwards, by predictions.
"""

import inspect
import sys

from . import prints

imports = True


class Piece:
    """A fitted transformer, the input columns it reads and the output columns it makes."""

    def __init__(self, transformer, inputs, outputs):
        self.transformer = transformer
        self.inputs = inputs
        self.outputs = outputs


def pieces(step):
    """The pieces of a step, made once."""
    found = step.facts.get("pieces")
    if found is None:
        found = make_pieces(step)
        step.facts["pieces"] = found
    return found


def make_pieces(step):
    """One piece for an estimator, one per column for pandas calls."""
    kind = step.facts.get("kind")
    if kind == "dummies":
        return dummies(step)
    if kind == "fillna":
        return filled(step)
    if kind == "map":
        return mapped(step)
    if type(step.thing).__name__ == "LabelEncoder":
        return [Piece(ordinal(step, list(step.frozen.classes_)), [0], [0])]
    return [Piece(step.frozen, list(range(step.before.shape[1])), list(range(step.output.shape[1])))]


def sklearn_class(module, name):
    """A class of scikit-learn; its module is imported only where `imports` allows it (not into a live kernel)."""
    if imports:
        __import__(module)
    return getattr(sys.modules[module], name)


def column_frame(step, position):
    """One input column as a frame with its name."""
    value = step.before.value
    if prints.is_frame(value):
        return value.iloc[:, [position]]
    if prints.is_series(value):
        return value.to_frame()
    return prints.numpy().asarray(value).reshape(-1, 1)


def dummies(step):
    """A one-hot encoder per encoded column; missing and unknown values are rows of zeros, as in pandas."""
    encoder_class = sklearn_class("sklearn.preprocessing", "OneHotEncoder")
    encoded, found = step.facts["encoded"], []
    place = step.before.shape[1] - len(encoded)
    for position in encoded:
        column = column_frame(step, position).iloc[:, 0]
        categories = categories_of(column)
        size = len(categories) - (1 if step.facts["drop"] else 0)
        encoder = encoder_class(
            categories=[categories], handle_unknown="ignore", drop="first" if step.facts["drop"] else None,
            **dense_option(encoder_class)
        )
        rows = column_frame(step, position)
        rows = rows[rows.iloc[:, 0].notna()]
        found.append(Piece(encoder.fit(rows), [position], list(range(place, place + size))))
        place += size
    return found


def categories_of(column):
    """The values that pandas makes dummies of, in its order."""
    np = prints.numpy()
    if str(column.dtype) == "category":
        values = list(column.cat.categories)
    else:
        values = sorted(column.dropna().unique().tolist())
    return np.array(values, dtype=object if values and isinstance(values[0], str) else None)


def dense_option(encoder_class):
    """The option for dense output under its name in this version."""
    name = "sparse_output" if "sparse_output" in inspect.signature(encoder_class).parameters else "sparse"
    return {name: False}


def filled(step):
    """A constant imputer per column in which something was filled."""
    imputer_class = sklearn_class("sklearn.impute", "SimpleImputer")
    value, found = step.facts["value"], []
    for position in range(step.before.shape[1]):
        frame = column_frame(step, position)
        name = frame.columns[0] if prints.is_frame(frame) else None
        constant = value.get(name) if isinstance(value, dict) else value
        if constant is None or not bool(frame.isna().any().any()):
            continue
        constant = constant.item() if hasattr(constant, "item") else constant
        imputer = imputer_class(strategy="constant", fill_value=constant)
        found.append(Piece(imputer.fit(frame), [position], [position]))
    return found


def mapped(step):
    """An ordinal encoder, when the dictionary gives the numbers from 0 on."""
    mapping = step.facts["mapping"]
    try:
        order = sorted(mapping, key=lambda key: mapping[key])
        if [mapping[key] for key in order] != list(range(len(order))):
            return []
    except TypeError:
        return []
    return [Piece(ordinal(step, order), [0], [0])]


def ordinal(step, values):
    """An ordinal encoder of one column with these values in this order."""
    np = prints.numpy()
    encoder_class = sklearn_class("sklearn.preprocessing", "OrdinalEncoder")
    values = [v.item() if hasattr(v, "item") else v for v in values]
    categories = np.array(values, dtype=object if isinstance(values[0], str) else None)
    frame = column_frame(step, 0)
    rows = prints.pandas().DataFrame({frame.columns[0]: categories}) if prints.is_frame(frame) else categories.reshape(-1, 1)
    return encoder_class(categories=[categories]).fit(rows)


class Builder:
    """A fitted transformer from a raw frame to given columns."""

    def __init__(self):
        self.base = sklearn_class("sklearn.base", "BaseEstimator")
        self.mixin = sklearn_class("sklearn.base", "TransformerMixin")
        self.pipeline = sklearn_class("sklearn.pipeline", "Pipeline")
        self.chooser = sklearn_class("sklearn.compose", "ColumnTransformer")

    def build(self, origins, raw):
        """A transformer from the frame `raw` to these columns, in this order."""
        nodes, passed = group(origins)
        if len(nodes) == 1 and not passed and [o.output for o in origins] == list(range(len(nodes[0].outputs))):
            return self.of_node(nodes[0], raw)
        runs = whole_runs(origins, nodes)
        if runs:
            return self.choose(self.in_order(runs, raw), raw, any(node.sparse for node in nodes))
        entries, places, at = [], {}, 0
        for node in nodes:
            names = raw_names(node)
            column = names[0] if node.one_column and len(names) == 1 else names
            entries.append((entry_name(node, len(entries)), self.of_node(node, raw[names]), column))
            for output in range(len(node.outputs)):
                places[(id(node), output)] = at + output
            at += len(node.outputs)
        if passed:
            entries.append(("as_is", "passthrough", [o.name for o in passed]))
            for number, origin in enumerate(passed):
                places[origin.name] = at + number
        order = [places[(id(o.node), o.output)] if hasattr(o, "node") else places[o.name] for o in origins]
        chosen = self.choose(entries, raw, any(node.sparse for node in nodes))
        width = at + len(passed)
        if order == list(range(width)):
            return chosen
        table = chosen.transform(raw.iloc[:5])
        return self.pipeline([("columns", chosen), ("order", self.choose([("order", "passthrough", order)], table, True))])

    def in_order(self, runs, raw):
        """One entry for each run of columns, so that nothing has to be put in order afterwards."""
        entries = []
        for run in runs:
            node = getattr(run[0], "node", None)
            if node is None:
                entries.append(("as_is_%d" % len(entries), "passthrough", [origin.name for origin in run]))
                continue
            names = raw_names(node)
            column = names[0] if node.one_column and len(names) == 1 else names
            entries.append((entry_name(node, len(entries)), self.of_node(node, raw[names]), column))
        return entries

    def of_node(self, node, raw):
        """A transformer from the raw columns below a node to all of its outputs."""
        if not any(hasattr(origin, "node") for origin in node.inputs):
            return node.transformer
        return self.pipeline([("before", self.build(node.inputs, raw)), ("step", node.transformer)])

    def choose(self, entries, rows, sparse):
        """A fitted ColumnTransformer around transformers that are fitted already."""
        held = held_class(self.base, self.mixin)
        waiting = [(n, t if isinstance(t, str) else held(t), c) for n, t, c in entries]
        chosen = self.chooser(waiting, sparse_threshold=1.0 if sparse else 0, remainder="drop", **plain_names(self.chooser))
        chosen.fit(rows[:50] if not prints.is_frame(rows) else rows.iloc[:50])
        inner = {name: t for name, t, _ in entries}
        chosen.transformers = list(entries)
        chosen.transformers_ = [
            (name, inner[name] if isinstance(t, held) else t, columns) for name, t, columns in chosen.transformers_
        ]
        return chosen


def whole_runs(origins, nodes):
    """The columns as runs of untouched ones and of whole nodes, each node once; nothing when they are mixed."""
    runs = []
    for origin in origins:
        node = getattr(origin, "node", None)
        if runs and getattr(runs[-1][0], "node", None) is node:
            runs[-1].append(origin)
        else:
            runs.append([origin])
    of_nodes = [run for run in runs if hasattr(run[0], "node")]
    whole = all([o.output for o in run] == list(range(len(run[0].node.outputs))) for run in of_nodes)
    return runs if whole and len(of_nodes) == len(nodes) else None


def held_class(base, mixin):
    """A stand-in that `fit` leaves alone, for the time of fitting the ColumnTransformer around it."""

    class Held(mixin, base):
        """Holds a fitted transformer."""

        def __init__(self, inner=None):
            self.inner = inner

        def __sklearn_clone__(self):
            return self

        def __sklearn_is_fitted__(self):
            return True

        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return self.inner.transform(X)

    return Held


def plain_names(chooser):
    """Output names are not needed, and could clash."""
    return {"verbose_feature_names_out": False} if "verbose_feature_names_out" in inspect.signature(chooser).parameters else {}


def entry_name(node, number):
    """A name for an entry that says what it is."""
    return "%s_%d" % (type(node.transformer).__name__.lower(), number + 1)


def group(origins):
    """(nodes in order of appearance, raw columns)."""
    nodes, passed = [], []
    for origin in origins:
        if hasattr(origin, "node"):
            if not any(node is origin.node for node in nodes):
                nodes.append(origin.node)
        elif not any(origin.name == other.name for other in passed):
            passed.append(origin)
    return nodes, passed


def raw_names(node):
    """The raw columns below a node, in order, once each."""
    names = []
    for origin in node.inputs:
        for name in raw_names(origin.node) if hasattr(origin, "node") else [origin.name]:
            if name not in names:
                names.append(name)
    return names
