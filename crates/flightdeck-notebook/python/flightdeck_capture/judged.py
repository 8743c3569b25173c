"""On what a model was judged: its evaluation data and metrics, and which of them are from before a refit."""

from .candidates import fit_scores, on_training


def evaluation(session, fit):
    """(X, y) of the last score on other rows, or of a split's other part, or None."""
    for score in reversed(fit_scores(fit)):
        if score.x is not None and score.x.value is not None and not on_training(fit, score):
            return score.x, score.y
    return split_part(session, fit)


def split_part(session, fit):
    """The other part of the split whose first part the model was trained on."""
    for split in reversed(session.splits):
        names = [part.whole() for part in split.parts[0::2]]
        if fit.data_print is None or fit.data_print not in names:
            continue
        place = names.index(fit.data_print)
        target = fit.y.whole() if fit.y is not None else None
        others = [i for i, name in enumerate(names) if i != place and name == target]
        y = split.parts[2 * others[0] + 1] if others else None
        x = split.parts[2 * place + 1]
        if x.value is not None:
            return x, y
    return None


def metrics(session, fit):
    """The metrics of this model, and those of its forerunner before a refit on more rows."""
    own = [described(fit, score, False) for score in fit_scores(fit) if is_finite(score.value)]
    if any(metric["on"] == "evaluation" for metric in own):
        return own[-32:]
    for earlier in reversed(session.fits):
        if earlier is fit or earlier.order > fit.order or not is_refit(earlier, fit):
            continue
        before = [described(earlier, score, True) for score in fit_scores(earlier) if is_finite(score.value)]
        if before:
            return (before + own)[-32:]
    return own[-32:]


def is_finite(value):
    """A number that JSON can hold."""
    return value is not None and value == value and abs(value) != float("inf")


def is_refit(earlier, later):
    """The same kind of model with the same parameters and columns, and at least as many rows."""
    if earlier.describe != later.describe or earlier.x.shape is None or later.x.shape is None:
        return False
    return earlier.x.shape[1] == later.x.shape[1] and earlier.x.shape[0] <= later.x.shape[0]


def described(fit, score, before_refit):
    """One metric as the wire has it."""
    rows = score.x.shape[0] if score.x is not None and score.x.shape else 0
    known = score.x is not None and score.x.whole() is not None
    where = "unknown" if not known else "train" if on_training(fit, score) else "evaluation"
    return {"name": score.name, "value": score.value, "rows": rows, "on": where, "before_refit": before_refit}
