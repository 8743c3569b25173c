"""What a fitted model is: task, classes, inputs, methods, and its answers on given rows.

The answers are always the live object's own, on the original values. Not here: which rows.
"""

import json
import sys
import warnings

from . import prints

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples")
ANOMALY = ("IsolationForest", "LocalOutlierFactor", "OneClassSVM", "EllipticEnvelope", "SGDOneClassSVM")


def last_step(model):
    """The model inside a pipeline or search."""
    for _ in range(8):
        if getattr(model, "best_estimator_", None) is not None:
            model = model.best_estimator_
        elif getattr(model, "steps", None):
            model = model.steps[-1][1]
        else:
            break
    return model


def parts(model):
    """[(fitted part, steps before it)] of a pipeline or search; others are one part."""
    model = getattr(model, "best_estimator_", None) or model
    if not getattr(model, "steps", None):
        return [(model, [])]
    steps = [step for _, step in model.steps if not isinstance(step, str) and step is not None]
    return [(step, steps[:number]) for number, step in enumerate(steps)]


def is_booster(model):
    """Whether this is a native XGBoost or LightGBM booster."""
    return type(model).__name__ == "Booster" and type(model).__module__.split(".")[0] in ("xgboost", "lightgbm")


def is_xgboost(model):
    """Whether this is XGBoost's booster."""
    return is_booster(model) and type(model).__module__.startswith("xgboost")


def objective(booster):
    """A booster's objective by name."""
    if is_xgboost(booster):
        return json.loads(booster.save_config())["learner"]["objective"]["name"]
    params = getattr(booster, "params", {}) or {}
    for name in ("objective", "application", "app", "objective_type"):
        if isinstance(params.get(name), str):
            return params[name]
    for line in booster.model_to_string(num_iteration=1).split("\n"):
        if line.startswith("objective="):
            return line.split("=", 1)[1].split(" ")[0]
    return "regression"


def booster_classes(booster):
    """How many classes a booster tells apart: 0 for none."""
    name = objective(booster)
    if name.startswith(("binary", "cross_entropy")) and "raw" not in name:
        return 2
    if is_xgboost(booster) and name.startswith("multi"):
        return int(json.loads(booster.save_config())["learner"]["learner_model_param"]["num_class"])
    if name.startswith(("multiclass", "softmax")):
        return int(booster.num_model_per_iteration())
    return 0


def task(model):
    """binary, multiclass, regression, anomaly or other."""
    if is_booster(model):
        count = booster_classes(model)
        return "regression" if count == 0 else "binary" if count == 2 else "multiclass"
    last = last_step(model)
    if type(last).__name__ in ANOMALY:
        return "anomaly"
    names = classes(model)
    if names is not None and is_kind(model, "is_classifier", "classifier"):
        return "binary" if len(names) == 2 else "multiclass"
    return "regression" if is_kind(model, "is_regressor", "regressor") else "other"


def is_kind(model, function, name):
    """What scikit-learn says of a model, or the model's own word."""
    if getattr(model, "_estimator_type", None) == name or getattr(last_step(model), "_estimator_type", None) == name:
        return True
    ask = getattr(sys.modules.get("sklearn.base"), function, None)
    try:
        return bool(ask and ask(model))
    except Exception:
        return False


def classes(model):
    """The classes as plain values in the model's order, or None."""
    if is_booster(model):
        count = booster_classes(model)
        return list(range(count)) if count else None
    found = getattr(model, "classes_", None)
    if found is None or (isinstance(found, list) and found and hasattr(found[0], "shape")):
        return None
    values = [v.item() if hasattr(v, "item") else v for v in list(found)]
    return [v if isinstance(v, (bool, int, float, str)) else str(v) for v in values] or None


def classes_kind(values):
    """int, string, bool, float or None."""
    if not values:
        return None
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float")):
        if all(isinstance(v, kind) and (kind is bool or not isinstance(v, bool)) for v in values):
            return name
    return "string"


def methods(model):
    """Which of the usual methods it has."""
    return [name for name in METHODS if has(model, name)]


def has(model, name):
    """Whether a method can be called; conditional ones may refuse in any way."""
    try:
        return callable(getattr(model, name, None))
    except Exception:
        return False


