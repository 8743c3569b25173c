"""Trees and ensembles."""

from functools import partial

from sklearn import ensemble, impute, linear_model, model_selection, multiclass, pipeline, preprocessing, tree

import data
from cases import Case, fitted

CLASSIFIERS = [
    ("decision-tree", "DecisionTreeClassifier", lambda: tree.DecisionTreeClassifier(random_state=0)),
    ("forest", "RandomForestClassifier", lambda: ensemble.RandomForestClassifier(20, random_state=0)),
    ("extra-trees", "ExtraTreesClassifier", lambda: ensemble.ExtraTreesClassifier(20, random_state=0)),
    ("gradient-boosting", "GradientBoostingClassifier", lambda: ensemble.GradientBoostingClassifier(
        n_estimators=30, random_state=0)),
    ("hgb", "HistGradientBoostingClassifier", lambda: ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=0)),
    ("ada-boost", "AdaBoostClassifier", lambda: ensemble.AdaBoostClassifier(n_estimators=20, random_state=0)),
    ("bagging", "BaggingClassifier", lambda: ensemble.BaggingClassifier(n_estimators=10, random_state=0)),
]
REGRESSORS = [
    ("decision-tree-regressor", "DecisionTreeRegressor", lambda: tree.DecisionTreeRegressor(random_state=0)),
    ("forest-regressor", "RandomForestRegressor", lambda: ensemble.RandomForestRegressor(10, random_state=0)),
    ("extra-trees-regressor", "ExtraTreesRegressor", lambda: ensemble.ExtraTreesRegressor(10, random_state=0)),
    ("gradient-boosting-regressor", "GradientBoostingRegressor", lambda: ensemble.GradientBoostingRegressor(
        n_estimators=30, random_state=0)),
    ("hgb-regressor", "HistGradientBoostingRegressor", lambda: ensemble.HistGradientBoostingRegressor(max_iter=30, random_state=0)),
    ("ada-boost-regressor", "AdaBoostRegressor", lambda: ensemble.AdaBoostRegressor(n_estimators=20, random_state=0)),
    ("bagging-regressor", "BaggingRegressor", lambda: ensemble.BaggingRegressor(n_estimators=10, random_state=0)),
]


def scaled(model):
    """Scaled before: single precision there would flip rows at thresholds."""
    return lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), model())


def voting():
    """Soft votes of three."""
    return ensemble.VotingClassifier([
        ("a", linear_model.LogisticRegression(max_iter=5000)), ("b", tree.DecisionTreeClassifier(max_depth=3)),
        ("c", ensemble.RandomForestClassifier(20, random_state=0))], voting="soft")


def hard_voting():
    """Hard votes of three."""
    return voting().set_params(voting="hard")


def stacking():
    """A regression over two classifiers."""
    return ensemble.StackingClassifier([
        ("a", tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
        ("b", ensemble.RandomForestClassifier(20, random_state=0))], cv=3)


def stacking_regressor():
    """A regression over two regressors."""
    return ensemble.StackingRegressor([
        ("a", tree.DecisionTreeRegressor(max_depth=3, random_state=0)), ("b", linear_model.Ridge())], cv=3)


def voting_regressor():
    """The mean of two."""
    return ensemble.VotingRegressor([("a", tree.DecisionTreeRegressor(max_depth=3)), ("b", linear_model.Ridge())])


def search():
    """A search over a pipeline."""
    row = pipeline.make_pipeline(preprocessing.StandardScaler(), ensemble.RandomForestClassifier(random_state=0))
    return model_selection.GridSearchCV(row, {"randomforestclassifier__n_estimators": [10, 20]}, cv=3)



CASES = [Case(name, cls, fitted(scaled(model), data.numbers), maximum=2e-6) for name, cls, model in CLASSIFIERS]
CASES += [Case(name + "-three", cls, fitted(model, data.wine), maximum=2e-6) for name, cls, model in CLASSIFIERS]
CASES += [Case(name, cls, fitted(scaled(model), partial(data.numbers, 0, "number")), maximum=4e-6)
          for name, cls, model in REGRESSORS]
CASES += [Case(name + "-missing", cls, fitted(model, partial(data.numbers, 0.15)), maximum=2e-6)
          for name, cls, model in CLASSIFIERS if name in ("hgb",)]
CASES += [
    Case("decision-tree-missing", "DecisionTreeClassifier", fitted(CLASSIFIERS[0][2], partial(data.numbers, 0.15)),
         maximum=2e-6),
    Case("decision-tree-regressor-missing", "DecisionTreeRegressor", fitted(
        REGRESSORS[0][2], partial(data.numbers, 0.15, "number")), maximum=4e-6),
    Case("forest-missing", "RandomForestClassifier", fitted(CLASSIFIERS[1][2], partial(data.numbers, 0.15)),
         maximum=2e-6, needs="sklearn>=1.4"),
    Case("forest-regressor-missing", "RandomForestRegressor", fitted(
        REGRESSORS[1][2], partial(data.numbers, 0.15, "number")), maximum=4e-6, needs="sklearn>=1.4"),
    Case("extra-trees-missing", "ExtraTreesClassifier", fitted(CLASSIFIERS[2][2], partial(data.numbers, 0.15)),
         maximum=2e-6, needs="sklearn>=1.6"),
    Case("hgb-regressor-missing", "HistGradientBoostingRegressor", fitted(
        REGRESSORS[4][2], partial(data.numbers, 0.15, "number")), maximum=4e-6),
    Case("imputed-forest", "SimpleImputer + RandomForestClassifier", fitted(lambda: pipeline.make_pipeline(
        impute.SimpleImputer(), preprocessing.StandardScaler(), CLASSIFIERS[1][2]()), partial(data.numbers, 0.15)),
        maximum=2e-6),
    Case("voting", "VotingClassifier", fitted(voting, data.cancer), maximum=2e-6),
    Case("voting-hard", "VotingClassifier(hard)", fitted(hard_voting, data.cancer), maximum=2e-6),
    Case("voting-regressor", "VotingRegressor", fitted(voting_regressor, data.diabetes), maximum=4e-6),
    Case("stacking", "StackingClassifier", fitted(stacking, data.cancer), maximum=2e-6),
    Case("stacking-regressor", "StackingRegressor", fitted(stacking_regressor, data.diabetes), maximum=4e-6),
    Case("one-vs-rest", "OneVsRestClassifier", fitted(lambda: multiclass.OneVsRestClassifier(
        ensemble.RandomForestClassifier(20, random_state=0)), data.wine), maximum=2e-6),
    Case("grid-search", "GridSearchCV", fitted(search, data.wine), maximum=2e-6),
    Case("forest-array", "RandomForestClassifier", fitted(CLASSIFIERS[1][2], data.digits), maximum=2e-6),
]
