"""Rows for a model that came without any: at its own thresholds, or in the ranges that it was fitted on."""

import json
import re

import numpy

from . import boosters
from .structure import kind, library, steps, walk


class Domain(object):
    """The values that a column may have: numbers that matter, or texts."""

    def __init__(self, numbers=None, texts=None, gaps=False):
        self.numbers = numbers
        self.texts = texts
        self.gaps = gaps

    def draw(self, random, count):
        """Some of them."""
        if self.texts is not None:
            return random.choice(numpy.array(self.texts, dtype=object), count)
        if self.numbers is None or not len(self.numbers):
            return random.normal(size=count)
        return random.choice(self.numbers, count)


def around(thresholds):
    """Each threshold in single precision, and its neighbours."""
    values = numpy.unique(numpy.asarray(thresholds, dtype=numpy.float32))
    values = values[numpy.isfinite(values)]
    infinity = numpy.float32(numpy.inf)
    return numpy.unique(numpy.concatenate(
        [values, numpy.nextafter(values, -infinity), numpy.nextafter(values, infinity)])).astype(numpy.float64)


def domains(model):
    """One for each column, with the columns' names where the model knows them."""
    if boosters.is_booster(model) or library(model) in ("xgboost", "lightgbm", "catboost"):
        return boosted(model)
    first = steps(model)[0]
    count = getattr(model, "n_features_in_", None) or getattr(first, "n_features_in_", None)
    if count is None:
        return None, None
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = getattr(first, "feature_names_in_", None)
    found = [Domain() for _ in range(int(count))]
    fill(found, first, list(range(int(count))))
    if kind(first) != "ColumnTransformer":
        for part in walk(first):
            if hasattr(part, "tree_") and len(found) == part.tree_.n_features:
                by_trees(found, part.tree_)
    return found, None if names is None else [str(name) for name in names]


def fill(found, part, places):
    """What a fitted step remembers of its columns."""
    if kind(part) == "ColumnTransformer":
        indices = part._transformer_to_input_indices
        for name, step, _ in part.transformers_:
            if not isinstance(step, str) and name in indices:
                fill(found, steps(step)[0], [places[index] for index in indices[name]])
                if kind(steps(step)[0]) == "SimpleImputer" and len(steps(step)) > 1:
                    fill(found, steps(step)[1], [places[index] for index in indices[name]])
        return
    for index, place in enumerate(places):
        learned = domain(part, index)
        if learned is not None:
            found[place] = learned


def domain(part, index):
    """A column's values as an encoder or a scaler knows them."""
    grid = numpy.linspace(-3, 3, 61)
    if hasattr(part, "categories_"):
        values = [value for value in part.categories_[index] if value is not None and value == value]
        return Domain(texts=values) if any(isinstance(value, str) for value in values) else Domain(
            numbers=numpy.asarray(values, dtype=float))
    if getattr(part, "mean_", None) is not None and getattr(part, "scale_", None) is not None:
        return Domain(numbers=part.mean_[index] + grid * part.scale_[index])
    if hasattr(part, "data_min_") and hasattr(part, "data_max_"):
        return Domain(numbers=numpy.linspace(part.data_min_[index], part.data_max_[index], 61))
    if hasattr(part, "center_") and part.center_ is not None:
        return Domain(numbers=part.center_[index] + grid * (part.scale_[index] if part.scale_ is not None else 1.0))
    if kind(part) == "SimpleImputer" and not isinstance(part.statistics_[index], str):
        centre = float(part.statistics_[index])
        return Domain(numbers=centre + grid * max(abs(centre), 1.0) / 3)
    return None


def by_trees(found, tree):
    """Thresholds of a tree that sees the columns themselves."""
    for feature, threshold in zip(tree.feature, tree.threshold):
        if feature >= 0:
            old = found[feature].numbers
            more = around([threshold])
            found[feature].numbers = more if old is None else numpy.concatenate([old, more])


def boosted(model):
    """Thresholds of boosted trees; they take missing values."""
    if library(model) == "xgboost":
        names, thresholds = of_xgboost(model.get_booster() if hasattr(model, "get_booster") else model)
    elif library(model) == "lightgbm":
        names, thresholds = of_lightgbm(getattr(model, "booster_", model))
    else:
        borders = model.get_borders()
        count = len(model.feature_names_)
        names, thresholds = list(model.feature_names_), [borders.get(place, []) for place in range(count)]
        return [Domain(numbers=around(values)) for values in thresholds], named(names, r"\d+$")
    return [Domain(numbers=around(values), gaps=True) for values in thresholds], names


def of_xgboost(booster):
    """Split conditions by feature."""
    names = booster.feature_names
    booster.feature_names = None
    found = [[] for _ in range(booster.num_features())]
    for tree in booster.get_dump(dump_format="json"):
        stack = [json.loads(tree)]
        while stack:
            node = stack.pop()
            if "split_condition" in node and not isinstance(node["split_condition"], list):
                found[int(str(node["split"]).lstrip("f"))].append(node["split_condition"])
            stack.extend(node.get("children", []))
    booster.feature_names = names
    return named(names, r"f\d+$"), found


def of_lightgbm(booster):
    """Thresholds by feature."""
    found = [[] for _ in range(booster.num_feature())]
    for tree in booster.dump_model()["tree_info"]:
        stack = [tree["tree_structure"]]
        while stack:
            node = stack.pop()
            if "threshold" in node and not isinstance(node["threshold"], str):
                found[node["split_feature"]].append(node["threshold"])
            stack.extend(node[side] for side in ("left_child", "right_child") if side in node)
    return named(booster.feature_name(), r"Column_\d+$"), found


def named(names, made_up):
    """Names that a person gave; None when the library made them up."""
    if not names or all(re.match(made_up, str(name)) for name in names):
        return None
    return [str(name) for name in names]


def rows(found, names, seed):
    """A table of probes: every column drawn by itself, with some values missing where that is allowed."""
    random = numpy.random.RandomState(seed[0])
    columns = [column.draw(random, seed[1]) for column in found]
    for column, values in zip(found, columns):
        if column.gaps:
            values[random.rand(seed[1]) < 0.02] = numpy.nan
    if names is None and all(column.texts is None for column in found):
        return numpy.column_stack(columns).astype(float)
    import pandas
    labels = names if names is not None else ["x%d" % place for place in range(len(found))]
    frame = pandas.DataFrame(dict(enumerate(columns)))
    frame.columns = labels
    return frame if names is not None else frame.to_numpy(dtype=object)
