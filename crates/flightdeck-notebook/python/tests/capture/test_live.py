"""Taking a model from a kernel that is running already, without a hook."""

import json
import os

from support import ENVIRONMENTS, SessionCase
from test_first import CELLS, TITANIC

MODELS = """
import numpy as np, pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline
from sklearn.linear_model import LogisticRegression, LinearRegression
from sklearn.ensemble import RandomForestClassifier, HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsClassifier
import xgboost as xgb, lightgbm as lgb
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
D, t = load_diabetes(return_X_y=True, as_frame=True)
"""
FITS = {
    "scaled": "scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)",
    "rf": "rf = RandomForestClassifier(10, random_state=0)\nrf.fit(X_train, y_train)",
    "hgb": "hgb = HistGradientBoostingRegressor(max_iter=10).fit(D, t)",
    "lin": "lin = LinearRegression().fit(D, t)",
    "knn": "knn = KNeighborsClassifier().fit(X_train, y_train)",
    "bst": "dtrain = xgb.DMatrix(D, label=t)\nbst = xgb.train({'objective': 'reg:squarederror'}, dtrain, 5)",
    "lgbm": "lgbm = lgb.LGBMClassifier(n_estimators=5, verbose=-1).fit(X_train, y_train)",
}


class Live(SessionCase):
    """Scan and take."""

    def test_every_model_is_found_with_proof_and_the_kernel_is_as_it_was(self):
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture = self.run_cells([MODELS] + list(FITS.values()), environment, hook=False, live="scan", pick=None)
                scan = json.loads(capture.out["scan"])
                found = {entry["variable"]: entry for entry in scan["candidates"]}
                self.assertEqual(set(found), set(FITS))
                for name, entry in found.items():
                    big = name in ("hgb", "lin", "bst")
                    expected = ("proved", "D" if big else "X_train", "t" if big else "y_train", 442 if big else 426, False)
                    self.assertEqual((entry["evidence"], entry["train"], entry["target"], entry["rows"], entry["changed"]), expected, name)
                self.assertEqual(scan["last_cell"], FITS["lgbm"])
                self.assertEqual(capture.out["before"], capture.out["after"])

    def test_a_model_is_taken(self):
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture = self.run_cells(CELLS, environment, hook=False, live="take", pick="clf")
                self.assertEqual(json.loads(capture.out["take"]), {"candidates": 1})
                best = capture.best
                self.assertEqual((capture.json["source"], best["evidence"]), ("live", "proved"))
                self.assertEqual(capture.codes(), ["taken-live"])
                self.assertEqual(capture.dataset(best["train"])["rows"], 2250)
                self.assertEqual(capture.dataset(best["evaluation"])["rows"], 750)
                self.assertEqual(capture.dataset(best["golden"]["dataset"])["rows"], 64)
                self.assertEqual(capture.json["hook_errors"], [])
                self.assertIsNotNone(best["pickle"])
                self.assertEqual(capture.out["before"], capture.out["after"])

    def test_a_frame_that_changed_since_the_fit(self):
        cells = CELLS[:3] + ["X_train['fare'] = X_train['fare'] * 2"]
        capture = self.run_cells(cells, "new", hook=False, live="scan", pick=None)
        entry = json.loads(capture.out["scan"])["candidates"][0]
        self.assertEqual((entry["evidence"], entry["train"], entry["rows"], entry["changed"]), ("none", "X_train", None, True))
        capture = self.run_cells(cells, "new", hook=False, live="take", pick="clf")
        self.assertEqual((capture.best["evidence"], capture.best["train"], capture.codes(capture.best)[:1]), ("none", None, ["data-changed"]))

    def test_without_history_only_numbers_prove(self):
        cells = [MODELS, "exec(%r)" % FITS["scaled"], "In.clear()"]
        capture = self.run_cells(cells, "new", hook=False, live="scan", pick=None)
        entry = json.loads(capture.out["scan"])["candidates"][0]
        self.assertEqual((entry["evidence"], entry["train"]), ("proved", "X_train"))

    def test_only_columns_or_nothing_fits(self):
        cells = [MODELS, "exec(%r)" % FITS["rf"], "In.clear(); del X_train"]
        entry = json.loads(self.run_cells(cells, "new", hook=False, live="scan", pick=None).out["scan"])["candidates"][0]
        self.assertEqual((entry["evidence"], entry["train"]), ("columns", "X"))
        cells[-1] = "In.clear(); del X_train, X_test, X"
        entry = json.loads(self.run_cells(cells, "new", hook=False, live="scan", pick=None).out["scan"])["candidates"][0]
        self.assertEqual((entry["evidence"], entry["train"], entry["rows"]), ("none", None, None))

    def test_data_that_only_fits_is_training_data_only_when_a_person_says_so(self):
        cells = [MODELS, "exec(%r)" % FITS["rf"], "In.clear(); del X_train"]
        best = self.run_cells(cells, "new", hook=False, live="take", pick="rf").best
        self.assertEqual((best["evidence"], best["train"], best["evaluation"], best["golden"]), ("columns", None, None, None))
        self.assertEqual(best["features"][0], "mean radius")
        self.assertTrue(best["parity"] and best["pickle"])
        agreed = self.run_cells(cells, "new", hook=False, live="take", pick="rf", options={"accept": "columns"})
        self.assertEqual(agreed.dataset(agreed.best["train"])["rows"], 569)
        self.assertIn("data-unproved", agreed.codes(agreed.best))

    def test_only_the_picked_model_is_taken(self):
        capture = self.run_cells([MODELS, FITS["knn"], FITS["lin"]], "new", hook=False, live="take", pick="lin")
        self.assertEqual([c["variables"] for c in capture.json["candidates"]], [["lin"]])
        self.assertEqual(sorted(os.listdir(os.path.join(capture.folder, "model"))), ["c0.pkl"])

    def test_nothing_is_written_when_nobody_waits(self):
        stopped = os.path.join(self.scratch, "stopped")
        gone = os.path.join(self.scratch, "gone", "capture")
        os.mkdir(stopped)
        with open(os.path.join(stopped, "cancelled"), "w", encoding="utf-8"):
            pass
        for folder in (stopped, gone):
            capture = self.run_cells(CELLS, "new", hook=False, live="take", pick="clf", folder=folder)
            self.assertEqual(json.loads(capture.out["take"]), {"cancelled": True})
            self.assertEqual(capture.out["before"], capture.out["after"])
        self.assertEqual(os.listdir(stopped), ["cancelled"])
        self.assertFalse(os.path.exists(os.path.dirname(gone)))

    def test_a_folder_that_goes_while_it_is_written_stays_gone(self):
        # Pickling is what removes it here; the rest of the capture would come after.
        folder = os.path.join(self.scratch, "going")
        own = ("import shutil\nclass Own(LogisticRegression):\n    def __getstate__(self):\n"
               "        shutil.rmtree(%r)\n        return super().__getstate__()\n"
               "own = Own().fit(X_train, y_train)" % folder)
        capture = self.run_cells([MODELS, own], "new", hook=False, live="take", pick="own", folder=folder)
        self.assertEqual(json.loads(capture.out["take"]), {"cancelled": True})
        self.assertFalse(os.path.exists(folder))

    def test_a_scaler_outside_is_folded_in(self):
        cells = [
            TITANIC, "df = df.dropna(); num = ['age', 'fare', 'klass']\nX = df[num]; y = df['alive']",
            "sc = StandardScaler()\nXs = sc.fit_transform(X)\nclf = LogisticRegression().fit(Xs, y)",
        ]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture = self.run_cells(cells, environment, hook=False, live="take", pick="clf")
                self.assertEqual((capture.best["folded"], capture.best["features"]), (True, ["age", "fare", "klass"]))
                self.assertEqual(capture.out["before"], capture.out["after"])

    def test_a_kernel_without_models_or_libraries(self):
        capture = self.run_cells(["a = 1"], "new", hook=False, live="take", pick=None)
        self.assertEqual(json.loads(capture.out["scan"])["candidates"], [])
        self.assertEqual(capture.json["candidates"], [])
        self.assertEqual(capture.out["before"], capture.out["after"])


