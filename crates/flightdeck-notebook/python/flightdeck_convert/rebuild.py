"""A fitted model as a flat pipeline that a converter understands."""

import numpy
from skl2onnx.sklapi import CastTransformer
from sklearn.pipeline import Pipeline

from .parsing import Chosen
from .structure import kind, steps, walk


def prepare(model):
    """What the converter gets wrong unless the fitted object says it differently; answers stay the same."""
    for part in walk(model):
        if kind(part) == "KBinsDiscretizer" and part.encode == "onehot":
            part.encode = "onehot-dense"
        elif kind(part) == "VotingClassifier":
            part.flatten_transform = False
        elif kind(part) == "ColumnTransformer":
            by_position(part)
        elif hasattr(part, "get_booster"):
            plain_booster(part.get_booster())


def plain_booster(booster):
    """Features by number, and numbers of one kind: splits of others are written down in other ways."""
    booster.feature_names = None
    if booster.feature_types is not None:
        booster.feature_types = ["c" if kind == "c" else "q" for kind in booster.feature_types]


def by_position(part):
    """Columns by number: names are rewritten, masks, slices and selectors are resolved."""
    places = part._transformer_to_input_indices
    part.transformers_ = [
        (name, step, [int(index) for index in places[name]] if name in places else columns)
        for name, step, columns in part.transformers_]


def pipeline(model, cast):
    """The steps in a row, with a cast to single precision before the last one where asked for."""
    row = [Chosen(step.support_) if kind(step) in ("RFE", "RFECV") else step for step in steps(model)]
    if cast:
        row = row[:-1] + [CastTransformer(dtype=numpy.float32)] + row[-1:]
    if len(row) == 1:
        return row[0]
    return Pipeline([("step%d" % number, step) for number, step in enumerate(row)])


def takes_columns(model):
    """Whether the first step tells columns apart."""
    first = steps(model)[0]
    return any(kind(part) == "ColumnTransformer" for part in walk(first))
