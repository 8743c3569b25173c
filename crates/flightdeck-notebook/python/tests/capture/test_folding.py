"""Steps outside of the model: folded when the answers are the same, shown with their lines when not."""

from support import ENVIRONMENTS, SessionCase
from test_first import SPLIT, TITANIC

PREPARE = """
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OrdinalEncoder
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
num = ['age', 'fare', 'klass']
"""


class Folding(SessionCase):
    """Each usual style."""

    def folded(self, cells, features, environments=ENVIRONMENTS, setup=TITANIC, **plan):
        for environment in environments:
            with self.subTest(environment):
                capture = self.run_cells([setup, PREPARE] + cells, environment, **plan)
                best = capture.best
                self.assertEqual((best["folded"], best["features"]), (True, features), best["findings"])
                self.assertEqual(capture.table(best["train"]).keys(), capture.table(best["golden"]["dataset"]).keys())
                yield capture

    def test_scaled_after_the_split(self):
        cells = [
            "df = df.dropna(); X = df[num]; y = df['alive']\n"
            "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)",
            "sc = StandardScaler()\nXs = sc.fit_transform(X_train)\nclf = LogisticRegression().fit(Xs, y_train)",
            "acc = clf.score(sc.transform(X_test), y_test)",
        ]
        for capture in self.folded(cells, ["age", "fare", "klass"], values=["float(X_test.fare.max())", "len(X_test)"]):
            best = capture.best
            self.assertEqual([(s["class"], s["variable"]) for s in best["chain"]], [("StandardScaler", "sc"), ("LogisticRegression", None)])
            test = capture.dataset(best["evaluation"])
            self.assertEqual(str(test["rows"]), capture.out["values"]["len(X_test)"])
            fares = capture.table(best["evaluation"])["fare"]
            self.assertEqual(repr(max(fares)), capture.out["values"]["float(X_test.fare.max())"])

    def test_scaled_before_the_split_into_the_same_frame(self):
        cells = [
            "df = df.dropna()\nsc = MinMaxScaler()\ndf[['age', 'fare']] = sc.fit_transform(df[['age', 'fare']])\n"
            "le = LabelEncoder()\nfor c in ['port', 'adult']:\n    df[c] = le.fit_transform(df[c])",
            SPLIT,
            "clf = RandomForestClassifier(20, random_state=0).fit(X_train, y_train)\nacc = clf.score(X_test, y_test)",
        ]
        for capture in self.folded(cells, ["age", "fare", "klass", "port", "adult"]):
            best = capture.best
            self.assertEqual(set(capture.table(best["train"])["port"]), {"S", "C", "Q"})
            self.assertEqual(capture.dataset(best["train"])["rows"] * 1.0, round(capture.dataset(best["train"])["rows"]))
            self.assertGreater(max(capture.table(best["train"])["age"]), 2.0)

    def test_dummies_and_filled_gaps(self):
        cells = [
            "df['age'] = df['age'].fillna(df['age'].median())\n"
            "X = pd.get_dummies(df.drop(columns='alive'), columns=['port'], drop_first=True)\ny = df['alive']\n"
            "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)",
            "clf = RandomForestClassifier(20, random_state=0).fit(X_train, y_train)\nacc = clf.score(X_test, y_test)",
        ]
        for capture in self.folded(cells, ["age", "fare", "klass", "adult", "port"]):
            best = capture.best
            self.assertGreater(capture.dataset(best["train"])["columns"][0]["nulls"], 100)
            self.assertTrue(best["accepts_missing"]["age"])
            self.assertEqual(best["unknown"]["port"], "accepted")
            self.assertIn("get_dummies", [s["class"] for s in best["chain"]])

    def test_parts_side_by_side(self):
        cells = [
            "df = df.dropna()\nsc = StandardScaler(); oh = OneHotEncoder(handle_unknown='ignore')\n"
            "A = sc.fit_transform(df[num]); B = oh.fit_transform(df[['port']]).toarray()\n"
            "X = np.hstack([A, B, df[['adult']].to_numpy()])\ny = df['alive']",
            "clf = LogisticRegression().fit(X, y)",
        ]
        for capture in self.folded(cells, ["age", "fare", "klass", "port", "adult"]):
            self.assertEqual(capture.best["unknown"]["port"], "accepted")

    def test_texts(self):
        setup = TITANIC + "texts = ['good plane %d' % i if i % 3 else 'late bad flight %d' % (i % 7) for i in range(900)]\nlabels = np.array([1 if i % 3 else 0 for i in range(900)])\n"
        cells = [
            "vec = TfidfVectorizer()\nX = vec.fit_transform(pd.Series(texts, name='note'))\n"
            "X_train, X_test, y_train, y_test = train_test_split(X, labels, random_state=1)",
            "sel = SelectKBest(k=5)\nclf = LogisticRegression().fit(sel.fit_transform(X_train, y_train), y_train)",
        ]
        for capture in self.folded(cells, ["note"], setup=setup):
            self.assertIn("text-not-in-golden", capture.codes(capture.best))
            self.assertNotIn("plane", str(capture.table(capture.best["golden"]["dataset"])))

    def test_mapped_by_a_dictionary(self):
        cells = [
            "df = df.dropna(); df['port'] = df['port'].map({'S': 0, 'C': 1, 'Q': 2})\n" + SPLIT,
            "clf = RandomForestClassifier(20, random_state=0).fit(X_train, y_train)",
        ]
        for capture in self.folded(cells, ["age", "fare", "klass", "port", "adult"], ["new"]):
            self.assertEqual(set(capture.table(capture.best["train"])["port"]), {"S", "C", "Q"})

    def test_what_cannot_be_folded_is_shown(self):
        cells = [
            TITANIC, PREPARE,
            "import xgboost as xgb\ndf = df.dropna()\nsc = StandardScaler()\nXs = sc.fit_transform(df[num])",
            "bst = xgb.train({'objective': 'binary:logistic'}, xgb.DMatrix(Xs, label=(df.alive == 'yes')), 5)",
        ]
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                best = self.run_cells(cells, environment).best
                self.assertFalse(best["folded"])
                found = [f for f in best["findings"] if f["code"] == "steps-outside-model"][0]
                self.assertIn("cell 3, line 4: Xs = sc.fit_transform(df[num]) (columns age, fare, klass)", found["message"])
                self.assertIn("from sklearn.preprocessing import StandardScaler", found["hint"])
                self.assertIn("make_pipeline(StandardScaler()", found["hint"])
                compile(found["hint"], "hint", "exec")
