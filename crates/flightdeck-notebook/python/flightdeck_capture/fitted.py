"""Which objects are fitted models, and which of them are only parts of others."""

import sys

from . import models


def is_fitted_model(thing):
    """Something with `predict` that has been fitted."""
    if models.is_booster(thing):
        return True
    if isinstance(thing, type) or not models.has(thing, "predict"):
        return False
    if hasattr(thing, "is_fitted") and type(thing).__module__.startswith("catboost"):
        return bool(thing.is_fitted())
    check = getattr(sys.modules.get("sklearn.utils.validation"), "check_is_fitted", None)
    if check is None or not hasattr(thing, "get_params"):
        return False
    try:
        check(thing)
        return not (getattr(thing, "steps", None) and not models.classes(thing) and not has_learned(thing))
    except Exception:
        return False


def has_learned(pipeline):
    """Whether the last step of a pipeline is fitted; older versions do not say."""
    check = sys.modules["sklearn.utils.validation"].check_is_fitted
    check(models.last_step(pipeline))
    return True


def inside_others(things):
    """Ids of models that are a part of another one of them."""
    found = set()
    for thing in things:
        inner = [part for part, _ in models.parts(thing)] + [getattr(thing, "best_estimator_", None)]
        grown = getattr(thing, "estimators_", None)
        if isinstance(grown, (list, tuple)):
            inner += list(grown)[:50]
        found.update(id(part) for part in inner if part is not None and part is not thing)
    return found
