"""The original's answers to rows, as columns on disk."""

import sys

import numpy

from . import boosters, capturing
from .structure import library

CLASSES = ("classifier", "clusterer", "outlier_detector")


class Asked(object):
    """A model and how it is asked; a bare booster of XGBoost wants its own kind of table."""

    def __init__(self, model, rows):
        self.model = model
        self.rows = rows

    def predict(self):
        """Its first answer."""
        return numpy.asarray(self.model.predict(self.prepared()))

    def scores(self):
        """Scores by class, with the classes; None when it has none."""
        if boosters.is_booster(self.model):
            return booster_scores(self.model, self.predict())
        if not hasattr(self.model, "predict_proba") or not is_label(self.model, self.predict()):
            return None
        classes = getattr(self.model, "classes_", None)
        scores = self.model.predict_proba(self.rows)
        if classes is None or isinstance(scores, list):
            return None
        return numpy.asarray(classes).tolist(), numpy.asarray(scores)

    def prepared(self):
        """The rows in the form that the model wants."""
        if not (boosters.is_booster(self.model) and library(self.model) == "xgboost"):
            return self.rows
        table = sys.modules["xgboost"].DMatrix
        names = self.model.feature_names
        return table(self.rows, feature_names=None if hasattr(self.rows, "columns") else names)


def booster_scores(model, raw):
    """A booster that tells classes apart answers with scores only."""
    wrapped = boosters.wrap(model)
    if not hasattr(wrapped, "classes_"):
        return None
    if raw.ndim == 1:
        raw = numpy.column_stack([(1 - raw).astype(raw.dtype), raw])
    return wrapped.classes_.tolist(), raw


def reference(folder, place, asked):
    """Label and scores of a classifier, values of anything else."""
    found = {"label": None, "scores": None, "values": None}
    raw, scores = asked.predict(), asked.scores()
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw.reshape(-1)
    if scores is not None:
        found["scores"] = columns(folder, (place, "score"), scores[1])
    if boosters.is_booster(asked.model) and scores is not None:
        raw = numpy.asarray(scores[0])[scores[1].argmax(axis=1)]
    if scores is not None or is_label(asked.model, raw):
        found["label"] = capturing.column(folder, place + "/label.npy", ("label", 0), raw)
    else:
        found["values"] = columns(folder, (place, "value"), raw.reshape(len(raw), -1))
    return found


def columns(folder, where, values):
    """One entry for each column of an answer."""
    return [capturing.column(folder, "%s/%s%d.npy" % (where[0], where[1], place), (where[1], place), values[:, place])
            for place in range(values.shape[1])]


def is_label(model, raw):
    """Whether an answer is a class, a cluster or an outlier's sign, and no quantity."""
    if raw.ndim == 2 and raw.shape[1] > 1:
        return False
    return estimator_type(model) in CLASSES or raw.dtype.kind in "USOb" or hasattr(model, "weights_")


def estimator_type(model):
    """What scikit-learn calls it, in old and new versions."""
    try:
        return model.__sklearn_tags__().estimator_type
    except (AttributeError, TypeError):
        return getattr(model, "_estimator_type", None)
