"""Golden rows are nobody's: what they may hold, and what they never do."""

from support import ENVIRONMENTS, SessionCase

DATA = """
import numpy as np, pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import lightgbm as lgb
rng = np.random.RandomState(0)
n = 300
df = pd.DataFrame({
    'name': ['Person %d' % i for i in range(n)], 'town': ['Rareville' if i < 4 else 'A' if i % 3 else 'B' for i in range(n)],
    'age': rng.normal(40, 10, n), 'note': ['seen ward %d twice' % i for i in range(n)],
})
y = (df['age'] > 40).astype(int)
"""


class Golden(SessionCase):
    """Golden rows."""

    def golden(self, cells, environment="new"):
        """The table of golden rows of the best candidate."""
        capture = self.run_cells([DATA] + cells, environment)
        return capture, capture.table(capture.best["golden"]["dataset"])

    def test_only_known_categories_of_many_rows_are_in_them(self):
        cell = ("m = make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown='ignore'), ['name', 'town']),"
                "(StandardScaler(), ['age']), (CountVectorizer(), 'note')), LogisticRegression()).fit(df, y)")
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                capture, table = self.golden([cell], environment)
                self.assertEqual(set(table["town"]) - {None}, {"A", "B"})
                self.assertFalse(set(table["name"]) - {None, ""})
                self.assertFalse(set(table["note"]) - {None, ""})
                said = [f["message"] for f in capture.best["findings"] if f["code"] == "text-not-in-golden"]
                self.assertEqual(said, ["Texts of name, note are left empty in the golden rows."])

    def test_pandas_categories(self):
        cells = ["X = df[['name', 'town', 'age']].astype({'name': 'category', 'town': 'category'})\n"
                 "m = lgb.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, y)"]
        _, table = self.golden(cells)
        self.assertEqual(set(table["town"]) - {None}, {"A", "B"})
        self.assertEqual(set(table["name"]), {None})

    def test_a_model_that_refuses_empty_texts_has_none(self):
        capture = self.run_cells([DATA, "m = make_pipeline(make_column_transformer((OneHotEncoder(), ['name', 'town'])), LogisticRegression()).fit(df, y)"])
        self.assertIsNone(capture.best["golden"])
        self.assertIn("text-not-in-golden", capture.codes(capture.best))

    def test_a_single_column_stands_between_the_training_values(self):
        for cell in ("m = LinearRegression().fit(df[['age']], y)", "m = LinearRegression().fit(df[['age']].to_numpy(), y)"):
            capture, table = self.golden([cell])
            trained = [value for values in capture.table(capture.best["train"]).values() for value in values]
            made = [value for values in table.values() for value in values if value == value]
            self.assertEqual(len(made), 64)
            self.assertFalse(set(made) & set(trained))
            self.assertTrue(min(trained) < min(made) and max(made) < max(trained))

    def test_a_single_column_of_whole_numbers(self):
        capture, table = self.golden(["m = LinearRegression().fit(pd.DataFrame({'k': np.arange(n) * 10}), y)"])
        self.assertFalse(set(table["k"]) & set(capture.table(capture.best["train"])["k"]))
