"""Whether a fitted model has random parts without a seed. Several estimators are random only for one way of working."""

from .findings import finding

BOOSTING = ("xgboost", "lightgbm", "catboost")
NEVER = ("Ridge", "RidgeClassifier", "PCA", "SpectralEmbedding", "GridSearchCV")
COORDINATES = ("Lasso", "ElasticNet", "LassoCV", "ElasticNetCV", "MultiTaskLasso", "MultiTaskElasticNet",
               "MultiTaskLassoCV", "MultiTaskElasticNetCV")


def findings(session, candidate):
    """Random parts without a seed."""
    if any(seed["call"] in ("numpy.random.seed", "random.seed") for seed in session.seeds):
        return []
    try:
        params = candidate.model.get_params(deep=True)
    except Exception:
        return []
    loose = loose_parts(candidate.model, params)
    if not loose:
        return []
    return [finding(
        "not-seeded", "info", "%s has no random_state, so another run gives another model." % ", ".join(loose),
        "Set random_state, or call numpy.random.seed at the top of the notebook.",
    )]


def loose_parts(model, params):
    """The classes of the random parts, each once."""
    steps = {"": model}
    steps.update({name: value for name, value in params.items() if hasattr(value, "get_params")})
    found = set()
    for name, value in params.items():
        if value is not None or name.split("__")[-1] != "random_state":
            continue
        owner = name[: -len("__random_state")] if "__" in name else ""
        if owner in steps and is_random(steps[owner]) and not seeded_by_parent(owner, steps, params):
            found.add(type(steps[owner]).__name__)
    return sorted(found)


def seeded_by_parent(owner, steps, params):
    """An ensemble with a seed gives its members theirs."""
    above, _, own = owner.rpartition("__")
    parent = steps.get(above)
    if not owner or own not in ("estimator", "base_estimator") or not type(parent).__module__.startswith("sklearn.ensemble"):
        return False
    return params.get((above + "__" if above else "") + "random_state") is not None


def is_random(model):
    """Whether random_state=None makes the fit random."""
    name = type(model).__name__
    if type(model).__module__.split(".")[0] in BOOSTING or name in NEVER:
        return False
    if name == "LogisticRegression":
        return getattr(model, "solver", "lbfgs") in ("sag", "saga", "liblinear")
    if name in ("SVC", "NuSVC"):
        # Newer versions have a word here when nothing was given.
        return getattr(model, "probability", False) is True
    if name in COORDINATES:
        return getattr(model, "selection", "cyclic") == "random"
    if name.startswith("GaussianProcess"):
        return bool(getattr(model, "n_restarts_optimizer", 0))
    return True
