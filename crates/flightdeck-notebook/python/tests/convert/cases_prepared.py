"""ColumnTransformer and what stands before a model."""

from functools import partial

import numpy
from sklearn import compose, feature_selection, impute, linear_model, pipeline, preprocessing, decomposition, ensemble
from sklearn.compose import make_column_selector

import data
from cases import Case, fitted

NUMBERS = ["age", "income (EUR)", "score"]
TEXTS = ["Sex (M/F)", "city"]


def logistic():
    """The last step of most cases here."""
    return linear_model.LogisticRegression(max_iter=1000)


def scaled():
    """Impute and scale."""
    return pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())


def columns(encoder, numbers=scaled, **more):
    """Numbers imputed and scaled, texts encoded."""
    return compose.ColumnTransformer([("numbers", numbers(), NUMBERS), ("texts", encoder, TEXTS)], **more)


def onehot(**more):
    """One-hot with unknown categories accepted."""
    return preprocessing.OneHotEncoder(handle_unknown="ignore", **more)


def constant():
    """Missing texts become a text."""
    return pipeline.make_pipeline(impute.SimpleImputer(strategy="constant", fill_value="missing"), onehot())


def ordinal():
    """Ordinal codes, unknown ones -1, missing ones -2."""
    return preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


def selected():
    """Columns by type."""
    return compose.make_column_transformer(
        (scaled(), make_column_selector(dtype_include=numpy.number)),
        (onehot(), make_column_selector(dtype_exclude=[numpy.number, bool])), remainder="passthrough")


def passthrough():
    """A column as it is, and the rest too."""
    return compose.ColumnTransformer([("texts", onehot(), TEXTS), ("as it is", "passthrough", ["member"]),
                                      ("numbers", scaled(), NUMBERS)], remainder="drop")


def nested():
    """A column transformer in a column transformer's pipeline, columns by place."""
    inner = compose.ColumnTransformer([("a", preprocessing.StandardScaler(), [0]),
                                       ("b", preprocessing.MinMaxScaler(), [1, 2])])
    return compose.ColumnTransformer([
        ("numbers", pipeline.make_pipeline(impute.SimpleImputer(), inner), NUMBERS), ("texts", onehot(), TEXTS)])


def with_target_encoder():
    """Categories by the mean of their target."""
    return pipeline.make_pipeline(columns(preprocessing.TargetEncoder(random_state=0)), logistic())


def with_output():
    """Frames between the steps."""
    first = columns(onehot(sparse_output=False))
    second = compose.ColumnTransformer([("scale", preprocessing.RobustScaler(), ["numbers__age"])],
                                       remainder="passthrough")
    return pipeline.make_pipeline(first, second, logistic()).set_output(transform="pandas")


def line(*steps):
    """Steps and a logistic regression."""
    return pipeline.make_pipeline(*steps, logistic())


def case(name, cls, make, source=data.mixed, **more):
    """A case whose last step is a logistic regression, unless said otherwise."""
    return Case(name, cls, fitted(make, source), maximum=more.pop("maximum", 3e-6), **more)


TRANSFORMED = [
    case("column-transformer-logistic", "ColumnTransformer", lambda: line(columns(onehot()))),
    case("column-transformer-three", "ColumnTransformer", lambda: line(columns(onehot())), partial(data.mixed, "three")),
    case("imputed-texts", "SimpleImputer(constant)", lambda: line(columns(constant()))),
    case("ordinal-encoder", "OrdinalEncoder", lambda: line(columns(ordinal()))),
    case("target-encoder", "TargetEncoder", with_target_encoder),
    case("column-selector", "make_column_selector", lambda: line(selected())),
    case("passthrough", "ColumnTransformer(passthrough)", lambda: line(passthrough())),
    case("nested-columns", "ColumnTransformer", lambda: line(nested())),
    case("set-output", "set_output", with_output),
    case("rare-categories", "OneHotEncoder(min_frequency)", lambda: line(columns(onehot(min_frequency=20)))),
    case("one-hot-drop", "OneHotEncoder(drop)", lambda: line(columns(preprocessing.OneHotEncoder(drop="first")))),
    case("feature-union", "FeatureUnion", lambda: line(columns(onehot()), pipeline.make_union(
        preprocessing.MinMaxScaler(), decomposition.PCA(3)))),
    case("columns-forest", "RandomForestClassifier", lambda: pipeline.make_pipeline(
        columns(onehot()), ensemble.RandomForestClassifier(20, random_state=0))),
    case("columns-hgb", "HistGradientBoostingClassifier", lambda: pipeline.make_pipeline(
        columns(ordinal(), preprocessing.StandardScaler),
        ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=0))),
    case("columns-regression", "HistGradientBoostingRegressor", lambda: pipeline.make_pipeline(
        columns(ordinal(), lambda: "passthrough"), ensemble.HistGradientBoostingRegressor(max_iter=30, random_state=0)),
        partial(data.mixed, "number")),
]

