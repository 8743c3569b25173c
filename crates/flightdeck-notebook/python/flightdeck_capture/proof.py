"""Proof that a fitted model learned from a given table: numbers inside of it that only this table gives.

True is a proof, False a contradiction, None says that the model holds no such number. Row counts alone are a proof
where the model counted them; matching columns never are.
"""

import json

from . import models, prints

CLOSE = 1e-6


def proves(model, x, y=None):
    """Whether the model's own numbers are those of this table and target."""
    size = prints.shape(x)
    if size is None or size[0] == 0:
        return False
    verdicts = []
    for part, before in models.parts(model):
        for check in (scaler, neighbours, support, tree, forest, histogram, lightgbm, xgboost, clusters, linear, logistic):
            verdict = safely(check, part, before, x, y, size[0])
            if verdict is False:
                return False
            verdicts.append(verdict)
    return True if True in verdicts else None


def safely(check, part, before, x, y, rows):
    """A check that cannot be made says nothing."""
    try:
        verdict = check(part, before, x, y, rows)
        return None if verdict is None else bool(verdict)
    except Exception:
        return None


def through(before, x):
    """The table as the part saw it."""
    ask_quietly = models.Ask(None)
    for step in before:
        ask_quietly.model = step
        x = ask_quietly.call("transform", x)
    return x


def numbers(before, x):
    """The table as the part saw it, as doubles."""
    np = prints.numpy()
    table = through(before, x)
    return np.asarray(table.toarray() if prints.is_sparse(table) else table, dtype="float64")


