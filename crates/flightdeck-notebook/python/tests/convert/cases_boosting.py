"""XGBoost, LightGBM, CatBoost."""


import lightgbm
import xgboost
from sklearn import pipeline, preprocessing

import data
from cases import Case, fitted

XGB = {"n_estimators": 40, "max_depth": 4, "random_state": 0, "n_jobs": 1}
LGB = {"n_estimators": 40, "num_leaves": 15, "random_state": 0, "n_jobs": 1, "verbose": -1}
QUIET = {"verbose": -1, "num_leaves": 15, "num_threads": 1, "seed": 0}


def scaled(model):
    """Scaled before."""
    return lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), model())


def xgb_booster(objective, source, **more):
    """A booster of xgboost.train."""
    def build():
        values, target = source()
        table = xgboost.DMatrix(values, label=target)
        return xgboost.train(dict({"objective": objective, "max_depth": 4, "seed": 0, "nthread": 1}, **more), table, 30), values
    return build


def lgb_booster(objective, source, **more):
    """A booster of lightgbm.train."""
    def build():
        values, target = source()
        table = lightgbm.Dataset(values, label=target)
        return lightgbm.train(dict(QUIET, objective=objective, **more), table, 30), values
    return build


def ranked(model):
    """Queries of fifteen rows."""
    def build():
        values, _ = data.numbers()
        grades = (values["a"].rank(pct=True) * 3.99).astype(int)
        return model().fit(values, grades, group=[15] * (len(values) // 15)), values
    return build


def by_number():
    """Three classes by number."""
    values, target = data.wine()
    return values, target.map({"barolo": 0, "grignolino": 1, "barbera": 2})


def counts():
    """A count for each row."""
    return data.numbers(0, "count")


def positives():
    """A positive number for each row."""
    return data.numbers(0, "positive")


def values():
    """A number for each row."""
    return data.numbers(0, "number")


def gaps():
    """Missing values."""
    return data.numbers(0.15)


def xgb_categories():
    """Categories as codes, learned by xgboost itself."""
    frame, target = data.categories()
    model = xgboost.XGBClassifier(enable_categorical=True, tree_method="hist", max_cat_to_onehot=10, **XGB)
    return model.fit(frame, target), frame


def lgb_categories():
    """Categories, learned by lightgbm itself."""
    frame, target = data.categories()
    return lightgbm.LGBMClassifier(**LGB).fit(frame, target), frame


def lgb_categories_regressor():
    """Categories with a number as target."""
    frame, target = data.categories("number")
    return lightgbm.LGBMRegressor(**LGB).fit(frame, target), frame


def early(model):
    """Stopped early: fewer trees answer than there are."""
    def build():
        frame, target = data.numbers()
        return model.fit(frame[:400], target[:400], eval_set=[(frame[400:], target[400:])], verbose=False), frame
    return build


CASES = [
    Case("xgb-classifier", "XGBClassifier", fitted(lambda: xgboost.XGBClassifier(**XGB), data.cancer), maximum=2e-6),
    Case("xgb-scaled", "XGBClassifier", fitted(scaled(lambda: xgboost.XGBClassifier(**XGB)), data.numbers), maximum=2e-6),
    Case("xgb-three", "XGBClassifier", fitted(lambda: xgboost.XGBClassifier(**XGB), by_number), maximum=2e-6),
    Case("xgb-array", "XGBClassifier", fitted(lambda: xgboost.XGBClassifier(**XGB), data.digits), maximum=2e-6),
    Case("xgb-missing", "XGBClassifier", fitted(lambda: xgboost.XGBClassifier(**XGB), gaps), maximum=2e-6),
    Case("xgb-categories", "XGBClassifier(enable_categorical)", xgb_categories, maximum=2e-6),
    Case("xgb-early", "XGBClassifier", early(xgboost.XGBClassifier(early_stopping_rounds=3, **XGB)), maximum=2e-6),
    Case("xgb-regressor", "XGBRegressor", fitted(lambda: xgboost.XGBRegressor(**XGB), data.diabetes), maximum=2e-6),
    Case("xgb-poisson", "XGBRegressor(poisson)", fitted(lambda: xgboost.XGBRegressor(
        objective="count:poisson", **XGB), counts), maximum=4e-6),
    Case("xgb-gamma", "XGBRegressor(gamma)", fitted(lambda: xgboost.XGBRegressor(
        objective="reg:gamma", **XGB), positives), maximum=4e-6),
    Case("xgb-rf", "XGBRFClassifier", fitted(lambda: xgboost.XGBRFClassifier(**XGB), data.cancer), maximum=2e-6),
    Case("xgb-rf-regressor", "XGBRFRegressor", fitted(lambda: xgboost.XGBRFRegressor(**XGB), data.diabetes),
         maximum=2e-6),
    Case("booster-logistic", "xgb.train(binary:logistic)", xgb_booster("binary:logistic", data.cancer), maximum=2e-6),
    Case("booster-softprob", "xgb.train(multi:softprob)", xgb_booster("multi:softprob", by_number, num_class=3),
         maximum=2e-6),
    Case("booster-squared", "xgb.train(reg:squarederror)", xgb_booster("reg:squarederror", data.diabetes),
         maximum=2e-6),
    Case("booster-poisson", "xgb.train(count:poisson)", xgb_booster("count:poisson", counts), maximum=4e-6),
    Case("booster-gamma", "xgb.train(reg:gamma)", xgb_booster("reg:gamma", positives), maximum=4e-6),
    Case("lgbm-classifier", "LGBMClassifier", fitted(lambda: lightgbm.LGBMClassifier(**LGB), data.cancer), maximum=2e-6),
    Case("lgbm-scaled", "LGBMClassifier", fitted(scaled(lambda: lightgbm.LGBMClassifier(**LGB)), data.numbers),
         maximum=2e-6),
    Case("lgbm-three", "LGBMClassifier", fitted(lambda: lightgbm.LGBMClassifier(**LGB), data.wine), maximum=2e-6),
    Case("lgbm-missing", "LGBMClassifier", fitted(lambda: lightgbm.LGBMClassifier(**LGB), gaps), maximum=2e-6),
    Case("lgbm-categories", "LGBMClassifier(categories)", lgb_categories, maximum=2e-6),
    Case("lgbm-categories-regressor", "LGBMRegressor(categories)", lgb_categories_regressor, maximum=4e-6),
    Case("lgbm-regressor", "LGBMRegressor", fitted(lambda: lightgbm.LGBMRegressor(**LGB), data.diabetes), maximum=2e-6),
    Case("lgbm-poisson", "LGBMRegressor(poisson)", fitted(lambda: lightgbm.LGBMRegressor(objective="poisson", **LGB),
                                                          counts), maximum=4e-6),
    Case("lgbm-quantile", "LGBMRegressor(quantile)", fitted(lambda: lightgbm.LGBMRegressor(
        objective="quantile", alpha=0.9, **LGB), values), maximum=4e-6),
    Case("lgbm-tweedie", "LGBMRegressor(tweedie)", fitted(lambda: lightgbm.LGBMRegressor(objective="tweedie", **LGB),
                                                          positives), maximum=4e-6),
    Case("lgbm-ranker", "LGBMRanker", ranked(lambda: lightgbm.LGBMRanker(**LGB)), maximum=2e-6),
    Case("lgb-booster-binary", "lgb.train(binary)", lgb_booster("binary", data.cancer), maximum=2e-6),
    Case("lgb-booster-multiclass", "lgb.train(multiclass)", lgb_booster("multiclass", by_number, num_class=3),
         maximum=2e-6),
    Case("lgb-booster-regression", "lgb.train(regression)", lgb_booster("regression", values), maximum=4e-6),
    Case("lgb-booster-poisson", "lgb.train(poisson)", lgb_booster("poisson", counts), maximum=4e-6),
]


def catboosts():
    """CatBoost where it is installed."""
    try:
        import catboost
    except ImportError:
        return []
    quiet = {"iterations": 40, "depth": 4, "random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    with_text = dict(quiet, cat_features=["city"])

    def categorical():
        frame, target = data.mixed()
        frame = frame[["age", "city"]]
        return catboost.CatBoostClassifier(**with_text).fit(frame, target), frame

    return [
        Case("catboost", "CatBoostClassifier", fitted(lambda: catboost.CatBoostClassifier(**quiet), data.cancer),
             maximum=2e-6),
        Case("catboost-three", "CatBoostClassifier", fitted(lambda: catboost.CatBoostClassifier(**quiet), data.wine),
             maximum=2e-6),
        Case("catboost-regressor", "CatBoostRegressor", fitted(lambda: catboost.CatBoostRegressor(**quiet), values),
             maximum=4e-6),
        Case("catboost-scaled", "CatBoostClassifier", fitted(scaled(lambda: catboost.CatBoostClassifier(**quiet)),
                                                             data.numbers), maximum=2e-6),
        Case("catboost-categories", "CatBoostClassifier(cat_features)", categorical, expected="refused"),
    ]


CASES += catboosts()