ALONE = [
    ("standard-scaler", "StandardScaler", preprocessing.StandardScaler),
    ("robust-scaler", "RobustScaler", preprocessing.RobustScaler),
    ("min-max-scaler", "MinMaxScaler", preprocessing.MinMaxScaler),
    ("max-abs-scaler", "MaxAbsScaler", preprocessing.MaxAbsScaler),
    ("normalizer", "Normalizer", preprocessing.Normalizer),
    ("power-transformer", "PowerTransformer", preprocessing.PowerTransformer),
    ("quantile-transformer", "QuantileTransformer", lambda: preprocessing.QuantileTransformer(n_quantiles=100)),
    ("bins", "KBinsDiscretizer", lambda: preprocessing.KBinsDiscretizer(5, encode="onehot-dense")),
    ("binarizer", "Binarizer", lambda: preprocessing.Binarizer(threshold=1.0)),
    ("pca", "PCA", lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(5))),
    ("truncated-svd", "TruncatedSVD", lambda: pipeline.make_pipeline(
        preprocessing.StandardScaler(), decomposition.TruncatedSVD(5, random_state=0))),
    ("select-k-best", "SelectKBest", lambda: feature_selection.SelectKBest(k=8)),
    ("select-percentile", "SelectPercentile", lambda: feature_selection.SelectPercentile(percentile=40)),
    ("select-from-model", "SelectFromModel", lambda: feature_selection.SelectFromModel(
        ensemble.RandomForestClassifier(20, random_state=0))),
    ("rfe", "RFE", lambda: feature_selection.RFE(linear_model.LogisticRegression(max_iter=5000), n_features_to_select=6)),
    ("variance-threshold", "VarianceThreshold", lambda: feature_selection.VarianceThreshold(0.01)),
    ("knn-imputer", "KNNImputer", lambda: pipeline.make_pipeline(
        preprocessing.StandardScaler(), impute.KNNImputer(n_neighbors=3))),
    ("function-identity", "FunctionTransformer(None)", preprocessing.FunctionTransformer),
]


def before_logistic(step):
    """Standardised afterwards, so that the regression converges."""
    return lambda: pipeline.make_pipeline(step(), preprocessing.StandardScaler(), logistic())


def polynomial():
    """Squares and products of a selection."""
    return pipeline.make_pipeline(preprocessing.StandardScaler(), feature_selection.SelectKBest(k=5),
                                  preprocessing.PolynomialFeatures(2), logistic())


def threshold_polynomial():
    """A pair that only converts in single precision."""
    return pipeline.make_pipeline(feature_selection.VarianceThreshold(0.01), preprocessing.PolynomialFeatures(2),
                                  preprocessing.StandardScaler(), logistic())


def sizes_imputed():
    """Neighbours over columns of very different size."""
    return pipeline.make_pipeline(impute.KNNImputer(n_neighbors=3), preprocessing.StandardScaler(), logistic())


CASES = TRANSFORMED + [
    Case("knn-imputer-sizes", "KNNImputer (columns of different size)", fitted(
        sizes_imputed, partial(data.numbers, 0.05)), expected="wrong"),
] + [
    Case(name, cls, fitted(before_logistic(step), partial(data.numbers, 0.05) if name == "knn-imputer" else data.cancer),
         maximum=3e-6) for name, cls, step in ALONE
] + [
    Case("polynomial", "PolynomialFeatures", fitted(polynomial, data.cancer), maximum=3e-6),
    Case("threshold-polynomial", "VarianceThreshold + PolynomialFeatures", fitted(threshold_polynomial, data.iris),
         maximum=3e-6),
    Case("mean-imputer-array", "SimpleImputer", fitted(lambda: line(impute.SimpleImputer()), lambda: as_array(
        data.numbers(0.1))), maximum=3e-6),
]


def as_array(pair):
    """A frame's values."""
    return pair[0].to_numpy(), pair[1]
