"""Whether a classifier predicts several targets at once, which has no one label to be packaged as."""

from . import models, prints
from .findings import finding


def several(model, x):
    """Whether one row gets several labels: told by what the fit left behind, else by an answer."""
    if models.is_booster(model) or not models.is_kind(model, "is_classifier", "classifier"):
        return False
    return any(says_so(thing) for thing in (model, models.last_step(model))) or answers_so(model, x)


def says_so(model):
    """What scikit-learn's own classifiers remember of their targets."""
    found = getattr(model, "classes_", None)
    binarizer = getattr(model, "_label_binarizer", None)
    return (
        isinstance(found, list) and bool(found) and hasattr(found[0], "shape")
        or getattr(model, "multilabel_", False) is True
        or str(getattr(binarizer, "y_type_", "")).startswith("multilabel")
    )


def answers_so(model, x):
    """Whether the answer to one row has several columns."""
    if x is None or not (prints.shape(x) or (0,))[0]:
        return False
    try:
        answer = models.as_numpy(models.Ask(model).call("predict", prints.take(x, prints.numpy().arange(1))))
    except Exception:
        return False
    return answer.ndim == 2 and answer.shape[1] > 1


def finding_of(model):
    """It as a finding."""
    return finding(
        "several-targets", "blocking",
        "%s predicts several targets at once; train one model per target." % models.describe(model),
        "Fit one classifier for each column of the target and package each of them.",
    )
