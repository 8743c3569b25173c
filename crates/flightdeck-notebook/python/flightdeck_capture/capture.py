"""From the facts of a session to the capture folder: candidates described, data, pickles, parity and golden rows."""

import sys

from . import candidates as choose
from . import computed, models, parity, prints, seeds, surroundings, targets, times
from .findings import finding
from .folding import fold
from .judged import evaluation, metrics
from .writer import DiskFull, Writer, is_full

DUMPED = 6


def write(folder, session, namespace, complete, source="run", found=None):
    """Write the folder; a full disk raises DiskFull and leaves no capture.json."""
    try:
        writer = Writer(folder, int(session.options.get("keep_data_bytes") or (1 << 30)), source == "live")
        if found is None:
            found, findings = choose.collect(session, namespace)
        else:
            findings = []
        document = surrounding(session, complete, source)
        document["candidates"] = [one(writer, session, namespace, c, rank) for rank, c in enumerate(found)]
        document["pick"] = pick(found)
        document["findings"] = findings + run_findings(complete, source)
        document["datasets"] = writer.datasets
        document["hook_errors"] = session.errors
        writer.finish(document)
    except OSError as error:
        if is_full(error):
            raise DiskFull(
                "There is no room left for the captured model and its data in %s (%s). "
                "Free some space, or set another temporary folder, and run again." % (folder, error.strerror)
            ) from None
        raise


def surrounding(session, complete, source):
    """What is said of the run as a whole."""
    return {
        "schema": 1, "source": source, "complete": bool(complete),
        "python": surroundings.python(), "platform": surroundings.machine(), "packages": surroundings.packages(session.options),
        "overlay": surroundings.overlay_packages(session.options.get("python_overlay")),
        "seeds": session.seeds, "blocked": session.blocked, "children": session.children,
        "files": surroundings.files(session.files), "network": session.network,
    }


def run_findings(complete, source):
    """What the way of the run itself has to say."""
    if source == "live":
        return [finding(
            "taken-live", "info", "Taken from a live kernel, not re-run.",
            "Run the notebook from top to bottom to have its files, seeds and order recorded.",
        )]
    if not complete:
        return [finding(
            "incomplete-run", "warning", "The notebook did not run to its end.",
            "Models fitted before the failing cell are offered; repair the cell to be sure that it is the last one.",
        )]
    return []


def pick(found):
    """Whether a person has to choose."""
    tied = choose.tie(found)
    return {"needed": tied, "because": "two models are equally likely" if tied else None}


def one(writer, session, namespace, candidate, rank):
    """One candidate as the wire has it; beyond the best six only described."""
    fit, model = candidate.fit, candidate.model
    number = "c%d" % rank
    x = fit.x.value if fit.x is not None else None
    names = models.feature_names(model, x, fit.features)
    entry = {
        "id": number, "rank": rank, "variables": candidate.variables,
        "class": type(model).__name__, "module": type(model).__module__, "describe": models.describe(model),
        "task": models.task(model), "cell": fit.cell, "fit_order": fit.order, "features": names,
        "array_input": names is None, "input_kind": input_kind(x, names), "classes": models.classes(model),
        "classes_kind": models.classes_kind(models.classes(model)), "methods": models.methods(model),
        "train": None, "target": None, "weight": None, "evaluation": None, "evaluation_target": None,
        "evidence": fit.evidence, "chain": models.chain(model, names), "folded": False,
        "saved_as": fit.saved_as, "saved_onnx": fit.saved_onnx, "pickle": None, "metrics": metrics(session, fit),
        "original_ms_per_1000_rows": None, "parity": None, "golden": None, "accepts_missing": {}, "unknown": {},
        "findings": list(getattr(fit, "findings", [])),
    }
    if rank < DUMPED:
        fill(writer, session, namespace, candidate, entry)
    return entry


def input_kind(value, names):
    """frame, series, list, sparse or array: what the model is called with; only a frame has names."""
    if value is None and names is not None:
        return "frame"
    if prints.is_frame(value) or prints.is_series(value):
        return "frame" if prints.is_frame(value) else "series"
    if isinstance(value, list):
        return "list"
    return "sparse" if prints.is_sparse(value) else "array"


