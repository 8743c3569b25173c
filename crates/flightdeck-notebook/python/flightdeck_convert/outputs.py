"""What the outputs of a converted model mean."""

from sklearn.base import is_classifier, is_regressor

from .structure import kind, unwrap

SCORELESS = ("SVC", "NuSVC", "LinearSVC")
OUTLIERS = ("IsolationForest", "LocalOutlierFactor", "OneClassSVM", "EllipticEnvelope", "SGDOneClassSVM")


def describe(model, graph):
    """The outputs in the graph's order, with role and class names."""
    model = unwrap(model)
    classes = class_names(model)
    return [{"name": value.name, "role": role(model, place, (value, classes)),
             "classes": classes if role(model, place, (value, classes)) == "scores" else []}
            for place, value in enumerate(graph.output)]


def role(model, place, output):
    """Label first, then scores; a regressor gives a value."""
    value, classes = output
    if last_is(model, is_classifier):
        if place == 0:
            return "label" if not is_matrix(value) else "other"
        return "scores" if place == 1 and classes and gives_probabilities(model) else "other"
    if last_is(model, is_regressor) or kind(model).endswith("Ranker"):
        return "value" if place == 0 else "other"
    return "label" if place == 0 and hasattr(model, "predict") else "other"


def last_is(model, question):
    """Asks scikit-learn what kind of estimator a model is; newer ones may not know others' classes."""
    try:
        return question(model)
    except (AttributeError, TypeError):
        return False


def is_matrix(value):
    """Whether an output has more than one column."""
    shape = value.type.tensor_type.shape.dim
    return len(shape) > 1 and shape[1].dim_value > 1


def gives_probabilities(model):
    """Whether the second output stands for predict_proba."""
    return hasattr(model, "predict_proba") or kind(model).endswith("ClassifierBooster")


def class_names(model):
    """Class names as text; none for several targets at once."""
    try:
        classes = model.classes_
    except (AttributeError, ValueError):
        return []
    if isinstance(classes, (list, tuple)) or getattr(classes, "ndim", 1) != 1:
        return []
    return [str(name) for name in classes.tolist()]


def task(model, given):
    """What kind of answer: as captured, else from the model."""
    if given:
        return given
    model = unwrap(model)
    if last_is(model, is_classifier):
        count = len(class_names(model))
        return "binary" if count == 2 else "multiclass" if count > 2 else "other"
    if last_is(model, is_regressor):
        return "regression"
    return "anomaly" if kind(model) in OUTLIERS else "other"
