"""The variants of a conversion, tried as asked for, each written to its own file."""

import os
import warnings

from onnx import checker

from . import boosters, catboost, categories, columns, graph, outputs, rebuild, refusals, stock, text, unknowns
from .messages import Refused, describe


class Conversion(object):
    """Everything that is the same for each variant of one candidate."""

    def __init__(self, model, all_columns, array_input, singles=False):
        self.singles = singles
        boosters.check(model)
        self.model = boosters.wrap(model)
        refusals.check(self.model)
        coded = categories.coded(self.model, all_columns)
        rebuild.prepare(self.model)
        self.treatments = unknowns.treatments(self.model, all_columns, coded)
        shape = (array_input or matrix(self.model, all_columns, coded), coded)
        self.plan = columns.Plan(all_columns, array_input, shape)
        self.text_options, self.findings = text.options(self.model, text.sample(all_columns))
        stock.install()
        self.values = 0

    def make(self, variant):
        """The finished ONNX model of a variant."""
        boosters.Rounding.down = self.singles or variant == "B"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if catboost.is_last(self.model):
                model = catboost.convert(self.model, self.plan)
            else:
                model = stock.convert(self.model, self.plan, variant, self.text_options)
        graph.finish(model, self.plan)
        graph.widen(model, self.values)
        checker.check_model(model)
        return model


def matrix(model, all_columns, coded):
    """Whether columns are one matrix inside: no step tells them apart, and they have one type."""
    if rebuild.takes_columns(model) or not all_columns:
        return False
    texts = [column.is_text() for column in all_columns]
    return bool(coded) or not any(texts) or all(texts)


def climb(conversion, variants, target):
    """Tries each variant; what each gave, and the last model that came out."""
    rungs, made = [], None
    for variant in variants:
        name = native(conversion.model) or variant
        try:
            model = conversion.make(variant)
        except Refused:
            raise
        except Exception as error:  # a converter may raise anything; the message is what is left of it
            rungs.append({"variant": name, "ok": False, "file": None, "error": describe(error)})
            continue
        path = "%s/%s.onnx" % (target[1], name)
        with open(os.path.join(target[0], path), "wb") as file:
            file.write(graph.to_bytes(model))
        rungs.append({"variant": name, "ok": True, "file": path, "error": None})
        made = model
        if name == "native":
            break
    return rungs, made


def native(model):
    """Boosters and CatBoost have one conversion of their own."""
    return "native" if catboost.is_alone(model) or type(model).__name__.endswith("Booster") else None


def described(conversion, model):
    """The outputs of a converted model."""
    return outputs.describe(conversion.model, model.graph)
