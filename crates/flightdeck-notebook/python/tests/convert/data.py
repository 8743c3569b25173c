"""Tables for the matrix: scikit-learn's own, and seeded ones with everything that real columns have."""

import numpy
import pandas
from sklearn import datasets

ROWS = 600


def cancer():
    """Binary, thirty numbers, as a frame whose names have spaces."""
    return datasets.load_breast_cancer(as_frame=True, return_X_y=True)


def cancer_array():
    """The same as an array."""
    return datasets.load_breast_cancer(return_X_y=True)


def wine():
    """Three classes with names."""
    values, target = datasets.load_wine(as_frame=True, return_X_y=True)
    return values, target.map({0: "barolo", 1: "grignolino", 2: "barbera"})


def iris():
    """Three classes by number, as an array."""
    return datasets.load_iris(return_X_y=True)


def digits():
    """Ten classes, as an array."""
    return datasets.load_digits(return_X_y=True)


def diabetes():
    """Regression, as a frame."""
    return datasets.load_diabetes(as_frame=True, return_X_y=True)


def diabetes_array():
    """Regression, as an array."""
    return datasets.load_diabetes(return_X_y=True)


def mixed(target="binary"):
    """Every kind of column, with missing numbers and texts, and a target that depends on them."""
    random = numpy.random.RandomState(7)
    frame = pandas.DataFrame({
        "age": random.randint(18, 90, ROWS),
        "income (EUR)": random.lognormal(10, 0.5, ROWS),
        "Sex (M/F)": random.choice(["m", "f"], ROWS),
        "city": random.choice(["Ulm", "Bonn", "Jena", "Kiel", "Trier"], ROWS, p=[0.4, 0.3, 0.2, 0.08, 0.02]),
        "member": random.rand(ROWS) < 0.5,
        "score": random.normal(size=ROWS).astype("float32"),
        "unused": random.normal(size=ROWS),
    })
    noise = random.normal(scale=0.5, size=ROWS)
    value = (frame["age"] / 30.0 + numpy.log(frame["income (EUR)"]) / 2 + (frame["Sex (M/F)"] == "m")
             + frame["member"] + frame["score"] + (frame["city"] == "Ulm") + noise)
    frame.loc[::7, "income (EUR)"] = numpy.nan
    frame.loc[::11, "Sex (M/F)"] = numpy.nan
    if target == "number":
        return frame, value
    if target == "three":
        return frame, pandas.cut(value, [-100, value.quantile(0.3), value.quantile(0.7), 100],
                                 labels=["low", "middle", "high"]).astype(object)
    return frame, (value > value.median()).astype(int)


def numbers(missing=0.0, target="binary"):
    """Skewed numbers of different size in a frame; trees decide close to their values."""
    random = numpy.random.RandomState(11)
    frame = pandas.DataFrame(random.lognormal(size=(ROWS, 6)) * numpy.array([1, 10, 100, 1000, 0.1, 1e5]),
                             columns=["a", "b", "c", "d", "e", "f"])
    value = numpy.log(frame).sub(numpy.log(frame).mean()).to_numpy() @ numpy.array([1, -1, 0.5, 0.2, 0, 1])
    value = value + random.normal(scale=0.3, size=ROWS)
    if missing:
        frame = frame.mask(random.rand(ROWS, 6) < missing)
    if target == "number":
        return frame, value
    if target == "count":
        return frame, random.poisson(numpy.exp(value / 4)).astype(float)
    if target == "positive":
        return frame, numpy.exp(value / 4) + 0.1
    return frame, (value > 0).astype(int)


def categories(target="binary"):
    """A frame with pandas categories."""
    frame, answer = mixed(target)
    frame = frame.drop(columns=["unused"])
    for name in ("Sex (M/F)", "city"):
        frame[name] = frame[name].astype("category")
    return frame, answer


def seconds():
    """Times in seconds, which single precision cannot tell apart."""
    random = numpy.random.RandomState(3)
    times = 1700000000 + random.choice(20000, ROWS, replace=False)
    frame = pandas.DataFrame({"time": times.astype(float), "value": random.normal(size=ROWS)})
    return frame, ((times // 40) % 2).astype(int)


WORDS = ("late flight rain storm cancelled delay gate open closed sun warm cold wind fog snow ice clear sky plane crew "
         "fuel door seat bag queue I a x_1 2024 don't").split()


def texts(extra=()):
    """Short texts in three classes."""
    random = numpy.random.RandomState(5)
    words = list(WORDS) + list(extra)
    lines = [" ".join(random.choice(words, random.randint(3, 12))) for _ in range(600)]
    lines = [line.capitalize() + ("!" if place % 3 else ", or not?") for place, line in enumerate(lines)]
    label = numpy.array([("bad" if "storm" in line or "late" in line else "good" if "sun" in line else "none")
                         for line in lines])
    return lines, label
