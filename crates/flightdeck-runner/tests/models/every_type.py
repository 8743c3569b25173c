"""Writes the models of every type: what goes in comes out. Run with the converter's overlay on PYTHONPATH."""

import pathlib

import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).parent

WHOLE = ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FLOAT", "DOUBLE", "STRING"]
WORDS = {"FLOAT": "fp32", "DOUBLE": "fp64", "STRING": "bytes", "FLOAT16": "fp16", "BFLOAT16": "bf16"}


def write(name, types):
    nodes, inputs, outputs = [], [], []
    for element in types:
        word = WORDS.get(element, element.lower())
        kind = getattr(TensorProto, element)
        inputs.append(helper.make_tensor_value_info(f"in_{word}", kind, ["rows", 2]))
        outputs.append(helper.make_tensor_value_info(f"out_{word}", kind, ["rows", 2]))
        nodes.append(helper.make_node("Identity", [f"in_{word}"], [f"out_{word}"]))
    graph = helper.make_graph(nodes, name, inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")


write("whole", WHOLE)
write("half", ["FLOAT16", "BFLOAT16"])
