"""Models of several targets, and models whose fit is or is not random."""

from support import ENVIRONMENTS, SessionCase

DATA = """
import numpy as np
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.neural_network import MLPClassifier
from sklearn.ensemble import RandomForestClassifier, BaggingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Lasso
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
X, Y = make_multilabel_classification(200, 6, n_classes=2, random_state=0)
y = Y[:, 0]
R, T = make_regression(200, 5, n_targets=2, random_state=0)
"""
SEVERAL = {
    "a network of labels": "MLPClassifier((5,), max_iter=5, random_state=0)",
    "a forest": "RandomForestClassifier(5, random_state=0)",
    "neighbours": "KNeighborsClassifier()",
    "one model per target": "MultiOutputClassifier(LogisticRegression())",
    "neighbours in a pipeline": "make_pipeline(StandardScaler(), KNeighborsClassifier())",
}
SURE = ("SVC()", "Lasso()", "LogisticRegression()", "BaggingClassifier(DecisionTreeClassifier(), 3, random_state=0)")
LOOSE = ("SVC(probability=True)", "Lasso(selection='random')", "BaggingClassifier(DecisionTreeClassifier(), 3)")


class Targets(SessionCase):
    """Several targets."""

    def test_a_classifier_of_several_targets_is_named_and_has_no_answers(self):
        for environment in ENVIRONMENTS:
            for name, made in SEVERAL.items():
                with self.subTest("%s, %s" % (name, environment)):
                    best = self.run_cells([DATA, "m = %s.fit(X, Y)" % made], environment).best
                    found = [f for f in best["findings"] if f["code"] == "several-targets"]
                    self.assertEqual([f["severity"] for f in found], ["blocking"])
                    self.assertIn("predicts several targets at once; train one model per target", found[0]["message"])
                    self.assertEqual((best["parity"], best["golden"], best["task"]), (None, None, "other"))
                    self.assertIsNotNone(best["pickle"])

    def test_one_target_and_a_regressor_of_several_are_not(self):
        best = self.run_cells([DATA, "m = KNeighborsClassifier().fit(X, y)"]).best
        self.assertEqual((best["findings"], best["task"]), ([], "binary"))
        best = self.run_cells([DATA, "m = LinearRegression().fit(R, T)"]).best
        self.assertEqual((best["findings"], len(best["parity"]["reference"]["values"])), ([], 2))

    def test_only_a_random_fit_wants_a_seed(self):
        for environment in ENVIRONMENTS:
            for made, expected in [(made, []) for made in SURE] + [(made, ["not-seeded"]) for made in LOOSE]:
                with self.subTest("%s, %s" % (made, environment)):
                    capture = self.run_cells([DATA, "m = %s.fit(X, y)" % made], environment)
                    self.assertEqual(capture.codes(capture.best), expected)
