"""The hook does not change a notebook's results, and sees what it must: fits, scores, splits, commands, files."""

import hashlib
import os

from support import ENVIRONMENTS, SessionCase
from test_first import CELLS, PIPELINE, SPLIT, TITANIC

IRIS = """
import numpy as np, pandas as pd
from sklearn.datasets import load_iris, load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split, cross_val_score, cross_validate, GridSearchCV
from sklearn.linear_model import LogisticRegression, LinearRegression
from sklearn.ensemble import RandomForestClassifier, VotingClassifier, StackingClassifier, IsolationForest
from sklearn.tree import DecisionTreeClassifier
from sklearn.cluster import KMeans, DBSCAN
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline, Pipeline
from sklearn.metrics import accuracy_score, f1_score, confusion_matrix, mean_squared_error, make_scorer, roc_auc_score
X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
"""
OWN_CLASS = """
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
class Clip(TransformerMixin, BaseEstimator):
    def __init__(self, low=0): self.low = low
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]; return self
    def transform(self, X): return np.clip(np.asarray(X, dtype=float), self.low, None)
class Mean(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.stack([np.asarray(X)[np.asarray(y) == c].mean(axis=0) for c in self.classes_]); return self
    def predict(self, X):
        d = ((np.asarray(X)[:, None, :] - self.means_[None]) ** 2).sum(axis=2)
        return self.classes_[d.argmin(axis=1)]
"""


class Unchanged(SessionCase):
    """With and without the hook: the same."""

    def test_user_results_are_the_same_with_and_without(self):
        cells = [IRIS + OWN_CLASS] + [
            "np.random.seed(4)\nparts = train_test_split(X.values, y.values, X, test_size=0.3)\nafter = np.random.random()",
            "cv = cross_val_score(make_pipeline(Clip(), Mean()), X, y, cv=3, n_jobs=2, scoring=make_scorer(f1_score, average='macro'))",
            "gs = GridSearchCV(make_pipeline(Clip(), RandomForestClassifier(5, random_state=1)), {'clip__low': [0, 2]}, cv=3, n_jobs=2).fit(X, y)\n"
            "best = gs.best_params_; p = gs.predict_proba(X)[:5]",
            "import pickle, copy, inspect\nm = Mean().fit(X, y)\nagain = pickle.loads(pickle.dumps(m)).predict(X[:3]).tolist()\n"
            "sig = str(inspect.signature(LogisticRegression.fit)) + str(inspect.signature(LogisticRegression().fit))\n"
            "kinds = [type(Mean.fit).__name__, type(m.fit).__name__, type(LogisticRegression.fit).__name__, accuracy_score.__name__]\n"
            "doc = LogisticRegression.fit.__doc__[:40]; same = pickle.loads(pickle.dumps(accuracy_score))([1], [1])\n"
            "pd2 = pd.DataFrame({'a': ['x', None]}).fillna('q').a.map({'x': 0}).tolist()",
        ]
        values = ["[p.tolist() for p in parts[:4]]", "after", "cv.tolist()", "best", "p.tolist()", "again", "sig", "kinds", "doc", "pd2",
                  "float(same)"]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                with_hook = self.run_cells(cells, environment, values=values)
                without = self.run_cells(cells, environment, hook=False, values=values)
                self.assertEqual(without.out["errors"], [])
                self.assertEqual(with_hook.out["values"], without.out["values"])
                self.assertEqual(with_hook.out["names"], without.out["names"])
                self.assertEqual([c["variables"] for c in with_hook.json["candidates"]], [["m"], ["gs"]])

    def test_twice_the_same_bytes(self):
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                one, two = self.run_cells(CELLS, environment), self.run_cells(CELLS, environment)
                first = digests(one.folder)
                # Training and evaluation data 5 columns and 1 target each; parity and golden 5 and 3 answers each.
                self.assertEqual(len(first), 28)
                self.assertEqual(first, digests(two.folder))

    def test_an_error_of_the_notebook_is_its_own(self):
        capture = self.run_cells([IRIS, "m = LogisticRegression().fit(X_train, y_train)", "m.predict('nonsense')"], fails=True)
        index, error = capture.out["errors"][0]
        self.assertEqual((index, error.split(":")[0]), (2, "ValueError"))
        self.assertEqual((capture.json["complete"], capture.codes()), (False, ["incomplete-run"]))
        self.assertEqual(capture.best["variables"], ["m"])

    def test_libraries_that_were_imported_before(self):
        capture = self.run_cells(CELLS, "new", prelude="import sklearn.ensemble, sklearn.linear_model, sklearn.model_selection, pandas")
        self.assertEqual((capture.best["variables"], capture.best["cell"]), (["clf"], 2))


