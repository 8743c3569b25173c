"""Makes a capture folder from an exported model file: ``FILE DIR --format FORMAT [--consent]``.

Without data, the model is asked at its own thresholds; what it answers is the reference. What cannot be done stands in
``refused.json``.
"""

import argparse
import os
import sys

import cloudpickle

from . import answers, boosters, capturing, convert, formats, outputs, plausible, refusals
from .messages import Refused, describe, finding

PARITY_ROWS, GOLDEN_ROWS = 2000, 64


def main(arguments):
    """Runs one extraction."""
    parser = argparse.ArgumentParser(prog="extract")
    parser.add_argument("file")
    parser.add_argument("folder")
    parser.add_argument("--format", required=True)
    parser.add_argument("--consent", action="store_true")
    options = parser.parse_args(arguments)
    os.makedirs(options.folder, exist_ok=True)
    try:
        model = formats.load(options.file, options.format, options.consent)
        document = capture(options.folder, model, os.path.basename(options.file.rstrip(os.sep)))
    except Refused as refused:
        convert.write(os.path.join(options.folder, "refused.json"), refused.document())
        return 0
    convert.write(os.path.join(options.folder, "capture.json"), document)
    return 0


def capture(folder, model, label):
    """The whole capture.json."""
    if not hasattr(model, "predict"):
        raise Refused(type(model).__name__, "the file holds no model but a %s, which cannot predict" % (
            type(model).__name__), "Save the fitted model itself, for example the whole Pipeline")
    boosters.check(model)
    refusals.check(boosters.wrap(model))
    found, names = plausible.domains(model)
    if found is None:
        raise Refused(type(model).__name__, "the model does not say how many columns it takes",
                      "Import the notebook that fitted it")
    probes = [probe(folder, model, name, plausible.rows(found, names, seed)) for name, seed in (
        ("parity", (1, PARITY_ROWS)), ("golden", (2, GOLDEN_ROWS)))]
    os.makedirs(os.path.join(folder, "model"), exist_ok=True)
    with open(os.path.join(folder, "model", "c0.pkl"), "wb") as file:
        cloudpickle.dump(model, file)
    return {"schema": 1, "source": "file", "complete": True, "python": python(), "packages": packages(),
            "datasets": [entry for entry, _ in probes], "candidates": [candidate(model, label, (names, probes))],
            "pick": {"needed": False, "because": None}, "findings": []}


def probe(folder, model, name, rows):
    """Rows on disk, and the model's answers to them."""
    place = "%s/%s0" % (name, name[0])
    entry = capturing.dataset(folder, place, rows, {"role": name})
    try:
        reference = answers.reference(folder, place + "/answers", answers.Asked(model, rows))
    except Exception as error:
        raise Refused(type(model).__name__, "the model does not answer made-up rows: %s" % describe(error),
                      "Import the notebook that fitted it, so that real rows are there")
    return entry, {"dataset": entry["id"], "reference": reference}


def candidate(model, label, more):
    """The model as a candidate without training data."""
    names, probes = more
    wrapped = boosters.wrap(model)
    return {
        "id": "c0", "rank": 0, "variables": [label], "class": type(model).__name__, "module": type(model).__module__,
        "describe": type(model).__name__, "task": outputs.task(wrapped, None), "features": names,
        "array_input": names is None, "classes": outputs.class_names(wrapped) or None, "evidence": "none",
        "methods": [name for name in ("predict", "predict_proba", "decision_function") if hasattr(model, name)],
        "train": None, "pickle": "model/c0.pkl", "parity": probes[0][1], "golden": probes[1][1],
        "findings": [finding(
            "no-training-data", "info", "The file holds a model without data; it was compared on made-up rows",
            "Give a file with training rows as the baseline, or let live traffic become one")]}


def python():
    """The interpreter."""
    return {"version": "%d.%d.%d" % sys.version_info[:3], "implementation": sys.implementation.name,
            "executable": sys.executable, "prefix": sys.prefix}


def packages():
    """Libraries that the model was opened with."""
    return [{"name": name, "version": version, "direct_url": None}
            for name, version in sorted(convert.versions().items()) if name != "python"]
