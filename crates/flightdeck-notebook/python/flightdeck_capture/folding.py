"""Steps outside of the model: folded into one pipeline where that predicts the same, else shown with their lines.

Accepted only when the pipeline answers the raw rows as the model answers the prepared ones. Not here: how
columns are traced (`origins`), how transformers are rebuilt (`rebuild`), how code is written (`paste`).
"""

from . import kept, models, paste, prints
from .findings import finding
from .origins import Made, Origins
from .rebuild import Builder

CHECKED = 20000
CLOSE = 1e-9


class Trace:
    """What lies before a model: whole steps, the columns before those, and the raw table."""

    def __init__(self, session, namespace, data, limit):
        self.seeker = Origins(session, namespace)
        self.steps, self.start, self.rows, limit = self.seeker.whole(data, limit)
        origins = self.seeker.table(self.start, limit, self.rows)
        self.origins = origins if origins and any(isinstance(o, Made) for o in origins) else None
        self.known = bool(self.steps) or self.origins is not None

    def every_step(self):
        """All steps, in the order in which they ran."""
        found = {step.order: step for step in self.steps}
        for origin in self.origins or []:
            collect(origin, found)
        return [found[order] for order in sorted(found)]

    def raw(self):
        """The raw table: what went into the first whole step, or a frame of all raw columns."""
        if self.origins is None:
            value = self.start.value
            return value if self.rows is None else prints.take(value, self.rows)
        return raw_frame(self.origins)


def collect(origin, found):
    """Add the steps behind a column."""
    if isinstance(origin, Made):
        found[origin.node.step.order] = origin.node.step
        for inner in origin.node.inputs:
            collect(inner, found)


def leaves(origin):
    """The raw columns behind a column."""
    if not isinstance(origin, Made):
        return [origin]
    return [leaf for inner in origin.node.inputs for leaf in leaves(inner)]


def raw_frame(origins):
    """All raw columns side by side; the same name for other values cannot be."""
    pd = prints.pandas()
    columns, known = [], {}
    for leaf in [leaf for origin in origins for leaf in leaves(origin)]:
        if leaf.name is None:
            leaf.name = "x%d" % len(columns)
        if leaf.name in known:
            if known[leaf.name] != leaf.print:
                raise ValueError("two different columns are called %s" % leaf.name)
            continue
        known[leaf.name] = leaf.print
        values = leaf.values
        values = values.reset_index(drop=True) if prints.is_series(values) else pd.Series(values)
        columns.append(values.rename(leaf.name))
    return pd.concat(columns, axis=1)


def fold(session, namespace, candidate, work, entry):
    """Fold what is outside, or say what it is."""
    fit = candidate.fit
    if fit.x is None or fit.x.value is None or not session.steps:
        return
    trace = Trace(session, namespace, fit.x, fit.order)
    if not trace.known:
        return
    steps = trace.every_step()
    pipeline, raw, reason = attempt(trace, candidate.model, fit.x.value)
    if reason is not None:
        entry["findings"].append(outside(candidate, steps, namespace, pipeline, reason))
        if trace.origins is None or not trace.steps:
            return
        trace.origins = None
        pipeline, raw, reason = attempt(trace, candidate.model, fit.x.value)
    if reason is None:
        accept(session, namespace, candidate, work, entry, trace.every_step(), pipeline, raw)


def attempt(trace, model, prepared):
    """(pipeline, raw rows, nothing or why it is not accepted)."""
    pipeline, raw = None, None
    try:
        raw = trace.raw()
        pipeline = assemble(trace, model, raw)
        return pipeline, raw, differs(pipeline, model, raw, prepared)
    except Exception as error:
        return pipeline, raw, "%s: %s" % (type(error).__name__, str(error).split("\n")[0][:200])


def assemble(trace, model, raw):
    """The fitted pipeline from raw rows to answers."""
    if models.is_booster(model) or type(model).__module__.startswith("catboost"):
        raise TypeError("%s is no step of a scikit-learn pipeline" % type(model).__name__)
    model = getattr(model, "best_estimator_", None) or model
    builder = Builder()
    steps = []
    if trace.origins is not None:
        steps.append(("prepare", builder.build(trace.origins, raw)))
    steps += [("%s_%d" % (type(s.thing).__name__.lower(), i + 1), s.frozen) for i, s in enumerate(trace.steps)]
    inner = list(model.steps) if type(model).__name__ == "Pipeline" else [("model", model)]
    taken = {name for name, _ in inner}
    steps = [(name if name not in taken else "outside_" + name, step) for name, step in steps]
    return builder.pipeline(steps + inner)


