"""Fitted models of a live kernel, and which data each learned from: proved, told by the cells, or only fitting.

Strongest first: numbers inside of the model that only this table gives; the text of the last fit; the same columns.
"""

import time

from . import candidates, estimators, fitted, history, kept, models, prints, proof
from .findings import finding
from .session import Fit, Score

STRENGTH = ("none", "columns", "history", "proved")
SECONDS = 3.0
TABLES = 60


class Found:
    """A fitted model with its data, as far as known."""

    def __init__(self, model, variables, order):
        self.model = model
        self.variables = variables
        self.order = order
        self.kind = "none"
        self.train = None
        self.target = None
        self.x = None
        self.y = None
        self.changed = False
        self.test = None

    def strength(self):
        """How well the data are known."""
        return STRENGTH.index(self.kind)

    def described(self):
        """The model as the scan's answer has it."""
        return {
            "variable": self.variables[0], "class": type(self.model).__name__,
            "rows": prints.shape(self.x)[0] if self.x is not None else None,
            "evidence": self.kind, "train": self.train, "target": self.target, "changed": self.changed,
        }

    def candidate(self, session, namespace):
        """The model as a candidate of a capture; only data that was proved, told or agreed to is training data."""
        used = self.kind != "columns" or session.options.get("accept") == "columns"
        x = session.store.fit(self.x, self.model) if used and self.x is not None else kept.Data(None)
        y = session.store.other(self.y) if used and self.y is not None else None
        fit = Fit(self.order, None, self.model, x, y, None)
        fit.data_print = x.whole()
        fit.describe = estimators.signature_of(self.model)
        fit.evidence = self.kind
        fit.findings = self.findings(used)
        # Rows that the model answers are good for a comparison, whoever they are.
        fit.like = None if used or self.x is None else session.store.other(self.x)
        if self.test is not None:
            test, truth = session.store.other(self.test[0]), session.store.other(self.test[1])
            fit.scores.append(Score("split", None, self.order, None, test, truth))
        session.fits.append(fit)
        return candidates.Candidate(fit, self.model, self.variables)

    def findings(self, used):
        """What is to be said of the data."""
        if self.changed and self.kind == "none":
            return [finding(
                "data-changed", "warning", "The data that it was fitted on is no longer in memory as it was.",
                "Run the cells that make the data and fit the model once more, and take it again.",
            )]
        if self.kind == "columns" and used:
            return [finding(
                "data-unproved", "warning",
                "Nothing proves that the model was fitted on %s; only the columns are the same." % self.train,
                "Fit the model once more in the notebook, or import the notebook's file, to have the data on record.",
            )]
        if self.kind == "history":
            return [finding(
                "data-from-history", "info",
                "That the model was fitted on %s is known from the cells that ran; its own numbers neither prove nor "
                "deny it." % self.train,
                "Import the notebook's file to have the data on record.",
            )]
        return []


def all_found(namespace):
    """Every fitted model that can be reached, in the order of the namespace."""
    reachable = candidates.names_by_object(namespace)
    ready = {key: entry for key, entry in reachable.items() if fitted.is_fitted_model(entry[0])}
    inner = fitted.inside_others([entry[0] for entry in ready.values()])
    parsed = history.trees([cell for cell in namespace.get("In", []) if isinstance(cell, str)])
    told, parts = history.fits(parsed), history.splits(parsed)
    places = {name: number for number, name in enumerate(told)}
    tables, until, found = readable_tables(namespace), time.monotonic() + SECONDS, []
    for key, (model, names) in ready.items():
        if key in inner:
            continue
        order = max([places.get(name, -1) for name in names]) + 1
        entry = Found(model, names, order)
        look(entry, namespace, told, tables, until)
        entry.test = other_part(entry, namespace, parts)
        found.append(entry)
    return found


def readable_tables(namespace):
    """[(name, value)] of everything with rows."""
    found = []
    for name, value in list(namespace.items()):
        kinds = (prints.is_frame, prints.is_series, prints.is_array, prints.is_sparse)
        if name.startswith("_") or not any(kind(value) for kind in kinds):
            continue
        if prints.shape(value) is not None and prints.shape(value)[0] > 0:
            found.append((name, value))
    return found[:TABLES]


