"""Fits every model of the coverage matrix in this environment and converts it: ``OUT [--only NAME]``.

Writes a capture folder for each case, converted, and ``cases.json``. Comparing the answers is the product's work.
"""

import argparse
import json
import os
import sys
import traceback
import warnings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.environ["FLIGHTDECK_TEST_OVERLAY"], os.path.join(HERE, "..", ".."), HERE]

import cloudpickle  # noqa: E402
import numpy  # noqa: E402
import sklearn  # noqa: E402
from flightdeck_convert import answers, capturing, convert  # noqa: E402

PROBE_ROWS = 1500


def main(arguments):
    """All cases, or those that are named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--only", default="")
    parser.add_argument("--capture-only", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    wanted = [name for name in options.only.split(",") if name]
    documents, failed = [], 0
    for case in all_cases(wanted):
        folder = os.path.join(options.out, case.name)
        try:
            capture(case, folder)
        except Exception:  # the other cases are still worth having
            traceback.print_exc()
            sys.stderr.write("%s cannot be fitted\n" % case.name)
            failed += 1
            continue
        if not options.capture_only:
            convert.main([folder, "c0", "--variants", "A,B,C"])
        documents.append(case.document("scikit-learn %s" % sklearn.__version__))
    with open(os.path.join(options.out, "cases.json"), "w", encoding="utf-8") as file:
        json.dump(documents, file, indent=1)
    return 1 if failed else 0


def all_cases(wanted):
    """Those that this environment has what they need for."""
    import cases_boosting
    import cases_common
    import cases_linear
    import cases_other
    import cases_prepared
    import cases_trees
    cloudpickle.register_pickle_by_value(cases_other)
    every = (cases_prepared.CASES + cases_trees.CASES + cases_linear.CASES + cases_boosting.CASES + cases_common.CASES
             + cases_other.CASES)
    assert len(set(case.name for case in every)) == len(every), "two cases have one name"
    return [case for case in every if (not wanted or case.name in wanted) and is_possible(case.needs)]


def is_possible(needs):
    """Whether scikit-learn is new enough."""
    if needs is None:
        return True
    version = tuple(int(part) for part in needs.split(">=")[1].split("."))
    return tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= version


def capture(case, folder):
    """Fits a case and writes what the hook would have written."""
    model, values = case.build()
    os.makedirs(os.path.join(folder, "model"), exist_ok=True)
    with open(os.path.join(folder, "model", "c0.pkl"), "wb") as file:
        cloudpickle.dump(model, file)
    rows = probe(values)
    train = capturing.dataset(folder, "data/d0", values, {"role": "train"})
    parity = capturing.dataset(folder, "parity/p0", rows, {"role": "parity"})
    reference = answers.reference(folder, "parity/p0/answers", answers.Asked(model, rows))
    candidate = {
        "id": "c0", "rank": 0, "variables": ["model"], "class": type(model).__name__, "module": type(model).__module__,
        "task": None, "array_input": not hasattr(values, "columns") and not isinstance(values, list),
        "features": [column["name"] for column in train["columns"]], "train": "d0", "evidence": "hook",
        "pickle": "model/c0.pkl", "parity": {"dataset": "p0", "reference": reference}}
    document = {"schema": 1, "source": "run", "complete": True, "datasets": [train, parity], "candidates": [candidate],
                "pick": {"needed": False, "because": None}}
    with open(os.path.join(folder, "capture.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)


def probe(values):
    """Rows to compare on: up to 1,500 of the data, spread over it."""
    count = len(values)
    places = numpy.unique(numpy.linspace(0, count - 1, min(count, PROBE_ROWS)).astype(int))
    if isinstance(values, list):
        return [values[place] for place in places]
    return values.iloc[places] if hasattr(values, "iloc") else values[places]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
