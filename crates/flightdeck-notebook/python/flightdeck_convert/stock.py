"""Conversion by skl2onnx: types in, options, and the converters of other libraries."""

from skl2onnx import convert_sklearn
from skl2onnx.algebra.onnx_operator import OnnxOperator
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common._registration import _converter_pool
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

from . import boosters, imputer, parsing, power, rebuild, trees
from .structure import kind, steps

OPSET = {"": 18, "ai.onnx.ml": 3}
CAST = {"A": True, "B": False, "C": False}


def install():
    """Registers what the stock converters lack; once for a process."""
    imputer.install()
    parsing.install()
    power.install()
    trees.install()
    boosters.install()
    # It only asserts, but asks every shared part again and again: minutes for the quantiles of thirty columns.
    OnnxOperator._verify_add_to_ = lambda self: None


def convert(model, plan, variant, text_options):
    """The model as ONNX with internal types; names and external types are the graph's business."""
    row = rebuild.pipeline(model, CAST[variant])
    number = FloatTensorType if variant == "B" else DoubleTensorType
    options = dict(text_options)
    options.update(last_options(steps(model)[-1]))
    return convert_sklearn(row, name="flightdeck", initial_types=initial_types(plan, number),
                           target_opset=OPSET, options=options or None)


def initial_types(plan, number):
    """A tensor for each column, or one matrix."""
    if plan.matrix:
        text = any(column.is_text() for column in plan.columns) and not plan.coded
        return [("X", (StringTensorType if text else number)([None, len(plan.columns)]))]
    return [(tensor, (StringTensorType if column.is_text() else number)([None, 1]))
            for tensor, column in zip(plan.tensors, plan.columns)]


def last_options(last):
    """Scores as a plain tensor, from those that know how."""
    if kind(last) == "LinearSVC":
        return {id(last): {"raw_scores": True}}
    alias = sklearn_operator_name_map.get(type(last))
    known = _converter_pool[alias].get_allowed_options() if alias in _converter_pool else None
    return {id(last): {"zipmap": False}} if known and "zipmap" in known else {}