def differs(pipeline, model, raw, prepared):
    """Nothing, or how the pipeline's answers on raw rows differ from the model's on prepared ones."""
    np = prints.numpy()
    count = prints.shape(prepared)[0]
    if prints.shape(raw)[0] != count:
        return "the raw rows are not those that the model was trained on"
    chosen = np.arange(count) if count <= CHECKED else np.unique(np.linspace(0, count - 1, CHECKED).astype("int64"))
    one = models.Ask(pipeline).answers(prints.take(raw, chosen))
    other = models.Ask(model).answers(prints.take(prepared, chosen))
    if one["label"] is not None and not np.array_equal(np.asarray(one["label"]), np.asarray(other["label"])):
        return "the pipeline answers other labels than the model"
    for part in ("scores", "values"):
        for a, b in zip(one[part] or [], other[part] or []):
            a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
            if not bool(np.all(np.abs(a - b) <= CLOSE + CLOSE * np.abs(b))):
                return "the pipeline's numbers differ from the model's by up to %g" % float(np.nanmax(np.abs(a - b)))
    return None


def accept(session, namespace, candidate, work, entry, steps, pipeline, raw):
    """The folded pipeline is what is dumped, with the raw data."""
    work.model = pipeline
    work.train = kept.Data(raw)
    work.test = raw_test(session, namespace, candidate, work, raw)
    names = models.feature_names(pipeline, raw)
    work.names = names
    entry["folded"] = True
    entry["features"] = names
    entry["array_input"] = names is None
    entry["input_kind"] = kind_of(raw)
    outer = [models.chain_step(s.frozen, variable_of(namespace, s), columns_of(s)) for s in steps if s.thing is not None]
    outer += [models.chain_step(Call(s.facts["kind"]), None, columns_of(s)) for s in steps if s.thing is None]
    entry["chain"] = outer + entry["chain"]


def kind_of(raw):
    """What the folded pipeline is called with."""
    if isinstance(raw, list):
        return "list"
    return "frame" if prints.is_frame(raw) else "series" if prints.is_series(raw) else "array"


class Call:
    """A pandas call in a chain."""

    def __new__(cls, kind):
        names = {"dummies": "get_dummies", "fillna": "fillna", "map": "map"}
        return type(names[kind], (), {"__module__": "pandas"})()


def raw_test(session, namespace, candidate, work, raw):
    """The evaluation rows before the steps, if they can be traced to the same columns and are answered the same."""
    if work.test is None or work.test.value is None:
        return None
    trace = Trace(session, namespace, work.test, float("inf"))
    if not trace.known:
        return None
    try:
        found = trace.raw()
        if prints.is_frame(raw):
            found = found[list(raw.columns)]
        if differs(work.model, candidate.model, found, work.test.value) is None:
            return kept.Data(found)
    except Exception:
        return None
    return None


def columns_of(step):
    """The columns that went into a step."""
    value = step.before.value
    if prints.is_frame(value):
        return [str(name) for name in value.columns]
    return [str(value.name)] if prints.is_series(value) and value.name is not None else []


def variable_of(namespace, step):
    """The variable that holds a step's transformer."""
    for name, value in list(namespace.items()):
        if value is step.thing and not name.startswith("_"):
            return name
    return None


def outside(candidate, steps, namespace, pipeline, reason):
    """The finding: the exact lines and columns, why it was not folded, and the pipeline that would do it."""
    calls = any(step.thing is None or type(step.thing).__name__ == "LabelEncoder" for step in steps)
    lines = []
    for step in steps:
        columns = columns_of(step)
        shown = " (columns %s)" % ", ".join(columns[:20]) if columns else ""
        lines.append("cell %s, line %s: %s%s" % (cell_number(step.cell), step.line, step.text, shown))
    name = candidate.variables[0] if candidate.variables else "the model"
    message = "`%s` was trained on columns that other cells prepared, so clients would have to send prepared columns:\n%s\n(%s)"
    return finding(
        "features-outside-model" if calls else "steps-outside-model", "warning",
        message % (name, "\n".join(dict.fromkeys(lines)), reason),
        paste.code(name, candidate.model, pipeline, [s.frozen for s in steps if s.thing is not None]),
    )


def cell_number(cell):
    """A cell as a person counts: from 1."""
    return cell + 1 if isinstance(cell, int) else "?"
