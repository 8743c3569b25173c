"""CatBoost writes ONNX itself; its last node, which makes a list of dictionaries, is left out."""

import os
import tempfile

import onnx
from onnx import TensorProto, compose, helper

from .messages import Refused
from .structure import kind, library, steps


def is_last(model):
    """Whether the last step is CatBoost's."""
    return library(steps(model)[-1]) == "catboost"


def is_alone(model):
    """Whether the only step is CatBoost's."""
    return is_last(model) and len(steps(model)) == 1


def convert(model, plan):
    """The exported model with the columns' matrix in front, or the converted steps before it."""
    row = steps(model)
    exported = export(row[-1])
    if len(row) == 1:
        return alone(exported, plan)
    return behind(row, plan, exported)


def export(model):
    """What CatBoost writes, without its ZipMap."""
    if model.get_cat_feature_indices():
        raise Refused(kind(model), "CatBoost refuses to export models with categorical features to ONNX",
                      "Encode the categories before CatBoost, for example with OrdinalEncoder, and leave cat_features out")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        model.save_model(path, format="onnx")
        exported = onnx.load(path)
    drop_zipmap(exported.graph)
    return exported


def drop_zipmap(graph):
    """Outputs what the ZipMap was given."""
    for node in [node for node in graph.node if node.op_type == "ZipMap"]:
        for value in [value for value in graph.output if value.name == node.output[0]]:
            graph.output.remove(value)
        value = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, None])
        for other in graph.node:
            for place, name in enumerate(other.output):
                if name == node.input[0]:
                    other.output[place] = "probabilities"
        graph.node.remove(node)
        graph.output.append(value)


def alone(exported, plan):
    """One matrix in single precision, named as the plan says; with the main operators, for what comes before it."""
    if all(opset.domain not in ("", "ai.onnx") for opset in exported.opset_import):
        exported.opset_import.append(helper.make_opsetid("", 18))
    exported.ir_version = max(exported.ir_version, 8)
    value = exported.graph.input[0]
    for node in exported.graph.node:
        for place, name in enumerate(node.input):
            if name == value.name:
                node.input[place] = "X"
    del exported.graph.input[:]
    exported.graph.input.append(helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, len(plan.columns)]))
    return exported


def behind(row, plan, exported):
    """Preprocessing in double precision, a cast, then CatBoost."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType
    from skl2onnx.sklapi import CastTransformer
    from sklearn.pipeline import Pipeline

    from .stock import OPSET, initial_types

    import numpy

    before = Pipeline([("step%d" % number, step) for number, step in enumerate(row[:-1])]
                      + [("cast", CastTransformer(dtype=numpy.float32))])
    first = convert_sklearn(before, name="flightdeck", initial_types=initial_types(plan, DoubleTensorType),
                            target_opset=OPSET)
    second = compose.add_prefix(exported, "boosted_", rename_outputs=False, rename_inputs=False)
    del second.opset_import[:]
    second.opset_import.extend(first.opset_import)
    second.ir_version = first.ir_version
    return compose.merge_models(first, second, io_map=[(first.graph.output[0].name, second.graph.input[0].name)])
