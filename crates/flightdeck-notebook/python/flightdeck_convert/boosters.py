"""Gradient boosting of other libraries as steps that skl2onnx can convert.

A bare booster becomes an estimator that says what its file says: objective, classes, number of features.
"""

import importlib
import json
import sys

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)

from .messages import Refused
from .structure import kind, library

CLASSIFIER = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
WRONG = {"binary:logitraw": "gives raw scores, which the converter turns into something else",
         "survival:cox": "gives hazard ratios, which the converter leaves out",
         "survival:aft": "gives survival times, which the converter leaves out"}


class Base(BaseEstimator):
    """What both kinds of booster share."""

    def __init__(self, booster=None):
        self.booster = booster

    def __sklearn_is_fitted__(self):
        """Whoever has a booster is fitted."""
        return self.booster is not None


class XgbBase(Base):
    """An xgboost.Booster, in the words that its converter asks for."""

    kwargs = {}

    def get_booster(self):
        """The booster itself."""
        return self.booster

    def get_xgb_params(self):
        """Its objective, from its own configuration."""
        return {"objective": xgb_learner(self.booster)["objective"]["name"]}


class XgbClassifierBooster(ClassifierMixin, XgbBase):
    """A booster that tells classes apart."""

    operator_name = "XGBClassifier"

    @property
    def classes_(self):
        """Its classes are numbers: it never knew their names."""
        return numpy.arange(max(2, int(xgb_learner(self.booster)["learner_model_param"]["num_class"])))


class XgbRegressorBooster(RegressorMixin, XgbBase):
    """A booster that gives a number."""

    operator_name = "XGBRegressor"


class LgbBase(Base):
    """A lightgbm.Booster, in the words that its converter asks for."""

    @property
    def booster_(self):
        """The booster itself."""
        return self.booster

    @property
    def boosting_type(self):
        """Random forests average their trees."""
        return "rf" if "\naverage_output" in self.booster.model_to_string(num_iteration=1)[:4000] else "gbdt"


class LgbClassifierBooster(ClassifierMixin, LgbBase):
    """A booster that tells classes apart."""

    @property
    def classes_(self):
        """Its classes are numbers: it never knew their names."""
        return numpy.arange(max(2, self.booster.num_model_per_iteration()))


class LgbRegressorBooster(RegressorMixin, LgbBase):
    """A booster that gives a number."""


def is_booster(model):
    """Whether a model is a bare booster."""
    return kind(model) == "Booster" and library(model) in ("xgboost", "lightgbm")


def wrap(model):
    """A bare booster as an estimator; anything else as it is."""
    if not is_booster(model):
        return model
    if library(model) == "xgboost":
        name = xgb_learner(model)["objective"]["name"]
        return (XgbClassifierBooster if name.startswith(("binary:", "multi:")) else XgbRegressorBooster)(model)
    classes = lgb_objective(model).startswith(("binary", "multiclass"))
    return (LgbClassifierBooster if classes else LgbRegressorBooster)(model)


def check(model):
    """Raises Refused for an objective that is converted wrong."""
    booster = model if is_booster(model) else getattr(model, "get_booster", lambda: None)()
    if booster is None or library(booster) != "xgboost":
        return
    name = xgb_learner(booster)["objective"]["name"]
    if name in WRONG or name.startswith("rank:"):
        raise Refused(kind(model), "the objective %s %s" % (name, WRONG.get(name, "gives scores that come out as NaN")),
                      "Use binary:logistic, multi:softprob or a regression objective; "
                      "for ranking, LightGBM's lambdarank converts")


def xgb_learner(booster):
    """The learner's part of a booster's configuration."""
    return json.loads(booster.save_config())["learner"]


def lgb_objective(booster):
    """The objective with its parameters, as the model text has it."""
    for line in booster.model_to_string(num_iteration=1).splitlines():
        if line.startswith("objective="):
            return line[len("objective="):]
    return ""


def install():
    """Registers the converters of the libraries that are loaded; a model that needs one has loaded it."""
    if "xgboost" in sys.modules:
        install_xgboost(sys.modules["xgboost"])
    if "lightgbm" in sys.modules:
        install_lightgbm(sys.modules["lightgbm"])


def install_xgboost(library_):
    """XGB* and bare boosters."""
    convert = importlib.import_module(
        "onnxmltools.convert.xgboost.operator_converters.XGBoost").convert_xgboost
    classifiers = [library_.XGBClassifier, library_.XGBRFClassifier, XgbClassifierBooster]
    regressors = [library_.XGBRegressor, library_.XGBRFRegressor, library_.XGBRanker, XgbRegressorBooster]
    register("Flightdeck", (classifiers, regressors), convert)


def install_lightgbm(library_):
    """LGBM* and bare boosters."""
    module = importlib.import_module("onnxmltools.convert.lightgbm.operator_converters.LightGbm")
    round_thresholds(module)
    convert = module.convert_lightgbm
    classifiers = [library_.LGBMClassifier, LgbClassifierBooster]
    regressors = [library_.LGBMRegressor, library_.LGBMRanker, LgbRegressorBooster]
    register("Flightdeck", (classifiers, regressors), convert)


class Rounding:
    """How a double threshold becomes a single one; there is one conversion at a time.

    Doubles are rounded to the nearest single before they are compared, and rounding never turns an order round: a
    threshold that is rounded likewise decides the same. Where the rows were singles to begin with, the largest single
    below a threshold decides the same for every one of them.
    """

    down = False


def round_thresholds(module):
    """LightGBM's thresholds are doubles."""
    original = module.dump_booster_model
    if getattr(original, "rounds", False):
        return

    def dumped(*arguments, **named):
        document, info = original(*arguments, **named)
        for tree in document["tree_info"]:
            stack = [tree["tree_structure"]]
            while stack:
                node = stack.pop()
                if node.get("decision_type") == "<=":
                    node["threshold"] = single(node["threshold"])
                stack.extend(node[side] for side in ("left_child", "right_child") if side in node)
        return document, info

    dumped.rounds = True
    module.dump_booster_model = dumped


def single(value):
    """A double as a single: the nearest, or the largest that is not above it."""
    rounded = numpy.float32(value)
    if Rounding.down and float(rounded) > float(value):
        rounded = numpy.nextafter(rounded, numpy.float32(-numpy.inf))
    return float(rounded)


def register(prefix, classes, convert):
    """Classifiers with labels and scores, regressors with a value."""
    for cls in classes[0]:
        update_registered_converter(cls, prefix + cls.__name__, calculate_linear_classifier_output_shapes, convert,
                                    options=CLASSIFIER)
    for cls in classes[1]:
        update_registered_converter(cls, prefix + cls.__name__, calculate_linear_regressor_output_shapes, convert)