class Candidates(SessionCase):
    """What is a model, and which is the one."""

    def test_inner_fits_are_no_models(self):
        cells = [
            IRIS,
            "cross_val_score(RandomForestClassifier(5, random_state=0), X, y, cv=3); cross_validate(LogisticRegression(max_iter=500), X, y, cv=3)",
            "vote = VotingClassifier([('a', LogisticRegression(max_iter=500)), ('b', DecisionTreeClassifier(random_state=0))], voting='soft').fit(X_train, y_train)",
            "stack = StackingClassifier([('a', LogisticRegression(max_iter=500)), ('b', RandomForestClassifier(5, random_state=0, n_jobs=2))]).fit(X_train, y_train)",
            "acc = accuracy_score(y_test, vote.predict(X_test))",
        ]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture = self.run_cells(cells, environment)
                self.assertEqual([c["variables"] for c in capture.json["candidates"]], [["vote"], ["stack"]])
                self.assertEqual(capture.best["task"], "multiclass")

    def test_a_search_and_its_best_model_are_one(self):
        cells = [
            IRIS,
            "gs = GridSearchCV(RandomForestClassifier(random_state=0), {'n_estimators': [3, 5]}, cv=2, n_jobs=2)\ngs.fit(X_train, y_train)\nbest = gs.best_estimator_",
            "acc = accuracy_score(y_test, best.predict(X_test))\nimport joblib\njoblib.dump(best, 'm.joblib')",
        ]
        capture = self.run_cells(cells)
        self.assertEqual(sorted(capture.best["variables"]), ["best", "gs"])
        self.assertEqual(len(capture.json["candidates"]), 1)
        self.assertEqual(capture.best["metrics"][-1]["name"], "accuracy_score")
        self.assertTrue(capture.best["saved_as"].endswith("/m.joblib"))
        self.assertEqual(capture.best["describe"], "GridSearchCV of RandomForestClassifier")

    def test_two_names_lists_and_dictionaries(self):
        cells = [
            IRIS, "a = b = LogisticRegression(max_iter=500).fit(X_train, y_train)",
            "models = [DecisionTreeClassifier(random_state=0).fit(X_train, y_train)]\nby_name = {'t': {'deep': RandomForestClassifier(3, random_state=0).fit(X_train, y_train)}}",
            "acc = accuracy_score(y_test, a.predict(X_test))",
        ]
        capture = self.run_cells(cells)
        names = [c["variables"] for c in capture.json["candidates"]]
        self.assertEqual(names, [["a", "b"], ["by_name['t']['deep']"], ["models[0]"]])
        self.assertFalse(capture.json["pick"]["needed"])

    def test_a_tie_asks(self):
        two = "a = LogisticRegression(max_iter=500).fit(X_train, y_train)\nb = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)"
        judge = "for m in (a, b):\n    print(accuracy_score(y_test, m.predict(X_test)))"
        for cells in ([IRIS, two], [IRIS, two, judge]):
            capture = self.run_cells(cells)
            self.assertEqual(capture.json["pick"], {"needed": True, "because": "two models are equally likely"})
        picked = self.run_cells([IRIS, two, judge], options={"pick": "a"})
        self.assertEqual((picked.best["variables"], picked.json["pick"]["needed"]), (["a"], False))
        saved = self.run_cells([IRIS, two, judge, "import pickle\nwith open('a.pkl', 'wb') as f:\n    pickle.dump({'model': a}, f)"])
        self.assertEqual((saved.best["variables"], saved.json["pick"]["needed"]), (["a"], False))
        self.assertTrue(saved.best["saved_as"].endswith("/a.pkl"))

    def test_what_is_no_model_is_said(self):
        cells = [IRIS, "km = KMeans(3, n_init=2, random_state=0).fit(X)"]
        for environment in ENVIRONMENTS:
            best = self.run_cells(cells, environment).best
            self.assertEqual((best["class"], best["task"], best["target"]), ("KMeans", "other", None))
            self.assertEqual(best["parity"]["reference"]["scores"], None)
        none = self.run_cells([IRIS, "d = DBSCAN().fit(X)"])
        self.assertEqual((none.json["candidates"], none.codes()), ([], ["no-predict"]))
        only = self.run_cells([IRIS, "s = StandardScaler().fit(X)"])
        self.assertEqual((only.json["candidates"], only.codes()), ([], ["transformers-only"]))
        loose = self.run_cells([IRIS, "g = GridSearchCV(LogisticRegression(max_iter=500), {'C': [1, 2]}, cv=2, refit=False).fit(X, y)"])
        self.assertEqual((loose.json["candidates"], loose.codes()), ([], ["refit-false"]))
        nothing = self.run_cells(["def f():\n    return 1"])
        self.assertEqual((nothing.json["candidates"], nothing.json["datasets"]), ([], []))

    def test_predictions_added_to_the_training_frame(self):
        cells = [
            IRIS, "m = LogisticRegression(max_iter=500).fit(X, y)\nX['pred'] = m.predict(X)\nX['pred2'] = m.predict(X[X.columns[:4]])",
        ]
        for environment in ENVIRONMENTS:
            capture = self.run_cells([cells[0], cells[1].replace("X['pred'] = m.predict(X)\n", "X['pred'] = m.predict(X)\n")], environment)
            self.assertEqual(len(capture.dataset(capture.best["train"])["columns"]), 4)
            self.assertFalse(capture.dataset(capture.best["train"])["changed"])

    def test_an_array_changed_after_the_fit(self):
        capture = self.run_cells([IRIS, "A = X.to_numpy(copy=True)\nm = LogisticRegression(max_iter=500).fit(A, y)", "A[:] = A * 2"])
        self.assertTrue(capture.dataset(capture.best["train"])["changed"])
        self.assertIn("changed-after-fit", capture.codes(capture.best))

    def test_a_refit_on_all_rows(self):
        cells = [IRIS, "m = LogisticRegression(max_iter=500).fit(X_train, y_train)\nacc = m.score(X_test, y_test)", "m = LogisticRegression(max_iter=500).fit(X, y)"]
        same = [IRIS, cells[1], "m.fit(X, y)"]
        for variant in (cells, same):
            metrics = self.run_cells(variant).best["metrics"]
            self.assertEqual([(m["name"], m["on"], m["before_refit"], m["rows"]) for m in metrics], [("accuracy", "evaluation", True, 38)])

    def test_seeds(self):
        fit = "m = RandomForestClassifier(3).fit(X, y)"
        self.assertIn("not-seeded", self.run_cells([IRIS, fit]).best["findings"][0]["code"])
        seeded = self.run_cells([IRIS, "import random\nrandom.seed(1); np.random.seed(42); rng = np.random.default_rng(seed=3)", fit])
        self.assertEqual(seeded.codes(seeded.best), [])
        self.assertEqual(
            [(s["call"], s["value"], s["cell"]) for s in seeded.json["seeds"]],
            [("random.seed", "1", 1), ("numpy.random.seed", "42", 1), ("numpy.random.default_rng", "3", 1)],
        )

    def test_a_model_that_was_only_loaded(self):
        make = "import joblib; joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train), 'kept.joblib')"
        self.run_cells([IRIS, make], hook=False)
        capture = self.run_cells([IRIS, "import joblib\nm = joblib.load('kept.joblib'); inner = m[-1]", "acc = accuracy_score(y_test, m.predict(X_test))"])
        self.assertEqual([c["variables"] for c in capture.json["candidates"]], [["m"]])
        best = capture.best
        self.assertEqual((best["evidence"], best["train"], best["golden"]), ("none", None, None))
        self.assertEqual(capture.dataset(best["parity"]["dataset"])["rows"], 38)
        self.assertEqual(best["metrics"][0]["on"], "evaluation")

    def test_partial_fits_are_one_training_set(self):
        cells = [IRIS, "from sklearn.linear_model import SGDClassifier\nm = SGDClassifier(random_state=0)\n"
                       "for i in range(0, 150, 50):\n    m.partial_fit(X[i:i + 50], y[i:i + 50], classes=[0, 1, 2])"]
        capture = self.run_cells(cells)
        self.assertEqual(capture.dataset(capture.best["train"])["rows"], 150)
        self.assertEqual(sorted(set(capture.table(capture.best["target"])["target"])), [0, 1, 2])


