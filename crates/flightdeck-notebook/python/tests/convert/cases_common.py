"""Tables as notebooks have them: codes and truths as categories, texts beside numbers, times, names that clash."""

import numpy
import pandas
from sklearn import compose, ensemble, feature_extraction, impute, linear_model, model_selection, pipeline, preprocessing

import data
from cases import Case, fitted
from cases_prepared import logistic, onehot


def coded():
    """Whole numbers and truths that are categories."""
    frame, target = data.mixed()
    frame = frame[["age", "member", "score"]].copy()
    frame["class"] = numpy.random.RandomState(1).randint(1, 4, len(frame))
    frame["level"] = pandas.Categorical(frame["class"] * 10)
    frame["size"] = pandas.Categorical(frame["class"].map({1: "S", 2: "M", 3: "L"}), categories=["S", "M", "L"])
    return frame, target


def onehot_of(*columns):
    """Some columns one-hot, numbers as they are."""
    return lambda: pipeline.make_pipeline(compose.make_column_transformer(
        (onehot(), list(columns)), (preprocessing.StandardScaler(), ["age", "score"])), logistic())


def all_texts():
    """Nothing but texts."""
    frame, target = data.mixed()
    return frame[["Sex (M/F)", "city"]].fillna("none"), target


def clashing():
    """Names that become one when they are cleaned."""
    frame, target = data.numbers()
    frame.columns = ["mean radius", "mean_radius", "mean.radius", "ä", "1st", ""]
    return frame, target


def labelled():
    """Columns by number."""
    frame, target = data.numbers()
    frame.columns = range(frame.shape[1])
    return frame, target


def reviews():
    """A text beside numbers."""
    lines, label = data.texts()
    frame = pandas.DataFrame({"text": lines, "stars": numpy.random.RandomState(2).randint(1, 6, len(lines))})
    return frame, label


def of_reviews():
    """Words and stars."""
    return pipeline.make_pipeline(compose.make_column_transformer(
        (feature_extraction.text.TfidfVectorizer(), "text"), (preprocessing.MinMaxScaler(), ["stars"])), logistic())


def searched():
    """A search over a column transformer, as in most tutorials."""
    row = pipeline.make_pipeline(compose.make_column_transformer(
        (pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()), ["age", "income (EUR)"]),
        (onehot(), ["city", "Sex (M/F)"])), ensemble.RandomForestClassifier(20, random_state=0))
    return model_selection.RandomizedSearchCV(row, {"randomforestclassifier__max_depth": [3, 5]}, n_iter=2, cv=3,
                                              random_state=0)


def indicated():
    """Missing values shown as columns of their own."""
    return pipeline.make_pipeline(impute.SimpleImputer(add_indicator=True), preprocessing.StandardScaler(), logistic())


def gaps():
    """Missing numbers."""
    return data.numbers(0.1)


def truths():
    """A target of truths."""
    values, target = data.numbers()
    return values, target.astype(bool)


def singles():
    """Single precision."""
    values, target = data.cancer_array()
    return values.astype("float32"), target


def wholes():
    """Whole numbers in an array."""
    values, target = data.digits()
    return values.astype("int64"), target


def scaled(last):
    """Scaled before."""
    return lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), last())


CASES = [Case(name, cls, fitted(make, source), maximum=3e-6) for name, cls, make, source in [
    ("onehot-integers", "OneHotEncoder (whole numbers)", onehot_of("class"), coded),
    ("onehot-truths", "OneHotEncoder (truths)", onehot_of("member"), coded),
    ("onehot-categories", "OneHotEncoder (pandas categories)", onehot_of("size"), coded),
    ("onehot-integer-categories", "OneHotEncoder (pandas categories of numbers)", onehot_of("level"), coded),
    ("onehot-all-texts", "OneHotEncoder", lambda: pipeline.make_pipeline(onehot(), logistic()), all_texts),
    ("names-clash", "LogisticRegression", scaled(logistic), clashing),
    ("names-are-numbers", "LogisticRegression", scaled(logistic), labelled),
    ("text-and-numbers", "TfidfVectorizer in ColumnTransformer", of_reviews, reviews),
    ("randomized-search", "RandomizedSearchCV", searched, data.mixed),
    ("missing-indicator", "SimpleImputer(add_indicator)", indicated, gaps),
    ("truth-labels", "LogisticRegression (truths)", scaled(logistic), truths),
    ("float32-array", "LogisticRegression (float32)", scaled(logistic), singles),
    ("integer-array", "RandomForestClassifier (int64)", lambda: ensemble.RandomForestClassifier(
        10, random_state=0), wholes),
    ("ridge-array", "Ridge", scaled(linear_model.Ridge), data.diabetes_array),
]]
