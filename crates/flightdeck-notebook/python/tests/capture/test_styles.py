"""More styles of preparing features, as found in notebooks: what each becomes."""

from support import SessionCase
from test_first import SPLIT, TITANIC

MORE = """
from sklearn.impute import KNNImputer
from sklearn.preprocessing import PolynomialFeatures, OrdinalEncoder
from sklearn.ensemble import RandomForestClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
import scipy.sparse
num = ['age', 'fare', 'klass']
"""
FOREST = "clf = RandomForestClassifier(10, random_state=0).fit(X_train, y_train)\nacc = clf.score(X_test, y_test)"
STYLES = {
    "filled in place and joined to dummies": (
        ["d = df.copy()\nd.fillna({'age': 30.0}, inplace=True)\nX = pd.concat([d[num], pd.get_dummies(d['port'], prefix='port')], axis=1); y = d['alive']\n"
         "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)", FOREST],
        ["age", "fare", "klass", "port"]),
    "two imputers and a polynomial": (
        [SPLIT, "im = KNNImputer(); po = PolynomialFeatures(2, include_bias=False); sc = StandardScaler()\n"
                "A = sc.fit_transform(po.fit_transform(im.fit_transform(X_train[num])))\n"
                "clf = LogisticRegression(max_iter=300).fit(A, y_train)\nacc = clf.score(sc.transform(po.transform(im.transform(X_test[num]))), y_test)"],
        ["age", "fare", "klass"]),
    "a column transformer outside, and pandas output": (
        [SPLIT, "prep = ColumnTransformer([('n', StandardScaler(), ['fare', 'klass']), ('o', OrdinalEncoder(), ['port'])], remainder='drop').set_output(transform='pandas')\n"
                "A = prep.fit_transform(X_train)\nclf = RandomForestClassifier(10, random_state=0).fit(A, y_train)\nacc = clf.score(prep.transform(X_test), y_test)"],
        ["age", "fare", "klass", "port", "adult"]),
    "a search on components, scaled in a frame made again": (
        [SPLIT, "keep = ['fare', 'klass']\nsc = StandardScaler().fit(X_train[keep])\nA = pd.DataFrame(sc.transform(X_train[keep]), columns=keep)\n"
                "pca = PCA(2).fit(A)\nclf = GridSearchCV(LogisticRegression(), {'C': [0.1, 1]}, cv=2).fit(pca.transform(A), y_train)\n"
                "acc = accuracy_score(y_test, clf.predict(pca.transform(pd.DataFrame(sc.transform(X_test[keep]), columns=keep))))"],
        ["fare", "klass"]),
    "dummies of each part by itself": (
        [SPLIT, "X_train = pd.get_dummies(X_train.dropna())\ny_train = y_train[X_train.index]\nX_test = pd.get_dummies(X_test.dropna()).reindex(columns=X_train.columns, fill_value=0)\n"
                "clf = RandomForestClassifier(10, random_state=0).fit(X_train, y_train)\nacc = clf.score(X_test, y_test[X_test.index])"],
        ["age", "fare", "klass", "adult", "port"]),
    "texts and numbers side by side, sparse": (
        ["texts = ['good plane' if p == 'S' else 'late' for p in df['port']]\ncv = CountVectorizer()\nA = cv.fit_transform(texts)\n"
         "S = scipy.sparse.hstack([scipy.sparse.csr_matrix(df[['fare']]), A]).tocsr()\n"
         "S_train, S_test, y_train, y_test = train_test_split(S, df['alive'], random_state=0)\n"
         "clf = LogisticRegression(max_iter=500).fit(S_train, y_train)\nacc = clf.score(S_test, y_test)"],
        ["fare", "x1"]),
    "a list of texts": (
        ["texts = ['good plane'] * 50 + ['bad flight late'] * 50\nlabels = [1] * 50 + [0] * 50\ncv = CountVectorizer()\n"
         "clf = LogisticRegression().fit(cv.fit_transform(texts), labels)"], None),
}


class Styles(SessionCase):
    """Each style is folded."""

    def check(self, name, environment):
        cells, features = STYLES[name]
        capture = self.run_cells([TITANIC, MORE] + cells, environment)
        best = capture.best
        self.assertEqual((best["folded"], best["features"]), (True, features), [f["message"] for f in best["findings"]])
        self.assertTrue(best["pickle"] and best["golden"] and best["parity"], name)
        if features is not None:
            self.assertIsNotNone(best["evaluation"], name)
            self.assertEqual(list(capture.table(best["evaluation"])), features)

    def test_in_a_new_environment(self):
        for name in STYLES:
            with self.subTest(name):
                self.check(name, "new")

    def test_in_an_old_environment(self):
        for name in STYLES:
            with self.subTest(name):
                self.check(name, "old")

    def test_features_of_own_making_are_the_models_features(self):
        cells = [TITANIC, MORE, "df = df.dropna(); df['twice'] = df['fare'] * 2\nX = df[['fare', 'twice']]; y = df['alive']\nclf = LogisticRegression().fit(X, y)"]
        capture = self.run_cells(cells)
        best = capture.best
        self.assertEqual((best["folded"], best["features"]), (False, ["fare", "twice"]))
        # Clients have to compute it too, which is said.
        self.assertEqual(capture.codes(best), ["features-outside-model"])
