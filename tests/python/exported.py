"""Writes model files as other programs export them, and hostile ones.

    python exported.py OUT CANARY ONNX

CANARY is what a hostile one would write; ONNX is what the zip archive holds.
"""

import io
import logging
import os
import pickle
import sys
import zipfile

import catboost
import joblib
import lightgbm
import numpy
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Runs:
    """Unpickles into a call."""

    def __init__(self, call, *arguments):
        self.call = (call, arguments)

    def __reduce__(self):
        return self.call


def models(out):
    x, y = load_breast_cancer(return_X_y=True, as_frame=True)
    x.columns = ["x%d" % place for place in range(x.shape[1])]
    booster = xgboost.XGBClassifier(n_estimators=20, max_depth=3).fit(x, y)
    booster.save_model(os.path.join(out, "xgb-text.json"))
    booster.save_model(os.path.join(out, "xgb-binary.ubj"))
    trees = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(x, y)
    trees.booster_.save_model(os.path.join(out, "light.txt"))
    cat = catboost.CatBoostClassifier(iterations=20, verbose=False, allow_writing_files=False).fit(x, y)
    cat.save_model(os.path.join(out, "cat.cbm"))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, y)
    with open(os.path.join(out, "pickled.pkl"), "wb") as file:
        pickle.dump(pipeline, file)
    joblib.dump(pipeline, os.path.join(out, "dumped.joblib"), compress=3)
    try:
        import skops.io
        skops.io.dump(pipeline, os.path.join(out, "kept.skops"))
    except ImportError:
        print("no skops here")


def zipped(out, model):
    with zipfile.ZipFile(os.path.join(out, "packed.zip"), "w", zipfile.ZIP_DEFLATED) as file:
        file.write(model, "model.onnx")


def hostile(out, canary):
    payloads = {
        "p1-system.pkl": pickle.dumps(Runs(os.system, "touch '%s'" % canary)),
        "p2-handler.pkl": pickle.dumps(Runs(logging.FileHandler, canary)),
        "p2-open.pkl": pickle.dumps(Runs(io.open, canary, "w")),
    }
    payloads["p3-garbage.pkl"] = payloads["p1-system.pkl"][:-1] + b"\xff\xfe no stop here"
    payloads["p4-renamed.onnx"] = payloads["p1-system.pkl"]
    for name, content in payloads.items():
        with open(os.path.join(out, name), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    numpy.random.seed(0)
    os.makedirs(sys.argv[1], exist_ok=True)
    models(sys.argv[1])
    zipped(sys.argv[1], sys.argv[3])
    hostile(sys.argv[1], sys.argv[2])
