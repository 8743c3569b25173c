"""Makes the tiny models of the runner's tests. Needs onnx 1.23, and for `text` skl2onnx 1.20 with scikit-learn 1.9.

The models are committed."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]


def save(name, nodes, inputs, outputs, initializers):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def weights(name, values):
    return numpy_helper.from_array(np.asarray(values, np.float32), name)


def linear(name, factors, offset):
    """y = x · factors + offset, four columns."""
    save(
        name,
        [helper.make_node("MatMul", ["x", "w"], ["xw"]), helper.make_node("Add", ["xw", "b"], ["y"])],
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, ["N", 1])],
        [weights("w", np.reshape(factors, (4, 1))), weights("b", [offset])],
    )


def classes():
    """sigmoid(0.1 · age + 2 · (city is Rome) - 3) is the score of "yes"."""
    encode = helper.make_node(
        "LabelEncoder", ["city"], ["code"], domain="ai.onnx.ml",
        keys_strings=["Bonn", "Rome"], values_floats=[0.0, 1.0], default_float=0.5,
    )
    classify = helper.make_node(
        "LinearClassifier", ["row"], ["label", "scores"], domain="ai.onnx.ml",
        coefficients=[-0.1, -2.0, 0.1, 2.0], intercepts=[3.0, -3.0],
        classlabels_strings=["no", "yes"], post_transform="LOGISTIC",
    )
    save(
        "classes",
        [encode, helper.make_node("Concat", ["age", "code"], ["row"], axis=1), classify],
        [tensor("age", TensorProto.FLOAT, ["N", 1]), tensor("city", TensorProto.STRING, ["N", 1])],
        [tensor("label", TensorProto.STRING, ["N"]), tensor("scores", TensorProto.FLOAT, ["N", 2])],
        [],
    )


def slow():
    """Some ten milliseconds a row: four columns widened and multiplied by one matrix again and again."""
    size, depth = 256, 400
    nodes = [helper.make_node("MatMul", ["x", "wide"], ["h0"])]
    nodes += [helper.make_node("MatMul", [f"h{i}", "m"], [f"h{i + 1}"]) for i in range(depth)]
    nodes += [helper.make_node("ReduceMean", [f"h{depth}", "axes"], ["y"], keepdims=1)]
    matrix = np.eye(size, dtype=np.float32)
    save(
        "slow",
        nodes,
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, ["N", 1])],
        [weights("wide", np.ones((4, size))), weights("m", matrix),
         numpy_helper.from_array(np.asarray([1], np.int64), "axes")],
    )


def bomb():
    """Wants 16 TB as soon as it is run, and does not say so: the size is a product."""
    side = numpy_helper.from_array(np.asarray([1 << 21], np.int64), "side")
    save(
        "bomb",
        [
            helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["side", "side"], ["size"]),
            helper.make_node("Expand", ["sum", "size"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["y"], keepdims=0),
        ],
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, [])],
        [side],
    )


def picky():
    """Answers 7 when the first column is in [0, 1) and fails at everything else, as a table that is too short does."""
    save(
        "picky",
        [
            helper.make_node("Slice", ["x", "start", "end", "axis"], ["first"]),
            helper.make_node("Cast", ["first"], ["place"], to=TensorProto.INT64),
            helper.make_node("Gather", ["table", "place"], ["y"]),
        ],
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, ["N", 1])],
        [weights("table", [7.0])]
        + [numpy_helper.from_array(np.asarray([value], np.int64), name)
           for name, value in [("start", 0), ("end", 1), ("axis", 1)]],
    )


def split():
    """y = 4 · f0 + 2 · f2 - 1 of two columns that are inputs of their own, as doubles."""
    numbers = [numpy_helper.from_array(np.asarray([value]), name) for name, value in [("four", 4.0), ("two", 2.0), ("one", 1.0)]]
    save(
        "split",
        [
            helper.make_node("Mul", ["f2", "two"], ["b"]),
            helper.make_node("Mul", ["f0", "four"], ["a"]),
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Sub", ["sum", "one"], ["y"]),
        ],
        [tensor("f2", TensorProto.DOUBLE, ["N", 1]), tensor("f0", TensorProto.DOUBLE, ["N", 1])],
        [tensor("y", TensorProto.DOUBLE, ["N", 1])],
        numbers,
    )


def kinds():
    """Every element type comes back as it is."""
    types = ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FLOAT16", "BFLOAT16",
             "FLOAT", "DOUBLE", "STRING"]
    ends = [(kind.lower(), getattr(TensorProto, kind)) for kind in types]
    save(
        "kinds",
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name, _ in ends],
        [tensor(f"in_{name}", kind, ["N", 2]) for name, kind in ends],
        [tensor(f"out_{name}", kind, ["N", 2]) for name, kind in ends],
        [],
    )


def half():
    """y = x + 0.5 in half precision, four columns."""
    offset = numpy_helper.from_array(np.asarray([0.5], np.float16), "b")
    save(
        "half",
        [helper.make_node("Add", ["x", "b"], ["y"])],
        [tensor("x", TensorProto.FLOAT16, ["N", 4])],
        [tensor("y", TensorProto.FLOAT16, ["N", 4])],
        [offset],
    )


def value(name, kind, values):
    return numpy_helper.from_array(np.asarray(values, kind), name)


def hostile():
    """Answers the sum of a row, while its first column is below 1000. From there on a loop never ends; at -1 and below it
    wants as many gigabytes as the number says, without its sign."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["more"], ["again"]),
         helper.make_node("MatMul", ["state", "m"], ["next"])],
        "body",
        [tensor("round", TensorProto.INT64, []), tensor("more", TensorProto.BOOL, []),
         tensor("state", TensorProto.FLOAT, [64, 64])],
        [tensor("again", TensorProto.BOOL, []), tensor("next", TensorProto.FLOAT, [64, 64])],
    )
    nodes = [
        helper.make_node("Slice", ["x", "start", "end", "axis"], ["column"]),
        helper.make_node("ReduceMax", ["column"], ["most"], keepdims=0),
        helper.make_node("GreaterOrEqual", ["most", "limit"], ["loops"]),
        helper.make_node("Loop", ["", "loops", "square"], ["state_out"], body=body),
        helper.make_node("ReduceMin", ["column"], ["least"], keepdims=0),
        helper.make_node("Neg", ["least"], ["wanted"]),
        helper.make_node("Max", ["wanted", "none"], ["gigabytes"]),
        helper.make_node("Mul", ["gigabytes", "numbers"], ["count"]),
        helper.make_node("Add", ["count", "one"], ["size_float"]),
        helper.make_node("Cast", ["size_float"], ["size_one"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["size_one", "flat"], ["size"]),
        helper.make_node("Expand", ["none", "size"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["nothing"], keepdims=0),
        helper.make_node("ReduceSum", ["state_out"], ["state_sum"], keepdims=0),
        helper.make_node("Mul", ["state_sum", "none"], ["nought"]),
        helper.make_node("ReduceSum", ["x", "axis"], ["sum"], keepdims=1),
        helper.make_node("Add", ["sum", "nothing"], ["with_nothing"]),
        helper.make_node("Add", ["with_nothing", "nought"], ["y"]),
    ]
    save(
        "hostile",
        nodes,
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, ["N", 1])],
        [value("start", np.int64, [0]), value("end", np.int64, [1]), value("axis", np.int64, [1]),
         value("limit", np.float32, 1000.0), value("none", np.float32, 0.0), value("one", np.float32, 1.0),
         value("numbers", np.float32, float(1 << 28)), value("flat", np.int64, [1]),
         weights("square", np.zeros((64, 64))), weights("m", np.eye(64))],
    )


