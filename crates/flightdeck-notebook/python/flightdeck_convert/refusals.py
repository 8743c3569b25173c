"""What is refused before anything is tried, each by the name of its step."""

import warnings

import numpy

from .messages import Refused
from .structure import kind, library, steps, unwrap, walk

KNOWN = ("sklearn", "xgboost", "lightgbm", "catboost", "skl2onnx", "imblearn", "flightdeck_convert")


def check(model):
    """Raises Refused for the first part of a model that has no ONNX form, or a wrong one."""
    several_targets(model)
    parts = list(steps(model)) + list(walk(model))
    for part in parts:
        check_class(part)
    for part in parts:
        rule = RULES.get(kind(part))
        if rule is not None:
            rule(part)


def several_targets(model):
    """A classifier of several targets has no one label; a regressor's values are one tensor."""
    last = steps(model)[-1] if steps(model) else model
    if not any(is_classifier(part) and has_several_targets(part) for part in (unwrap(model), last)):
        return
    raise Refused(kind(last), "%s predicts several targets at once; train one model per target" % kind(last),
                  "Fit one classifier for each column of the target and package each of them")


def is_classifier(part):
    """What an estimator says of itself, in old and new versions."""
    try:
        return part.__sklearn_tags__().estimator_type == "classifier"
    except (AttributeError, TypeError):
        return getattr(part, "_estimator_type", None) == "classifier"


def has_several_targets(part):
    """What the fit left behind, else the answer to a row of zeros."""
    found = getattr(part, "classes_", None)
    if isinstance(found, list) and found and hasattr(found[0], "shape"):
        return True
    kinds = str(getattr(getattr(part, "_label_binarizer", None), "y_type_", ""))
    if kinds.startswith("multilabel") or getattr(part, "multilabel_", False) is True:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = numpy.asarray(part.predict(numpy.zeros((1, int(part.n_features_in_)))))
    except Exception:  # it wants other rows, and then the attributes above are all there is to ask
        return False
    return answer.ndim == 2 and answer.shape[1] > 1


def check_class(part):
    """Own classes and those of other libraries have no converter."""
    if library(part) in KNOWN:
        return
    module = type(part).__module__
    where = "the notebook" if module == "__main__" else "the module %s" % module
    raise Refused(
        kind(part),
        "%s is a class of %s; only classes of scikit-learn, XGBoost, LightGBM and CatBoost have an ONNX form" % (
            kind(part), where),
        "Build the step from ColumnTransformer, StandardScaler, OneHotEncoder, PolynomialFeatures and the like, "
        "or register a converter for it with skl2onnx and export the model yourself")


def function_transformer(part):
    """A function is Python; only without one the values pass as they are."""
    if part.func is not None:
        raise Refused(
            "FunctionTransformer",
            "FunctionTransformer calls the Python function %s, which has no ONNX form" % getattr(
                part.func, "__name__", "given"),
            "Use PowerTransformer, QuantileTransformer, StandardScaler or PolynomialFeatures, "
            "or compute the column before the data reaches the model")


def target_transformer(part):
    """The inverse transformation of the target is Python."""
    raise Refused(
        "TransformedTargetRegressor",
        "TransformedTargetRegressor turns the answer back with Python, which has no ONNX form",
        "Fit the regressor on the transformed target and turn the answers back where they are used, "
        "or use a model with a log link such as GammaRegressor or a boosting objective")


def splines(part):
    """No converter exists."""
    raise Refused("SplineTransformer", "SplineTransformer has no ONNX form",
                  "Use PolynomialFeatures or KBinsDiscretizer, or a tree model that needs no such columns")


def imputer(part):
    """The most frequent text cannot stand in for NaN."""
    if part.strategy == "most_frequent" and is_text(getattr(part, "statistics_", None)) and is_nan(part.missing_values):
        raise Refused(
            "SimpleImputer",
            "SimpleImputer(strategy='most_frequent') fills missing strings (NaN), which has no ONNX form",
            "Use SimpleImputer(strategy='constant', fill_value='missing'), "
            "or let OneHotEncoder(handle_unknown='ignore') treat missing as a category of its own")


def histogram_boosting(part):
    """Its categories are converted as numbers, and the answers are wrong."""
    categorical = getattr(part, "is_categorical_", None)
    if categorical is not None and any(categorical):
        raise Refused(
            kind(part),
            "%s was fitted with categorical_features; its converter treats categories as numbers and answers wrong"
            % kind(part),
            "Use OneHotEncoder or OrdinalEncoder before it without categorical_features, or XGBoost or LightGBM")


def vectorizer(part):
    """What a text vectorizer does with Python functions stays in Python."""
    for name in ("preprocessor", "tokenizer", "strip_accents"):
        if getattr(part, name, None) is not None:
            raise Refused(kind(part), "%s uses %s, which has no ONNX form" % (kind(part), name),
                          "Leave %s out and use token_pattern and lowercase" % name)
    if part.analyzer != "word":
        raise Refused(kind(part), "%s splits with analyzer=%r; only words have an ONNX form" % (
            kind(part), part.analyzer), "Use analyzer='word'")


def is_text(values):
    """Whether learned values are texts."""
    return values is not None and any(isinstance(value, str) for value in list(values))


def is_nan(value):
    """Whether a value is the number NaN."""
    return isinstance(value, float) and value != value


RULES = {
    "FunctionTransformer": function_transformer,
    "TransformedTargetRegressor": target_transformer,
    "SplineTransformer": splines,
    "SimpleImputer": imputer,
    "HistGradientBoostingClassifier": histogram_boosting,
    "HistGradientBoostingRegressor": histogram_boosting,
    "CountVectorizer": vectorizer,
    "TfidfVectorizer": vectorizer,
}