class Boosters(SessionCase):
    """XGBoost, LightGBM and CatBoost, native and as estimators."""

    SETUP = IRIS + "\nimport xgboost as xgb, lightgbm as lgb\nB, b = load_breast_cancer(return_X_y=True, as_frame=True)\nD, t = load_diabetes(return_X_y=True, as_frame=True)\nBt, Bv, bt, bv = train_test_split(B, b, random_state=0)\n"

    def test_native_interfaces(self):
        cells = [
            self.SETUP,
            "bst = xgb.train({'objective': 'binary:logistic', 'max_depth': 3}, xgb.DMatrix(Bt, label=bt), 5)",
            "acc = accuracy_score(bv, (bst.predict(xgb.DMatrix(Bv)) > 0.5).astype(int))",
            "soft = lgb.train({'objective': 'multiclass', 'num_class': 3, 'verbose': -1}, lgb.Dataset(X_train, label=y_train), 5)",
            "sq = lgb.train({'objective': 'regression', 'verbose': -1}, lgb.Dataset(D, t), 5)\nrmse = mean_squared_error(t, sq.predict(D))",
        ]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                found = {c["variables"][0]: c for c in self.run_cells(cells, environment).json["candidates"]}
                self.assertEqual({n: c["task"] for n, c in found.items()}, {"bst": "binary", "soft": "multiclass", "sq": "regression"})
                self.assertEqual(found["bst"]["features"][0], "mean radius")
                self.assertEqual([(m["name"], m["on"]) for m in found["bst"]["metrics"]], [("accuracy_score", "evaluation")])
                self.assertEqual([(m["name"], m["on"]) for m in found["sq"]["metrics"]], [("mean_squared_error", "train")])
                for candidate in found.values():
                    self.assertTrue(all(candidate[k] for k in ("train", "target", "pickle", "parity", "golden")), candidate)
                self.assertEqual(len(found["soft"]["parity"]["reference"]["scores"]), 3)

    def test_estimators(self):
        cells = [
            self.SETUP,
            "x = xgb.XGBClassifier(n_estimators=5).fit(Bt, bt)\nl = lgb.LGBMRegressor(n_estimators=5, verbose=-1).fit(D, t)",
            "auc = roc_auc_score(bv, x.predict_proba(Bv)[:, 1])\nx.save_model('x.json')",
        ]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture = self.run_cells(cells, environment)
                self.assertEqual([c["variables"] for c in capture.json["candidates"]], [["x"], ["l"]])
                self.assertTrue(capture.best["saved_as"].endswith("/x.json"))
                self.assertEqual(capture.best["metrics"][0]["name"], "roc_auc_score")

    def test_catboost(self):
        cells = [
            self.SETUP, "from catboost import CatBoostClassifier, Pool, CatBoostRegressor\n"
            "c = CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False).fit(Bt, bt)\nacc = accuracy_score(bv, c.predict(Bv))",
            "r = CatBoostRegressor(iterations=5, verbose=0, allow_writing_files=False)\nr.fit(Pool(D, t))",
        ]
        capture = self.run_cells(cells)
        first, second = capture.json["candidates"]
        self.assertEqual((first["variables"], first["task"], first["metrics"][0]["on"]), (["c"], "binary", "evaluation"))
        self.assertEqual((second["variables"], second["task"], capture.dataset(second["train"])["rows"]), (["r"], "regression", 442))
        self.assertTrue(first["pickle"] and first["golden"])