def look(entry, namespace, told, tables, until):
    """Find the data of one model, by the strongest evidence there is."""
    said = next((told[name] for name in reversed(entry.variables) if told.get(name) is not None), None)
    if said is not None:
        x, y = history.value_of(said.train, namespace), history.value_of(said.target, namespace) if said.target else None
        if x is not None and prints.shape(x) is not None and fits_shape(entry.model, x):
            verdict = proof.proves(entry.model, x, y)
            if verdict is False:
                settle(entry, "none", said.train, said.target, None, None)
                entry.changed = True
            else:
                settle(entry, "proved" if verdict else "history", said.train, said.target, x, y)
            if verdict:
                return
    if proved_by_search(entry, tables, until) or entry.kind == "history" or entry.changed:
        return
    matching = [(name, value) for name, value in tables if fits_shape(entry.model, value) and two_dimensional(value)]
    if matching:
        settle(entry, "columns", matching[0][0], None, matching[0][1], None)


def settle(entry, kind, train, target, x, y):
    """Note the data of a model."""
    entry.kind, entry.train, entry.target, entry.x, entry.y = kind, train, target, x, y
    entry.changed = False


def proved_by_search(entry, tables, until):
    """Any table, and any column of the same length, that the model's numbers prove."""
    for name, value in tables:
        if not two_dimensional(value) or not fits_shape(entry.model, value):
            continue
        rows = prints.shape(value)[0]
        targets = [(n, v) for n, v in tables if v is not value and prints.shape(v) == (rows, 1)][:20]
        for target_name, target in targets + [(None, None)]:
            if time.monotonic() > until:
                return False
            if proof.proves(entry.model, value, target):
                settle(entry, "proved", name, target_name, value, target)
                return True
    return False


def two_dimensional(value):
    """A table rather than one column."""
    return len(getattr(value, "shape", ())) == 2


def plain(name):
    """A column's name as LightGBM writes it."""
    return str(name).replace(" ", "_")


def fits_shape(model, x):
    """Whether the model takes tables with these columns."""
    names = getattr(model, "feature_names_in_", None)
    if names is None and models.is_xgboost(model):
        names = model.feature_names
    if names is not None and prints.is_frame(x):
        return [plain(n) for n in names] == [plain(c) for c in x.columns]
    count = getattr(model, "n_features_in_", None)
    if count is None and models.is_booster(model):
        count = model.num_features() if models.is_xgboost(model) else model.num_feature()
    return count is None or prints.shape(x)[1] == int(count)


def other_part(entry, namespace, parts):
    """(X, y) of the other part of the split that the training data came from."""
    for names, _ in reversed(parts):
        if entry.train in names[0::2] and entry.target in names[0::2]:
            x = history.value_of(names[names.index(entry.train) + 1], namespace)
            y = history.value_of(names[names.index(entry.target) + 1], namespace)
            if x is not None and y is not None and prints.shape(x) is not None and fits_shape(entry.model, x):
                return x, y
    return None


def steps(session, namespace):
    """Transformers of the namespace whose outputs are tables of it: steps outside of the models."""
    watcher, tables = estimators.Estimators(session), readable_tables(namespace)
    known = {kept.Data(value).whole() for _, value in tables if prints.shape(value)[0] <= 500000}
    until = time.monotonic() + SECONDS
    for thing, names in candidates.names_by_object(namespace).values():
        if not models.has(thing, "transform") or models.has(thing, "predict") or isinstance(thing, type):
            continue
        for name, value in tables:
            table = columns_for(thing, value)
            if table is None or time.monotonic() > until or prints.shape(table)[0] > 500000:
                continue
            try_step(session, watcher, thing, table, known, (names[0], name))


def columns_for(thing, value):
    """The table that a transformer takes out of this one, or nothing."""
    names = getattr(thing, "feature_names_in_", None)
    if names is not None and prints.is_frame(value):
        return value[list(names)] if all(name in value.columns for name in names) else None
    count = getattr(thing, "n_features_in_", None)
    if count is None:
        return value if prints.is_series(value) and hasattr(thing, "vocabulary_") else None
    return value if prints.shape(value)[1] == int(count) and not prints.is_series(value) else None


def try_step(session, watcher, thing, table, known, names):
    """Remember the step if what it makes of the table is in the namespace."""
    try:
        output = models.Ask(thing).call("transform", table)
    except Exception:
        return
    if prints.shape(output) is not None and prints.whole(output) in known:
        watcher.step(thing, kept.Data(table), output)
        step = session.steps[-1]
        step.order, step.cell, step.line, step.text = -len(session.steps), None, "?", "%s.transform(%s)" % names