def describe(model):
    """A pipeline's steps in words."""
    if getattr(model, "best_estimator_", None) is not None:
        return "%s of %s" % (type(model).__name__, describe(model.best_estimator_))
    if getattr(model, "steps", None):
        return ", ".join(type(step).__name__ for _, step in model.steps if step is not None and step != "passthrough")
    return type(model).__name__


def chain(model, columns):
    """The steps of a model as the wire has them."""
    if getattr(model, "best_estimator_", None) is not None:
        return chain(model.best_estimator_, columns)
    steps = [step for _, step in model.steps] if getattr(model, "steps", None) else [model]
    return [chain_step(step, None, columns) for step in steps if not isinstance(step, str) and step is not None]


def chain_step(step, variable, columns):
    """One step."""
    return {
        "class": type(step).__name__, "module": type(step).__module__,
        "variable": variable, "columns": [str(c) for c in columns or []],
    }


def feature_names(model, x, given=None):
    """The names of the inputs, or None for an array without names."""
    if given is not None:
        return [str(name) for name in given]
    if prints.is_frame(x):
        return [str(name) for name in x.columns]
    if prints.is_series(x) and x.name is not None:
        return [str(x.name)]
    for thing in (model, last_step(model)):
        found = getattr(thing, "feature_names_in_", None)
        if found is None and is_booster(thing):
            found = getattr(thing, "feature_names", None) if is_xgboost(thing) else None
        if found is not None and len(found):
            return [str(name) for name in found]
    return None


class Ask:
    """Asks one live model for its answers, quietly."""

    def __init__(self, model, names=None, like=None):
        self.model = model
        self.names = names
        self.like = like

    def call(self, method, x):
        """One method on rows of the kind that the model was trained on."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(self.model, method)(self.prepared(x))

    def prepared(self, x):
        """XGBoost's booster wants a matrix."""
        if not is_xgboost(self.model):
            return x
        matrix = sys.modules["xgboost"].DMatrix
        options = {"feature_names": list(self.names)} if self.names and not prints.is_frame(x) else {}
        if prints.is_frame(x) and any(str(d) == "category" for d in x.dtypes):
            options["enable_categorical"] = True
        return matrix(x, **options)

    def answers(self, x):
        """{'label': values, 'scores': [values], 'values': [values]}, each None where there is none."""
        if is_booster(self.model):
            return self.booster(x)
        np = prints.numpy()
        out = {"label": None, "scores": None, "values": None}
        answer = as_numpy(self.call("predict", x))
        kind = task(self.model)
        if kind == "regression" or (answer.ndim == 2 and answer.shape[1] > 1):
            out["values"] = split(answer)
            return out
        out["label"] = answer.reshape(-1)
        if kind in ("binary", "multiclass") and has(self.model, "predict_proba"):
            scores = self.call("predict_proba", x)
            out["scores"] = split(as_numpy(scores)) if not isinstance(scores, list) else None
        elif has(self.model, "decision_function"):
            out["values"] = split(np.asarray(self.call("decision_function", x)))
        return out

    def booster(self, x):
        """A booster's raw answer as label and scores where it tells classes apart."""
        np = prints.numpy()
        out = {"label": None, "scores": None, "values": None}
        answer = np.asarray(self.call("predict", x))
        count = booster_classes(self.model)
        if count == 0:
            out["values"] = split(answer)
        elif answer.ndim == 1 and count == 2 and not objective(self.model).startswith("multi"):
            out["scores"] = [(1 - answer).astype(answer.dtype), answer]
            out["label"] = (answer > 0.5).astype("int64")
        elif answer.ndim == 1:
            out["label"] = answer.astype("int64")
        else:
            out["scores"] = split(answer)
            out["label"] = np.argmax(answer, axis=1).astype("int64")
        return out


def as_numpy(value):
    """An answer as an array, whatever `set_output` made of it."""
    array = prints.numpy().asarray(value)
    return array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array


def split(array):
    """The columns of an answer."""
    return [array] if array.ndim == 1 else [array[:, i] for i in range(array.reshape(len(array), -1).shape[1])]