def close(a, b):
    """Equal up to rounding."""
    np = prints.numpy()
    return bool(np.allclose(np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64"), rtol=CLOSE, atol=CLOSE, equal_nan=True))


def scaler(part, before, x, y, rows):
    """Means, smallest and largest values, and how many rows were seen."""
    np = prints.numpy()
    seen = getattr(part, "n_samples_seen_", None)
    if seen is not None and np.ndim(seen) == 0 and int(seen) != rows:
        return False
    if type(part).__name__ == "ColumnTransformer":
        return inside_columns(part, before, x, rows)
    for name, count in (("mean_", np.nanmean), ("data_min_", np.nanmin), ("data_max_", np.nanmax)):
        if seen is not None and getattr(part, name, None) is not None:
            return close(getattr(part, name), count(numbers(before, x), axis=0))
    return None


def inside_columns(part, before, x, rows):
    """The transformers inside of a ColumnTransformer, on their own columns."""
    if before or not prints.is_frame(x):
        return None
    found = []
    for _, inner, columns in part.transformers_:
        if isinstance(inner, str) or not all(isinstance(c, str) for c in columns):
            continue
        found.append(proves(inner, x[list(columns)]))
    return False if False in found else True if True in found else None


def neighbours(part, before, x, y, rows):
    """Nearest neighbours keep the table."""
    kept = getattr(part, "_fit_X", None)
    if kept is None or prints.shape(kept) is None:
        return None
    return len(kept) == rows and close(kept, numbers(before, x))


def support(part, before, x, y, rows):
    """Support vectors are rows of the table."""
    if getattr(part, "shape_fit_", None) is None:
        return None
    if part.shape_fit_[0] != rows:
        return False
    return close(part.support_vectors_, numbers(before, x)[part.support_])


def tree(part, before, x, y, rows):
    """A tree's root counts the rows; its value is the target's mean or its classes' shares."""
    grown = getattr(part, "tree_", None)
    if grown is None:
        return None
    return root(grown, rows) and root_value(part, grown, y)


def root(grown, rows):
    """A root with as many rows; with a bootstrap the weights add up to them."""
    return int(grown.n_node_samples[0]) == rows or abs(float(grown.weighted_n_node_samples[0]) - rows) < 0.5


def root_value(part, grown, y):
    """Whether a root's value agrees with the target."""
    np = prints.numpy()
    if y is None or len(getattr(part, "classes_", ())):
        return True
    return close(grown.value[0].ravel(), np.mean(np.asarray(y, dtype="float64"), axis=0))


def forest(part, before, x, y, rows):
    """The first tree of a forest; subsamples say nothing."""
    np = prints.numpy()
    grown = getattr(part, "estimators_", None)
    if grown is None or not len(grown):
        return None
    first = np.ravel(np.asarray(grown, dtype=object))[0]
    if not hasattr(first, "tree_") or getattr(part, "max_samples", None) not in (None, "auto", 1.0):
        return None
    if getattr(part, "subsample", 1.0) != 1.0 or getattr(part, "max_samples", None) == "auto":
        return None
    return root(first.tree_, rows)


def histogram(part, before, x, y, rows):
    """A histogram booster's first node, and its first guess."""
    np = prints.numpy()
    grown = getattr(part, "_predictors", None)
    if grown is None or not len(grown):
        return None
    if getattr(part, "do_early_stopping_", False):
        return None
    if int(grown[0][0].nodes[0]["count"]) != rows:
        return False
    if y is None or hasattr(part, "classes_") or getattr(part, "loss", "") != "squared_error":
        return True
    return close(np.ravel(part._baseline_prediction)[0], np.mean(np.asarray(y, dtype="float64")))


def lightgbm(part, before, x, y, rows):
    """The root of LightGBM's first tree counts rows."""
    booster = getattr(part, "booster_", part)
    if type(booster).__module__.split(".")[0] != "lightgbm" or not hasattr(booster, "dump_model"):
        return None
    params = getattr(booster, "params", {}) or {}
    if params.get("bagging_freq", params.get("subsample_freq", 0)):
        return None
    structure = booster.dump_model(num_iteration=1)["tree_info"][0]["tree_structure"]
    count = structure.get("internal_count", structure.get("leaf_count"))
    return None if count is None else int(count) == rows


def xgboost(part, before, x, y, rows):
    """The root of XGBoost's first tree covers the rows, or n·p(1−p) for two classes."""
    booster = part.get_booster() if hasattr(part, "get_booster") else part
    if not models.is_xgboost(booster):
        return None
    settings = json.loads(booster.save_config())["learner"]
    name = settings["objective"]["name"]
    cover = root_cover(booster)
    if name.startswith("reg:squarederror"):
        return abs(cover - rows) < 0.5
    if name == "binary:logistic":
        share = float(str(settings["learner_model_param"]["base_score"]).strip("[]"))
        return abs(cover - rows * share * (1 - share)) <= 1e-3 * max(cover, 1.0)
    return None


def root_cover(booster):
    """The cover of the first tree's root."""
    text = booster.get_dump(with_stats=True)[0]
    return float(text.split("\n", 1)[0].split("cover=")[1].split(",")[0])


def clusters(part, before, x, y, rows):
    """Clusters that were found are those that are answered."""
    np = prints.numpy()
    labels = getattr(part, "labels_", None)
    if labels is None or not models.has(part, "predict"):
        return None
    if len(labels) != rows:
        return False
    return bool(np.array_equal(labels, models.Ask(part).call("predict", through(before, x))))


def linear(part, before, x, y, rows):
    """Least squares: the residuals stand at right angles to the columns; ridge adds its penalty."""
    np = prints.numpy()
    if type(part).__name__ not in ("LinearRegression", "Ridge") or y is None:
        return None
    table, target = numbers(before, x), np.asarray(y, dtype="float64").reshape(rows, -1)
    left = target - np.asarray(part.predict(through(before, x)), dtype="float64").reshape(rows, -1)
    middle = table - table.mean(axis=0) if part.fit_intercept else table
    penalty = float(getattr(part, "alpha", 0.0) or 0.0) * np.asarray(part.coef_, dtype="float64").reshape(left.shape[1], -1).T
    slope = middle.T @ left - penalty
    size = np.abs(middle).T @ np.abs(target - target.mean(axis=0)) + 1e-12
    return bool(np.max(np.abs(slope) / size) < 1e-5)


def logistic(part, before, x, y, rows):
    """Logistic regression: the gradient is nearly zero on what was fitted, and large on anything else."""
    np = prints.numpy()
    if type(part).__name__ != "LogisticRegression" or y is None or len(part.classes_) != 2:
        return None
    if getattr(part, "penalty", "l2") not in ("l2", "deprecated") or getattr(part, "class_weight", None) is not None:
        return None
    table = numbers(before, x)
    truth = (np.asarray(y).reshape(-1) == part.classes_[1]).astype("float64")
    if len(truth) != rows:
        return False
    chance = np.asarray(part.predict_proba(through(before, x)), dtype="float64")[:, 1]
    slope = part.C * (table.T @ (chance - truth)) + part.coef_.ravel()
    intercept = np.sum(chance - truth)
    size = np.linalg.norm(np.abs(table).T @ np.abs(chance - truth)) * part.C + 1e-12
    return bool(np.linalg.norm(slope) / size < 0.01 and abs(intercept) < 0.01 * rows)
