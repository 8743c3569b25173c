"""A model whose data was let go, because others were fitted after it."""

from support import SessionCase

CELLS = [
    "import numpy as np, pandas as pd\nfrom sklearn.linear_model import LinearRegression\nrng = np.random.RandomState(0)\n"
    "X = pd.DataFrame(rng.normal(size=(50, 3)), columns=['a', 'b', 'c'])",
    "first = LinearRegression().fit(X, X['a'])",
    "bare = LinearRegression().fit(X.to_numpy() + 100, X['a'])",
    "more = []\nfor i in range(12):\n    more.append(LinearRegression().fit(X + i + 1, X['b']))",
]


class Kept(SessionCase):
    """Data that was let go."""

    def test_the_inputs_are_those_that_the_model_remembers(self):
        for pick, features in (("first", ["a", "b", "c"]), ("bare", None)):
            capture = self.run_cells(CELLS, options={"pick": pick})
            best = capture.best
            self.assertEqual(best["variables"][0], pick)
            self.assertEqual((best["train"], best["features"], best["array_input"]), (None, features, features is None))
            self.assertIn("data-not-kept", capture.codes(best))
            self.assertIsNotNone(best["pickle"])

    def test_the_last_one_has_its_data(self):
        capture = self.run_cells(CELLS, options={"pick": "more[11]"})
        self.assertIsNotNone(capture.best["train"])
        self.assertNotIn("data-not-kept", capture.codes(capture.best))