def fill(writer, session, namespace, candidate, entry):
    """Data, pickle, parity and golden rows; a fault of one of them is listed, except a full disk."""
    fit = candidate.fit
    entry["findings"] += seeds.findings(session, candidate)
    if targets.several(candidate.model, fit.x.value if fit.x is not None else None):
        entry["task"] = "other"
        entry["findings"].append(targets.finding_of(candidate.model))
    if is_let_go(fit.x):
        entry["findings"].append(finding(
            "data-not-kept", "warning",
            "Its training data was no longer kept after later fits; fit the model that is meant last.",
            "Move the fit of this model to the end of the notebook; then its data is the baseline.",
        ))
    judged = evaluation(session, fit)
    work = Work(candidate.model, fit.x, judged[0] if judged else getattr(fit, "like", None), entry["features"])
    attempt(session, "folding", lambda: fold(session, namespace, candidate, work, entry))
    attempt(session, "features", lambda: note_computed(namespace, entry))
    attempt(session, "data", lambda: write_data(writer, fit, work, judged, entry))
    attempt(session, "times", lambda: write_times(writer, namespace, work, entry))
    attempt(session, "pickle", lambda: write_pickle(writer, session, work, entry))
    attempt(session, "parity", lambda: parity.write(writer, work, fit, judged, entry))


def is_let_go(data):
    """Whether there was data that is not kept any more."""
    return data is not None and data.shape is not None and data.value is None


def note_computed(namespace, entry):
    """Columns that the notebook computes itself are said, unless a finding says so already."""
    told = any(known["code"] == "features-outside-model" for known in entry["findings"])
    found = None if told else computed.finding_of(entry["features"], [str(cell) for cell in namespace.get("In", [])])
    if found:
        entry["findings"].append(found)


class Work:
    """What is dumped for a candidate: the model with its inputs, folded or as it was."""

    def __init__(self, model, train, test, names):
        self.model = model
        self.train = train
        self.test = test
        self.names = names


def attempt(session, what, action):
    """One part of the dump."""
    try:
        action()
    except Exception as error:
        if is_full(error):
            raise
        session.report(Named(what), error)


class Named:
    """A name for the list of faults."""

    def __init__(self, name):
        self.__name__ = name


def write_data(writer, fit, work, judged, entry):
    """Training and evaluation data; what was left out is a finding."""
    sampled = False
    for key, data, role, names in (
        ("train", work.train, "train", work.names),
        ("target", fit.y, "target", ["target"]),
        ("weight", fit.weight, "weight", ["weight"]),
        ("evaluation", work.test if judged else None, "evaluation", work.names),
        ("evaluation_target", judged[1] if judged else None, "evaluation_target", ["target"]),
    ):
        entry[key], cut = writer.dataset(data, role, names)
        sampled = sampled or cut
    if sampled:
        entry["findings"].append(finding(
            "sampled-data", "info", "The data are larger than %d MiB; a sample stands for them." % (writer.data_bytes >> 20),
            "Counts in the baseline are those of the sample.",
        ))
    if fit.x is not None and fit.x.changed():
        entry["findings"].append(finding(
            "changed-after-fit", "warning", "The training data were changed in place after the model was fitted.",
            "Work on a copy after the fit, so that the baseline describes what the model learned from.",
        ))


def write_times(writer, namespace, work, entry):
    """When the training rows happened, beside them, where every row is there and the notebook knows."""
    dataset = next((known for known in writer.datasets if known["id"] == entry["train"]), None)
    if dataset is None or dataset["rows"] != dataset["total_rows"] or "times" in dataset:
        return
    found = times.of_rows(work.train.value, namespace)
    if found:
        dataset["times"] = writer.column("data/%s/times.npy" % dataset["id"], found[1], found[0], 0)


def write_pickle(writer, session, work, entry):
    """Pickled with cloudpickle from our overlay, which is on the path only meanwhile."""
    overlay = session.options.get("python_overlay")
    before = set(sys.modules)
    brought = set()
    if overlay:
        sys.path.append(overlay)
    try:
        pickler = import_pickler()
        brought = set(sys.modules) - before
        entry["pickle"] = writer.pickle(entry["id"], work.model, pickler)
    finally:
        if overlay and overlay in sys.path:
            sys.path.reverse()
            sys.path.remove(overlay)
            sys.path.reverse()
            sys.path_importer_cache.pop(overlay, None)
        for name in brought:
            sys.modules.pop(name, None)


def import_pickler():
    """cloudpickle, or the standard pickle for models without code of the notebook."""
    try:
        import cloudpickle

        return cloudpickle
    except ImportError:
        import pickle

        return pickle