class Surroundings(SessionCase):
    """Commands, files, processes, addresses, limits."""

    def test_n8_magics_and_shell_never_run(self):
        cells = [
            "!touch ran1\nx = !touch ran2", "%%bash\ntouch ran3", "%pip install nothing", "%env A=1", "%cd /",
            "get_ipython().system('touch ran4'); get_ipython().getoutput('touch ran5')", "%%writefile ran6\nhello",
            "%sx touch ran7", "%precision 4\n%time a = 1", "%%time\nb = 2\n!touch ran8", "import os\nhere = os.listdir('.')",
        ]
        capture = self.run_cells(cells, values=["here", "list(x)", "a + b", "os.getcwd()"])
        self.assertEqual([name for name in eval(capture.out["values"]["here"]) if name.startswith("ran")], [])
        self.assertEqual((capture.out["values"]["list(x)"], capture.out["values"]["a + b"]), ("[]", "3"))
        self.assertEqual(
            [(b["cell"], b["what"]) for b in capture.json["blocked"]],
            [(0, "!touch ran1"), (0, "!touch ran2"), (1, "%%bash"), (2, "%pip install nothing"), (3, "%env A=1"), (4, "%cd /"),
             (5, "!touch ran4"), (5, "!touch ran5"), (6, "%%writefile ran6"), (7, "%sx touch ran7"), (9, "!touch ran8")],
        )

    def test_n8_children_of_python_run_and_are_listed(self):
        cells = ["import os, subprocess\nos.system('touch made1')\nsubprocess.run(['touch', 'made2'])", "here = sorted(os.listdir('.'))"]
        capture = self.run_cells(cells, values=["[n for n in here if n.startswith('made')]"])
        self.assertEqual(capture.out["values"]["[n for n in here if n.startswith('made')]"], "['made1', 'made2']")
        self.assertEqual([c["what"] for c in capture.json["children"]], ["os.system 'touch made1'", "subprocess.Popen ['touch', 'made2']"])

    def test_files_read_and_written(self):
        with open(os.path.join(self.scratch, "in.csv"), "w") as file:
            file.write("a,b\n1,2\n3,4\n")
        with open(os.path.join(self.scratch, "in.parquet"), "w") as file:
            file.write("not really")
        cells = ["import pandas as pd, sqlite3\ndf = pd.read_csv('in.csv')", "df.to_csv('out.csv'); df.to_pickle('out.pkl')",
                 "try:\n    pd.read_parquet('in.parquet'); pd.read_csv('gone.csv')\nexcept Exception:\n    pass"]
        for environment in ENVIRONMENTS:
            files = self.run_cells(cells, environment).json["files"]
            seen = {(os.path.basename(f["path"]), f["mode"], f["cell"]) for f in files}
            self.assertEqual(seen, {("in.csv", "read", 0), ("out.csv", "write", 1), ("out.pkl", "write", 1), ("in.parquet", "read", 2)})
            entry = [f for f in files if f["path"].endswith("/in.csv")][0]
            self.assertEqual((entry["sha256"], entry["bytes"]), (hashlib.sha256(b"a,b\n1,2\n3,4\n").hexdigest(), 12))

    def test_addresses_without_secrets(self):
        cells = ["import urllib.request\ntry:\n    urllib.request.urlopen('http://me:pw@127.0.0.1:9/data.csv?key=1', timeout=1)\nexcept Exception:\n    pass"]
        self.assertEqual(self.run_cells(cells).json["network"], [{"address": "http://127.0.0.1:9/data.csv", "cell": 0}])

    def test_more_data_than_the_limit_is_sampled(self):
        cells = [IRIS, "big = pd.DataFrame(np.random.default_rng(0).normal(size=(20000, 4)), columns=list('abcd'))\n"
                       "m = LinearRegression().fit(big, big.a * 2)"]
        capture = self.run_cells(cells, options={"keep_data_bytes": 200000})
        data = capture.dataset(capture.best["train"])
        self.assertEqual((data["rows"], data["total_rows"]), (6250, 20000))
        self.assertIn("sampled-data", capture.codes(capture.best))

    def test_a_full_disk_is_one_clear_error(self):
        limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))"
        capture = self.run_cells([TITANIC, SPLIT, PIPELINE], fails=True, prelude=limit)
        self.assertIn("DiskFull: There is no room left for the captured model", capture.out["finish"])
        self.assertFalse(os.path.exists(os.path.join(capture.folder, "capture.json")))

    def test_old_data_are_let_go(self):
        cells = [IRIS, "kept = []\nfor i in range(40):\n    A = np.full((1000, 10), float(i)); A[:, 0] = range(1000)\n"
                       "    kept.append(LinearRegression().fit(A, A[:, 0]))\nlast = kept[-1]\ndel A",
                 "import gc; gc.collect()\nheld = sum(1 for o in gc.get_objects() if isinstance(o, list) and o is kept)"]
        capture = self.run_cells(cells, options={"keep_data_bytes": 400000})
        by_rank = capture.json["candidates"]
        self.assertEqual(by_rank[0]["variables"], ["kept[39]", "last"])
        self.assertIsNotNone(by_rank[0]["train"])
        self.assertEqual([c["train"] for c in by_rank[6:]], [None] * 34)


def digests(folder):
    """{path: digest} of everything but capture.json and the pickles."""
    found = {}
    for part in ("data", "parity", "golden"):
        for place, _, names in os.walk(os.path.join(folder, part)):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found
