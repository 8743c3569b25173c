"""The parts of a fitted model: its steps in order, its last step, and everything inside it."""


def kind(estimator):
    """The class name of an estimator."""
    return type(estimator).__name__


def library(estimator):
    """The first part of the module that an estimator's class comes from."""
    return (type(estimator).__module__ or "").split(".")[0]


def unwrap(model):
    """A search becomes what it found; a threshold that was tuned stays."""
    while hasattr(model, "best_estimator_"):
        model = model.best_estimator_
    return model


def steps(model):
    """The steps of a model in order, nested pipelines opened, samplers left out: they act only while fitting."""
    model = unwrap(model)
    if kind(model) != "Pipeline" or not hasattr(model, "steps"):
        return [model]
    found = []
    for _, step in model.steps:
        if step is None or isinstance(step, str):
            continue
        if hasattr(step, "fit_resample") and not hasattr(step, "transform"):
            continue
        found.extend(steps(step))
    return found


def walk(part, seen=None):
    """Every estimator inside a fitted model, outside ones first."""
    seen = set() if seen is None else seen
    if id(part) in seen:
        return
    seen.add(id(part))
    if is_estimator(part):
        yield part
        for name, value in sorted(getattr(part, "__dict__", {}).items()):
            if not is_template(part, name):
                yield from walk(value, seen)
    elif isinstance(part, dict):
        for value in part.values():
            yield from walk(value, seen)
    elif isinstance(part, (list, tuple)) or is_object_array(part):
        for value in part:
            yield from walk(value, seen)


def is_estimator(part):
    """Whether a value behaves like an estimator."""
    return hasattr(part, "get_params") and not isinstance(part, type)


def is_object_array(part):
    """Whether a value is an array of objects, as ensembles keep their members."""
    return type(part).__name__ == "ndarray" and part.dtype == object


def is_template(part, name):
    """Whether an attribute is an unfitted parameter whose fitted copy stands beside it."""
    if name.endswith("_") or name == "steps":
        return False
    fitted = {"estimator": ("estimator_", "estimators_", "calibrated_classifiers_", "best_estimator_"),
              "transformers": ("transformers_",), "estimators": ("estimators_",), "remainder": ("transformers_",),
              "base_estimator": ("estimators_", "estimator_"), "final_estimator": ("final_estimator_",),
              "regressor": ("regressor_",), "transformer": ("transformer_",)}
    return any(hasattr(part, other) for other in fitted.get(name, ()))
