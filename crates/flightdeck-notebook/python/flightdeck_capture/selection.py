"""Watching splits, cross-validation and metrics.

`train_test_split` gets one more array, the row numbers, through the same call: the parts that come back
say exactly which rows went where, and the user's own results stay what they were. Cross-validation only
raises the depth, or its clones would become models.
"""

from . import prints
from .estimators import is_number
from .session import Score

DEEPER = (
    "cross_val_score", "cross_validate", "cross_val_predict", "learning_curve", "validation_curve",
    "permutation_test_score", "permutation_importance", "partial_dependence", "calibration_curve",
)


class Split:
    """One call of train_test_split: what went in, and which rows went where."""

    def __init__(self, order, cell, inputs, parts, train, test):
        self.order = order
        self.cell = cell
        self.inputs = inputs
        self.parts = parts
        self.train = train
        self.test = test


class Selection:
    """Patches for `sklearn.model_selection` and `sklearn.metrics`."""

    def __init__(self, session):
        self.session = session

    def patch_model_selection(self, module):
        """The split itself, and what only raises the depth."""
        found = getattr(module, "train_test_split", None)
        if found is not None and not hasattr(found, "_original"):
            module.train_test_split = self.session.watch(found, None, None, self.split)
        self.patch_deeper(module)

    def patch_deeper(self, module):
        """Functions that fit clones of a model."""
        for name in DEEPER:
            found = getattr(module, name, None)
            if found is not None and not hasattr(found, "_original"):
                setattr(module, name, self.session.watch(found))

    def split(self, original, args, kwargs):
        """Split with row numbers as one more array."""
        __tracebackhide__ = True
        np = prints.numpy()
        size = prints.shape(args[0]) if args else None
        if size is None or np is None:
            return original(*args, **kwargs)
        parts = original(*(args + (np.arange(size[0]),)), **kwargs)
        try:
            self.remember(args, parts[:-2], parts[-2], parts[-1])
        except Exception as error:
            self.session.report(self.split, error)
        return parts[:-2]

    def remember(self, inputs, parts, train, test):
        """Keep a split: inputs and parts as snapshots."""
        session = self.session
        inputs = [session.store.other(value) for value in inputs]
        kept_parts = [session.store.other(value) for value in parts]
        for data in inputs + kept_parts:
            data.whole()
        session.splits.append(Split(next(session.counter), session.cell, inputs, kept_parts, train, test))
        del session.splits[:-16]

    def patch_metrics(self, module):
        """Every public function of `sklearn.metrics` that takes a truth and an answer."""
        for name in list(getattr(module, "__all__", [])):
            found = getattr(module, name, None)
            if isinstance(found, type) or not callable(found) or hasattr(found, "_original"):
                continue
            if name.endswith(("_score", "_error", "_loss", "_report", "_matrix", "_curve", "_deviance", "_kappa_score",
                              "_coef", "_display", "_support")):
                setattr(module, name, self.session.watch(found, None, self.observer(name)))

    def observer(self, name):
        """Ties a call to the prediction that it judges."""

        def after_metric(token, args, kwargs, result):
            truth = args[0] if args else kwargs.get("y_true", kwargs.get("y"))
            answer = args[1] if len(args) > 1 else kwargs.get("y_pred", kwargs.get("y_score", kwargs.get("y_prob")))
            self.judged(name, truth, answer, result)

        return after_metric

    def judged(self, name, truth, answer, result):
        """Add a score to the fit whose prediction this was."""
        session = self.session
        prediction = self.prediction_of(answer)
        swapped = prediction is None and self.prediction_of(truth)
        if swapped:
            prediction, truth = swapped, answer
        if prediction is None:
            prediction = self.prediction_like(truth)
        if prediction is None or prediction.fit is None:
            return
        value = float(result) if is_number(result) else None
        target = session.store.other(truth)
        order = next(session.counter)
        prediction.fit.scores.append(Score(name, value, order, session.cell, prediction.x, target))
        del prediction.fit.scores[:-64]

    def prediction_of(self, answer):
        """The prediction that is this object, or of which it is a view."""
        while answer is not None:
            for prediction in reversed(self.session.predictions):
                if prediction.answer() is answer:
                    return prediction
            answer = getattr(answer, "base", None)
        return None

    def prediction_like(self, truth):
        """The last prediction of this cell with as many rows: its answer was rounded or compared since."""
        rows = (prints.shape(truth) or (0, 0))[0]
        for prediction in reversed(self.session.predictions):
            if prediction.cell == self.session.cell and prediction.rows == rows and rows:
                return prediction
        return None
