"""Which of the fits a person can mean: reachable, able to predict, best first.

Reachable are the notebook's variables, and what is in lists, tuples and dictionaries down to depth two.
"""

import types

from . import estimators, fitted, models
from .findings import finding

HIDDEN = ("In", "Out", "exit", "quit", "get_ipython", "open")


def names_by_object(namespace, hidden=()):
    """{id: (object, [names])} of what can be reached."""
    found = {}
    for name, value in list(namespace.items()):
        if name.startswith("_") or name in HIDDEN or name in hidden or isinstance(value, (types.ModuleType, type)):
            continue
        add(found, name, value, 2)
    return found


def add(found, name, value, depth):
    """Add an object, and what is inside a container."""
    if isinstance(value, (str, bytes, int, float, bool, type(None), types.FunctionType)):
        return
    found.setdefault(id(value), (value, []))[1].append(name)
    if depth == 0:
        return
    if isinstance(value, dict):
        for key, inner in list(value.items())[:100]:
            add(found, "%s[%r]" % (name, key), inner, depth - 1)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value[:100]):
            add(found, "%s[%d]" % (name, number), inner, depth - 1)


class Candidate:
    """A fitted model that may be the one."""

    def __init__(self, fit, model, variables):
        self.fit = fit
        self.model = model
        self.variables = variables
        self.rung = 0
        self.event = (0, 0)


def collect(session, namespace):
    """(candidates best first, findings about what is no candidate)."""
    reachable = names_by_object(namespace)
    for held in session.held:
        reachable.setdefault(id(held), (held, []))
    found, findings, transformers = {}, [], []
    inner = fitted.inside_others([thing for thing, _ in reachable.values() if models.has(thing, "predict")])
    for thing, names in reachable.values():
        fit = session.fit_of(thing) or known_elsewhere(session, thing, inner)
        if fit is None or not fit.order and id(thing) in inner:
            continue
        fit.join(session.store)
        model = fit.model()
        if model is None:
            model = thing
        if getattr(model, "refit", True) is False and hasattr(model, "cv_results_"):
            findings.append(refit_false(names))
        elif not models.has(model, "predict"):
            (transformers if models.has(model, "transform") else findings).append(no_predict(names, model))
        else:
            found.setdefault(id(model), Candidate(fit, model, [])).variables.extend(names)
    if not found and transformers:
        findings.append(only_transformers(transformers))
    return ranked(session, list(found.values())), findings


def known_elsewhere(session, thing, inner):
    """A fitted model that was only loaded; parts of other models are none."""
    if id(thing) in inner or not fitted.is_fitted_model(thing):
        return None
    return estimators.loaded_fit(session, thing)


def ranked(session, found):
    """Pick, then saved, then evaluated last on other data, then fitted last."""
    pick = session.options.get("pick")
    for candidate in found:
        place(candidate, pick)
    return sorted(found, key=lambda c: (c.rung, c.event), reverse=True)


def place(candidate, pick):
    """A candidate's rung, and the event that orders it on the rung."""
    fit = candidate.fit
    outside = [score for score in fit_scores(fit) if not on_training(fit, score)]
    if pick is not None and pick in candidate.variables:
        candidate.rung, candidate.event = 4, (0, 0)
    elif fit.meant:
        candidate.rung, candidate.event = 3, (0, fit.meant)
    elif outside:
        last = outside[-1]
        candidate.rung, candidate.event = 2, (last.cell if last.cell is not None else -1, last.order)
    elif not fit.order:
        candidate.rung, candidate.event = 0, (0, 0)
    else:
        candidate.rung, candidate.event = 1, (fit.cell if fit.cell is not None else -1, fit.order)


def fit_scores(fit):
    """The scores of this very fit, oldest first."""
    return sorted(fit.scores, key=lambda score: score.order)


def on_training(fit, score):
    """Whether a score was counted on the rows the model was trained on."""
    return score.x is not None and fit.data_print is not None and score.x.whole() == fit.data_print


def tie(found):
    """Whether the best two are equally likely: same rung, and judged or fitted in the same cell."""
    if len(found) < 2 or found[0].rung != found[1].rung or found[0].rung >= 4:
        return False
    return found[0].rung < 3 and found[0].event[0] == found[1].event[0]


def refit_false(names):
    """A search that kept no model."""
    return finding(
        "refit-false", "warning", "The search `%s` was made with refit=False, so it holds no model." % first(names),
        "Use refit=True, or fit the best parameters once more and keep that model.",
    )


def no_predict(names, model):
    """A fitted thing that cannot answer new rows."""
    return finding(
        "no-predict", "warning",
        "`%s` (%s) cannot answer new rows: it has no predict method." % (first(names), type(model).__name__),
        "Train a model with predict on its result, for example a classifier on the labels that it found.",
    )


def only_transformers(transformers):
    """Nothing but preprocessing was fitted."""
    return finding(
        "transformers-only", "warning",
        "Only preprocessing steps were fitted, no model: " + "; ".join(t["message"].split(" cannot")[0] for t in transformers),
        "Fit a classifier or regressor on what they produce.",
    )


def first(names):
    """A name to call it by."""
    return names[0] if names else "a model without a name"
