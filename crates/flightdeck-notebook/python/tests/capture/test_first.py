"""Pipelines of scikit-learn: what is captured of them, in both environments."""

import os
import subprocess

from support import ENVIRONMENTS, ROOT, SessionCase

TITANIC = """
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score, roc_auc_score
rng = np.random.default_rng(7)
n = 3000
df = pd.DataFrame({
    'age': np.where(rng.random(n) < 0.1, np.nan, rng.normal(40, 12, n)),
    'fare': rng.gamma(2.0, 15.0, n),
    'klass': rng.integers(1, 4, n),
    'port': rng.choice(['S', 'C', 'Q'], n),
    'adult': rng.random(n) > 0.3,
})
df['alive'] = ((df.fare > 25) ^ (rng.random(n) < 0.2)).map({True: 'yes', False: 'no'})
"""
SPLIT = """
X = df.drop(columns='alive'); y = df['alive']
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=3, stratify=y)
"""
PIPELINE = """
prep = ColumnTransformer([
    ('n', make_pipeline(SimpleImputer(strategy='median'), StandardScaler()), ['age', 'fare', 'klass']),
    ('c', OneHotEncoder(handle_unknown='ignore'), ['port', 'adult'])])
clf = Pipeline([('prep', prep), ('model', LogisticRegression(max_iter=500))])
clf.fit(X_train, y_train)
"""
JUDGE = """
pred = clf.predict(X_test)
acc = accuracy_score(y_test, pred)
auc = roc_auc_score(y_test == 'yes', clf.predict_proba(X_test)[:, 1])
"""
CELLS = [TITANIC, SPLIT, PIPELINE, JUDGE]


class Pipelines(SessionCase):
    """A pipeline from frame to metrics."""

    def test_a_pipeline_with_its_data(self):
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                self.check(self.run_cells(CELLS, environment, values=["float(acc)"]))

    def check(self, capture):
        best = capture.best
        self.assertEqual((best["variables"], best["class"], best["task"], best["cell"]), (["clf"], "Pipeline", "binary", 2))
        self.assertEqual(best["describe"], "ColumnTransformer, LogisticRegression")
        self.assertEqual(best["features"], ["age", "fare", "klass", "port", "adult"])
        self.assertEqual((best["classes"], best["classes_kind"]), (["no", "yes"], "string"))
        train = capture.dataset(best["train"])
        self.assertEqual((train["rows"], train["role"], train["changed"]), (2250, "train", False))
        self.assertEqual([c["kind"] for c in train["columns"]], ["float", "float", "int", "string", "bool"])
        self.assertEqual(train["columns"][3]["categories"], ["C", "Q", "S"])
        self.assertEqual(capture.dataset(best["evaluation"])["rows"], 750)
        self.assertEqual(capture.dataset(best["evaluation_target"])["columns"][0]["name"], "alive")
        metrics = {m["name"]: m for m in best["metrics"]}
        self.assertAlmostEqual(metrics["accuracy_score"]["value"], float(capture.out["values"]["float(acc)"]), 12)
        self.assertEqual(metrics["roc_auc_score"]["on"], "evaluation")
        self.check_rows(capture, best)
        self.assertEqual(best["accepts_missing"], {"age": True, "fare": True, "klass": True, "port": True, "adult": True})
        self.assertEqual(best["unknown"], {"port": "accepted"})
        self.assertGreater(best["original_ms_per_1000_rows"], 0)
        self.assertFalse(capture.json["pick"]["needed"])

    def check_rows(self, capture, best):
        parity, golden = capture.dataset(best["parity"]["dataset"]), capture.dataset(best["golden"]["dataset"])
        self.assertEqual((parity["rows"], golden["rows"]), (750, 64))
        scores = best["parity"]["reference"]["scores"]
        self.assertEqual([s["name"] for s in scores], ["no", "yes"])
        label = capture.values(best["parity"]["reference"]["label"])
        yes = capture.values(scores[1])
        self.assertEqual(label, ["yes" if p > 0.5 else "no" for p in yes])
        train = set(zip(*[map(str, v) for v in capture.table(best["train"]).values()]))
        shuffled = set(zip(*[map(str, v) for v in capture.table(golden["id"]).values()]))
        self.assertEqual(train & shuffled, set())

    def test_the_pickle_answers_as_the_reference_says(self):
        code = (
            "import sys, json, cloudpickle, numpy as np, pandas as pd\n"
            "m = cloudpickle.load(open(sys.argv[1], 'rb'))\n"
            "X = pd.DataFrame(json.loads(sys.argv[2]))\n"
            "print(json.dumps(m.predict_proba(X)[:, 1].tolist()))"
        )
        import json

        capture = self.run_cells(CELLS)
        best = capture.best
        table = capture.table(best["golden"]["dataset"])
        path = os.path.join(capture.folder, best["pickle"])
        python = os.path.join(ROOT, "new", "bin", "python")
        command = [python, "-c", "import sys; sys.path.append(%r)\n%s" % (os.path.join(ROOT, "converter"), code), path, json.dumps(table)]
        answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        reference = capture.values(best["golden"]["reference"]["scores"][1])
        self.assertEqual(len(answer), 64)
        for one, other in zip(answer, reference):
            self.assertAlmostEqual(one, other, 12)
