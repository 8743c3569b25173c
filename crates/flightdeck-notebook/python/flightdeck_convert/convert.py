"""Converts one candidate of a capture folder: ``DIR CANDIDATE --variants A[,B,C]``.

Writes ``convert/<candidate>/<variant>.onnx`` and, last, ``convert/<candidate>/convert.json``.
"""

import argparse
import json
import os
import pickle
import sys

from . import collapse, columns, ladder, outputs
from .messages import Refused, describe

SCHEMA = 1


def main(arguments):
    """Runs one conversion; the document is the result, the exit status says only that there is one."""
    options = parse(arguments)
    with open(os.path.join(options.folder, "capture.json"), encoding="utf-8") as file:
        capture = json.load(file)
    candidate = find(capture, options.candidate)
    place = "convert/" + options.candidate
    os.makedirs(os.path.join(options.folder, place), exist_ok=True)
    document = convert(options.folder, capture, candidate, options.variants.split(","))
    write(os.path.join(options.folder, place, "convert.json"), document)
    return 0


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(prog="convert")
    parser.add_argument("folder")
    parser.add_argument("candidate")
    parser.add_argument("--variants", default="A")
    return parser.parse_args(arguments)


def find(capture, identifier):
    """The candidate with an id."""
    for candidate in capture.get("candidates", []):
        if candidate.get("id") == identifier and candidate.get("pickle"):
            return candidate
    raise SystemExit("no candidate %s with a model" % identifier)


def convert(folder, capture, candidate, variants):
    """The whole convert.json of a candidate."""
    place = "convert/" + candidate["id"]
    document = empty(candidate)
    try:
        model = load(os.path.join(folder, candidate["pickle"]))
        # A file's rows are probed at its own thresholds, as singles.
        singles = capture.get("source") == "file"
        all_columns = columns.read(capture, candidate) or columns.unnamed(model)
        conversion = ladder.Conversion(model, all_columns, bool(candidate.get("array_input")), singles)
        conversion.values = values(candidate)
        rungs, made = ladder.climb(conversion, variants, (folder, place))
    except Refused as refused:
        document["refused"] = refused.document()
        return document
    document["ladder"] = rungs
    document["versions"] = versions()
    document["warnings"] = conversion.findings + collapse.findings(folder, capture, candidate, conversion.model)
    document["task"] = outputs.task(conversion.model, candidate.get("task"))
    document["inputs"] = inputs(conversion)
    if made is not None:
        document["outputs"] = ladder.described(conversion, made)
        document["opset"] = max([o.version for o in made.opset_import if o.domain in ("", "ai.onnx")] or [0])
        document["domains"] = sorted(set(o.domain for o in made.opset_import if o.domain not in ("", "ai.onnx")))
    return document


def values(candidate):
    """How many values the original answers a row with, as far as it was asked."""
    reference = (candidate.get("parity") or {}).get("reference") or {}
    return len(reference.get("values") or [])


def empty(candidate):
    """The document before anything is known."""
    return {"schema": SCHEMA, "candidate": candidate["id"], "ladder": [], "inputs": [], "outputs": [], "opset": 0,
            "domains": [], "task": candidate.get("task") or "other", "versions": versions(), "warnings": [],
            "refused": None}


def load(path):
    """The captured object. What cannot be found again is named."""
    try:
        with open(path, "rb") as file:
            return pickle.load(file)
    except (ImportError, AttributeError) as error:
        raise Refused(missing(error), "the model needs code that is not there: %s" % describe(error),
                      "Keep the model to classes of scikit-learn, XGBoost, LightGBM and CatBoost, "
                      "or install the package into the environment of the notebook")


def missing(error):
    """The name of what could not be imported."""
    return getattr(error, "name", None) or "model"


def inputs(conversion):
    """How each column reaches the model."""
    plan = conversion.plan
    result = []
    for column in plan.columns:
        treatment = conversion.treatments[column.position]
        kind = "numeric" if column.kind in ("float", "int", "datetime") and not column.is_text() else "categorical"
        result.append({
            "column": column.name, "position": column.position, "input": plan.tensors[column.position],
            "index": column.position if plan.array_input else 0,
            "type": plan.array_type() if plan.array_input else column.natural(),
            "missing_token": treatment.token, "unknown": treatment.unknown, "kind": kind})
    return result


def versions():
    """What converted."""
    found = {"python": "%d.%d.%d" % sys.version_info[:3]}
    for name in ("skl2onnx", "onnxmltools", "onnx", "sklearn", "numpy", "xgboost", "lightgbm", "catboost"):
        module = sys.modules.get(name)
        if module is not None:
            found[name] = str(getattr(module, "__version__", ""))
    return found


def write(path, document):
    """Whole or not at all."""
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, allow_nan=False)
    os.replace(temporary, path)
