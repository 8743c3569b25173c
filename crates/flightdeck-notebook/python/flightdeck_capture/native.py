"""Watching what is no scikit-learn estimator: `xgb.train`, `lgb.train`, their boosters, and CatBoost.

The matrices they train on do not give their data back, so what they were made from is remembered.
"""

from . import kept
from .estimators import ANSWERS, argument


class Matrices:
    """What each DMatrix, Dataset or Pool was made from, as long as it lives."""

    def __init__(self):
        self.known = {}

    def add(self, matrix, x, y, weight, features):
        """Remember one; the dead ones are forgotten."""
        for key in [key for key, (thing, _) in self.known.items() if thing() is None]:
            del self.known[key]
        self.known[id(matrix)] = (kept.reference(matrix), (kept.snapshot(x), y, weight, features))

    def get(self, matrix):
        """(x, y, weight, feature names) of a matrix, or nothing."""
        thing, parts = self.known.get(id(matrix), (None, None))
        return parts if thing is not None and thing() is matrix else None


class Native:
    """Patches for the native interfaces."""

    def __init__(self, session, estimators):
        self.session = session
        self.estimators = estimators
        self.matrices = Matrices()

    def wrap_method(self, cls, name, before=None, after=None):
        """Wrap one method of a class, once."""
        found = cls.__dict__.get(name)
        if callable(found) and not hasattr(found, "_original"):
            setattr(cls, name, self.session.watch(found, before, after))

    def patch_xgboost_core(self, module):
        """DMatrix and Booster."""
        for name in ("DMatrix", "QuantileDMatrix"):
            cls = getattr(module, name, None)
            if cls is not None:
                self.wrap_method(cls, "__init__", None, self.after_matrix)
        for name in ("predict", "inplace_predict"):
            self.wrap_method(module.Booster, name, None, self.after_predict)
        self.wrap_method(module.Booster, "save_model", None, self.estimators.after_save)

    def patch_lightgbm_basic(self, module):
        """Dataset and Booster."""
        self.wrap_method(module.Dataset, "__init__", None, self.after_matrix)
        self.wrap_method(module.Booster, "predict", None, self.after_predict)
        self.wrap_method(module.Booster, "save_model", None, self.estimators.after_save)

    def patch_training(self, module):
        """`train`, in the package and where it is defined; `cv` only raises the depth."""
        for name, after in (("train", self.after_train), ("cv", None)):
            found = getattr(module, name, None)
            if callable(found) and not hasattr(found, "_original"):
                setattr(module, name, self.session.watch(found, None, after))

    def patch_catboost(self, module):
        """CatBoost's classes; they have no common base with scikit-learn's."""
        self.wrap_method(module.Pool, "__init__", None, self.after_matrix)
        for name in ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker"):
            cls = getattr(module, name, None)
            if cls is None:
                continue
            self.wrap_method(cls, "fit", None, self.after_catboost_fit)
            for answer in ANSWERS:
                self.wrap_method(cls, answer, None, self.after_predict)
            self.wrap_method(cls, "score", None, self.estimators.after_score)
            self.wrap_method(cls, "save_model", None, self.estimators.after_save)

    def after_matrix(self, token, args, kwargs, result):
        """A matrix was made from data and labels."""
        x = argument(args, kwargs, 1, ("data",))
        y = argument(args, kwargs, 2, ("label",))
        names = kwargs.get("feature_names", kwargs.get("feature_name"))
        if isinstance(x, (str, bytes)) or hasattr(x, "__fspath__"):
            self.session.read_file(x)
            return
        self.matrices.add(args[0], x, y, kwargs.get("weight"), names if isinstance(names, (list, tuple)) else None)

    def after_train(self, token, args, kwargs, result):
        """`train(params, matrix)` answered a booster."""
        matrix = argument(args, kwargs, 1, ("dtrain", "train_set"))
        x, y, weight, names = self.matrices.get(matrix) or (None, None, None, None)
        if y is None and hasattr(matrix, "get_label"):
            y = matrix.get_label()
        fit = self.estimators.remember(result, x, y, weight, names)
        params = argument(args, kwargs, 0, ("params",))
        fit.params = dict(params) if isinstance(params, dict) else {}

    def after_catboost_fit(self, token, args, kwargs, result):
        """`fit(X, y)` or `fit(Pool)`."""
        x = argument(args, kwargs, 1, ("X",))
        y = argument(args, kwargs, 2, ("y",))
        weight, names = kwargs.get("sample_weight"), None
        known = self.matrices.get(x)
        if known is not None:
            x, y, weight, names = known
        if x is None or hasattr(x, "get_label"):
            x = None
        self.estimators.remember(args[0], x, y, weight, names)

    def after_predict(self, token, args, kwargs, result):
        """A booster's answer; a matrix stands for what it was made from."""
        x = argument(args, kwargs, 1, ("data", "X"))
        known = self.matrices.get(x)
        if known is not None:
            x = known[0]
        if x is not None and not hasattr(x, "get_label"):
            self.estimators.after_answer(None, (args[0], x), {}, result)
