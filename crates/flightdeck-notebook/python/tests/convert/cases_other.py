"""Texts, what is refused, and what converts but answers wrong."""

from functools import partial

import lightgbm
import numpy
import xgboost
from sklearn import compose, discriminant_analysis, ensemble, impute, linear_model, naive_bayes, pipeline, preprocessing
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction import text

import data
from cases import Case, fitted
from cases_boosting import LGB, xgb_booster
from cases_prepared import columns, logistic, scaled


class Doubler(TransformerMixin, BaseEstimator):
    """What notebooks write themselves."""

    def fit(self, values, target=None):
        """Learns nothing."""
        self.fitted_ = True
        return self

    def transform(self, values):
        """Twice."""
        return numpy.asarray(values) * 2


def of_texts(step, last):
    """Texts, a vectorizer, a model."""
    return lambda: pipeline.make_pipeline(step(), last())


def stopped():
    """Texts with English stop words between the others."""
    return data.texts(["the", "is", "of", "and", "to", "with", "was"] * 3)


def accents():
    """Texts with letters outside ASCII."""
    return data.texts(["Straße", "café", "naïve", "über", "Żółw", "ÉTÉ"])


def functions():
    """A function of the notebook."""
    return pipeline.make_pipeline(preprocessing.FunctionTransformer(numpy.log1p), logistic())


def target_transformed():
    """The target's logarithm."""
    return compose.TransformedTargetRegressor(linear_model.Ridge(), func=numpy.log1p, inverse_func=numpy.expm1)


def frequent():
    """The most frequent text for a missing one."""
    return pipeline.make_pipeline(columns(pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder())), logistic())


def hgb_categories():
    """Codes that are declared as categories."""
    row = compose.ColumnTransformer([("texts", preprocessing.OrdinalEncoder(), ["city"]),
                                     ("numbers", scaled(), ["age", "score"])])
    return pipeline.make_pipeline(row, ensemble.HistGradientBoostingClassifier(categorical_features=[0]))


def rank_pairwise():
    """XGBoost's ranking."""
    values, _ = data.numbers()
    grades = (values["a"].rank(pct=True) * 3.99).astype(int)
    table = xgboost.DMatrix(values, label=grades)
    table.set_group([15] * (len(values) // 15))
    return xgboost.train({"objective": "rank:pairwise", "max_depth": 3}, table, 20), values


TEXTS = [
    Case("tfidf-nb", "TfidfVectorizer + MultinomialNB", fitted(of_texts(
        text.TfidfVectorizer, naive_bayes.MultinomialNB), data.texts), maximum=1e-5),
    Case("count-logistic", "CountVectorizer + LogisticRegression", fitted(of_texts(
        text.CountVectorizer, logistic), data.texts), maximum=1e-5),
    Case("bigrams", "TfidfVectorizer(ngram_range)", fitted(of_texts(
        lambda: text.TfidfVectorizer(ngram_range=(1, 2), min_df=3), logistic), data.texts), maximum=1e-5),
    Case("tfidf-accents", "TfidfVectorizer", fitted(of_texts(text.TfidfVectorizer, logistic), accents), maximum=1e-5),
    Case("stop-words-bigrams", "TfidfVectorizer(stop_words, ngram_range)", fitted(of_texts(
        lambda: text.TfidfVectorizer(stop_words="english", ngram_range=(1, 2)), logistic), stopped),
        expected="wrong"),
]
REFUSED = [
    Case("own-transformer", "own transformer class", fitted(lambda: pipeline.make_pipeline(
        Doubler(), logistic()), data.iris), expected="refused"),
    Case("function-transformer", "FunctionTransformer(function)", fitted(functions, data.iris), expected="refused"),
    Case("target-transformed", "TransformedTargetRegressor", fitted(target_transformed, data.diabetes),
         expected="refused"),
    Case("splines", "SplineTransformer", fitted(lambda: pipeline.make_pipeline(
        preprocessing.SplineTransformer(), linear_model.Ridge()), data.diabetes), expected="refused"),
    Case("most-frequent-texts", "SimpleImputer(most_frequent)", fitted(frequent, data.mixed), expected="refused"),
    Case("hgb-categories", "HistGradientBoostingClassifier(categorical_features)", fitted(
        hgb_categories, data.mixed), expected="refused"),
    Case("logitraw", "xgb.train(binary:logitraw)", xgb_booster("binary:logitraw", data.cancer), expected="refused"),
    Case("cox", "xgb.train(survival:cox)", xgb_booster("survival:cox", partial(data.numbers, 0, "positive")),
         expected="refused"),
    Case("rank-pairwise", "xgb.train(rank:pairwise)", rank_pairwise, expected="refused"),
    Case("char-ngrams", "TfidfVectorizer(char)", fitted(of_texts(
        lambda: text.TfidfVectorizer(analyzer="char"), logistic), data.texts), expected="refused"),
]
WRONG = [
    Case("lda-two", "LinearDiscriminantAnalysis", fitted(
        discriminant_analysis.LinearDiscriminantAnalysis, data.cancer), expected="wrong"),
    Case("hgb-seconds", "HistGradientBoostingClassifier", fitted(
        lambda: ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=0), data.seconds), expected="wrong"),
    Case("lgbm-seconds", "LGBMClassifier", fitted(lambda: lightgbm.LGBMClassifier(**LGB), data.seconds),
         expected="wrong"),
]
CASES = TEXTS + REFUSED + WRONG
