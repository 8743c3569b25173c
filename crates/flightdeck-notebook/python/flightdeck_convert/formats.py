"""Exported model files, each opened by its own library."""

import importlib
import os
import re

from . import stream
from .messages import Refused, describe

FLAVOURS = (("sklearn", "pickled_model", "pickle"), ("xgboost", "data", "xgboost"), ("lightgbm", "data", "lightgbm"),
            ("catboost", "data", "catboost"))
SKOPS = (0, 12)


def load(path, kind, consent):
    """The model in a file."""
    loaders = {"xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost, "skops": skops, "pickle": pickled,
               "mlflow": mlflow}
    return loaders[kind](path, consent)


def library(name, what):
    """A library, or the answer that it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Refused(what, "%s is not installed in this environment (%s)" % (name, describe(error)),
                      "Choose an environment that has %s, or install it there" % name)


def attempt(what, action):
    """Opens a file; a library may fail in any way."""
    try:
        return action()
    except Refused:
        raise
    except Exception as error:
        raise Refused(what, "the file cannot be opened: %s" % describe(error),
                      "Export the model again, with the version of the library that is installed here")


def xgboost(path, _consent):
    """JSON or UBJSON."""
    module = library("xgboost", "XGBoost model")
    return attempt("XGBoost model", lambda: module.Booster(model_file=path))


def lightgbm(path, _consent):
    """Text."""
    module = library("lightgbm", "LightGBM model")
    return attempt("LightGBM model", lambda: module.Booster(model_file=path))


def catboost(path, _consent):
    """cbm; a classifier where the file knows classes."""
    module = library("catboost", "CatBoost model")

    def opened():
        model = module.CatBoost().load_model(path)
        names = list(getattr(model, "classes_", None) or []) if not hasattr(model.classes_, "tolist") else (
            model.classes_.tolist())
        cls = module.CatBoostClassifier if names else module.CatBoostRegressor
        return cls().load_model(path)
    return attempt("CatBoost model", opened)


def skops(path, _consent):
    """Only when it holds nothing but known types."""
    module = library("skops.io", "skops file")
    version = importlib.import_module("skops").__version__
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < SKOPS:
        raise Refused("skops file", "skops %s can be made to run code by a file" % version,
                      "Update skops to 0.12 or newer in this environment")
    unknown = attempt("skops file", lambda: module.get_untrusted_types(file=path))
    if unknown:
        raise Refused("skops file", "it holds types that are not known to be safe: %s" % ", ".join(unknown[:5]),
                      "Export the model as ONNX, or in the format of its own library")
    return attempt("skops file", lambda: module.load(path, trusted=[]))


def pickled(path, consent):
    """With consent, and only what this version of scikit-learn wrote."""
    if not consent:
        raise Refused("pickle", "a pickle carries code, which runs when it is opened",
                      "Open it with consent, if you know who made it; or export the model as ONNX")
    same_version(path)
    try:
        loader = importlib.import_module("joblib").load
    except ImportError:
        loader = plain
    return attempt("pickle", lambda: loader(path))


def plain(path):
    """Without joblib."""
    import pickle
    with open(path, "rb") as file:
        return pickle.load(file)


def same_version(path):
    """Another minor version reads fitted models wrongly, often without saying so."""
    wanted = attempt("pickle", lambda: stream.sklearn_versions(path))
    if not wanted:
        return
    here = library("sklearn", "pickle").__version__
    other = [version for version in wanted if stream.minor(version) != stream.minor(here)]
    if other:
        raise Refused("pickle", "it was saved with scikit-learn %s; this environment has %s" % (other[0], here),
                      "Choose an environment with scikit-learn==%s.*, or have one built" % stream.minor(other[0]))


def mlflow(path, consent):
    """The first Python flavour whose file is there."""
    with open(os.path.join(path, "MLmodel"), encoding="utf-8") as file:
        flavours = sections(file.read(1 << 20))
    for name, key, kind in FLAVOURS:
        target = flavours.get(name, {}).get(key)
        if target is None:
            continue
        inner = os.path.join(path, *plain_parts(target))
        if kind != "pickle" and inner.endswith((".pkl", ".pickle", ".joblib")):
            kind = "pickle"
        return load(inner, kind, consent)
    raise Refused("MLflow model", "it has none of the flavours sklearn, xgboost, lightgbm, catboost",
                  "Log the model with one of these flavours, or export it as ONNX")


def sections(text):
    """Flavours and their plain settings; the little of YAML that MLflow writes here."""
    found, flavour, inside = {}, None, False
    for line in text.splitlines():
        if not line.startswith(" "):
            inside = line.strip() == "flavors:"
        elif inside and re.match(r"  [A-Za-z_]\w*:\s*$", line):
            flavour = found.setdefault(line.strip()[:-1], {})
        elif inside and flavour is not None and re.match(r"    [A-Za-z_]\w*:", line):
            key, value = line.strip().split(":", 1)
            flavour[key] = value.strip().strip("'\"") or None
    return found


def plain_parts(target):
    """A path that stays inside its folder."""
    parts = target.split("/")
    if target.startswith("/") or "\\" in target or ":" in target or any(part in ("", ".", "..") for part in parts):
        raise Refused("MLflow model", "its path %r leads out of the folder" % target, "Log the model again")
    return parts