def together():
    """Each row's sum less the mean of the rows that it came with."""
    save(
        "together",
        [
            helper.make_node("ReduceSum", ["x", "columns"], ["sum"], keepdims=1),
            helper.make_node("ReduceMean", ["sum", "rows"], ["mean"], keepdims=1),
            helper.make_node("Sub", ["sum", "mean"], ["y"]),
        ],
        [tensor("x", TensorProto.FLOAT, ["N", 4])],
        [tensor("y", TensorProto.FLOAT, ["N", 1])],
        [value("columns", np.int64, [1]), value("rows", np.int64, [0])],
    )


def text():
    """Words weighted by how rare they are, and a logistic regression on them."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = ["late flight again", "on time and friendly", "late and rude", "great crew on time", "never again",
             "friendly crew"]
    labels = np.array(["bad", "good", "bad", "good", "bad", "good"])
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    model = convert_sklearn(
        pipeline,
        initial_types=[("text", StringTensorType([None, 1]))],
        target_opset={"": 18, "ai.onnx.ml": 3},
        options={id(pipeline): {"zipmap": False}},
    )
    model.graph.name = "text"
    with open("text.onnx", "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


linear("linear", [1, 2, 3, 4], 0.5)
linear("other", [4, 3, 2, 1], -1.0)
classes()
slow()
bomb()
picky()
split()
kinds()
half()
hostile()
together()
text()
