"""Writes an exported model file: ``KIND FILE``."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import joblib  # noqa: E402
from sklearn import compose, ensemble, linear_model, pipeline, preprocessing  # noqa: E402

import data  # noqa: E402


def fitted(model, table=data.cancer):
    """A model and its fit."""
    values, target = table()
    return model.fit(values, target)


def xgboost(path):
    """JSON or UBJSON, by the name's end."""
    from xgboost import XGBClassifier
    fitted(XGBClassifier(n_estimators=20, max_depth=4, random_state=0)).save_model(path)


def lightgbm(path):
    """Text."""
    from lightgbm import LGBMClassifier
    fitted(LGBMClassifier(n_estimators=20, num_leaves=15, random_state=0, verbose=-1)).booster_.save_model(path)


def catboost(path):
    """cbm."""
    from catboost import CatBoostClassifier
    fitted(CatBoostClassifier(iterations=20, depth=4, random_seed=0, verbose=False, allow_writing_files=False)).save_model(path)


def joblibbed(path):
    """A pipeline over columns of both kinds, compressed."""
    columns = compose.ColumnTransformer([
        ("numbers", preprocessing.StandardScaler(), ["age", "score"]),
        ("texts", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"])])
    row = pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=1000))
    joblib.dump(fitted(row, data.mixed), path, compress=3)


def forest(path):
    """A forest over an array, not compressed."""
    joblib.dump(fitted(ensemble.RandomForestClassifier(20, random_state=0), data.iris), path)


def mlflow(path):
    """A folder with a booster."""
    os.makedirs(path)
    lightgbm(os.path.join(path, "model.lgb"))
    with open(os.path.join(path, "MLmodel"), "w", encoding="utf-8") as file:
        file.write("artifact_path: model\nflavors:\n  lightgbm:\n    code: null\n    data: model.lgb\n"
                   "    lgb_version: 4.1.0\n  python_function:\n    data: model.lgb\nrun_id: x\n")


KINDS = {"xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost, "joblib": joblibbed, "forest": forest,
         "mlflow": mlflow}

if __name__ == "__main__":
    KINDS[sys.argv[1]](sys.argv[2])
