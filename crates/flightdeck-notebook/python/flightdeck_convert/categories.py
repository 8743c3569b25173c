"""Categories of a data frame that a boosting model was given as such."""

from .structure import library, steps


def coded(model, columns):
    """The categories by column position, in the order of the codes that the model learned; empty when it has none."""
    row = steps(model)
    if len(row) != 1 or library(row[0]) not in ("lightgbm", "xgboost", "flightdeck_convert"):
        return {}
    places = [column.position for column in columns if column.kind == "category"]
    known = learned(row[0])
    if known is not None and len(known) == len(places):
        return dict(zip(places, known))
    return {column.position: column.categories or [] for column in columns if column.kind == "category"}


def learned(model):
    """What LightGBM keeps; XGBoost takes the codes of the training data."""
    booster = getattr(model, "booster_", None)
    return getattr(booster, "pandas_categorical", None) or None
