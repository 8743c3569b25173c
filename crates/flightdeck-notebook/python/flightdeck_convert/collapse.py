"""Columns whose values single precision cannot tell apart."""

import os

import numpy

from . import structure
from .messages import finding

TREES = ("Tree", "Forest", "Boost", "XGB", "LGBM", "Lgb", "Xgb", "Bagging")


def findings(folder, capture, candidate, model):
    """One finding for each column that loses distinct values, such as times in seconds, where trees decide on it."""
    found = []
    if not any(word in structure.kind(part) for part in structure.walk(model) for word in TREES):
        return found
    for dataset in capture.get("datasets", []):
        if dataset.get("id") != candidate.get("train") or dataset.get("id") is None:
            continue
        for column in dataset.get("columns", []):
            found.extend(check(folder, column))
    return found


def check(folder, column):
    """Counts distinct values in both precisions."""
    if column.get("kind") not in ("float", "int") or not column.get("file"):
        return []
    values = numpy.load(os.path.join(folder, column["file"]), mmap_mode="r", allow_pickle=False)
    if values.dtype.itemsize < 8:
        return []
    exact = numpy.unique(values)
    single = numpy.unique(exact.astype(numpy.float32))
    if len(single) >= len(exact):
        return []
    lost = 1.0 - len(single) / float(len(exact))
    return [finding(
        "float32-collapse", "warning" if lost > 0.01 else "info",
        "Column %s has %d distinct values, but only %d in single precision; trees decide in single precision" % (
            column.get("name"), len(exact), len(single)),
        "Scale the column or subtract its start inside the pipeline, for example with StandardScaler; "
        "that is computed in double precision")]
