"""Makes the models in this folder. Versions: onnx 1.23.2, skl2onnx 1.20.0, scikit-learn 1.9.1, numpy 2.4.6, pandas.

    python make.py            writes the models
    python make.py check A B  runs both models on the same rows with ONNX Runtime and compares every output
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
OPSETS = {"": 18, "ai.onnx.ml": 3}


def save(name, model):
    onnx.checker.check_model(model)
    (HERE / name).write_bytes(model.SerializeToString(deterministic=True))


def sklearn_models():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(120, 4)).astype(np.float32)
    words = np.where(x[:, 0] + x[:, 1] > 0, "yes", "no")
    three = np.digitize(x[:, 0], [-0.5, 0.5])
    first = [("X", FloatTensorType([None, 4]))]

    logistic = LogisticRegression().fit(x, words)
    save("logistic_zipmap.onnx", convert_sklearn(logistic, initial_types=first, target_opset=OPSETS))
    plain = {id(logistic): {"zipmap": False}}
    save("logistic.onnx", convert_sklearn(logistic, initial_types=first, target_opset=OPSETS, options=plain))
    forest = RandomForestClassifier(3, max_depth=2, random_state=1).fit(x, three)
    save("forest_zipmap.onnx", convert_sklearn(forest, initial_types=first, target_opset=OPSETS))
    mlp = MLPClassifier((3,), max_iter=50, random_state=1).fit(x, three)
    options = {id(mlp): {"zipmap": False}}
    save("mlp_sklearn.onnx", convert_sklearn(mlp, initial_types=first, target_opset=OPSETS, options=options))
    save("regressor.onnx", convert_sklearn(LinearRegression().fit(x, x[:, 0] * 2), initial_types=first, target_opset=OPSETS))
    isolation = IsolationForest(n_estimators=2, max_samples=8, random_state=1).fit(x)
    save("isolation.onnx", to_onnx(isolation, initial_types=first, target_opset=OPSETS))

    table = pd.DataFrame({"hour": x[:, 0], "delay": x[:, 1], "carrier": np.where(x[:, 2] > 0, "AA", "UA")})
    numbers = make_pipeline(StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("n", numbers, ["hour", "delay"]), ("t", texts, ["carrier"])])
    pipeline = make_pipeline(columns, LogisticRegression()).fit(table, words)
    types = [("hour", FloatTensorType([None, 1])), ("delay", FloatTensorType([None, 1]))]
    types.append(("carrier", StringTensorType([None, 1])))
    options = {id(pipeline): {"zipmap": False}}
    save("mixed.onnx", convert_sklearn(pipeline, initial_types=types, target_opset=OPSETS, options=options))


def hand_made(external):
    rng = np.random.default_rng(3)
    w1, b1 = rng.normal(size=(4, 8)).astype(np.float32), np.zeros(8, np.float32)
    w2, b2 = rng.normal(size=(8, 3)).astype(np.float32), np.zeros(3, np.float32)
    tensors = [numpy_helper.from_array(value, name) for name, value in [("w1", w1), ("b1", b1), ("w2", w2), ("b2", b2)]]
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 3]),
        ],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="by hand", ir_version=8)
    helper.set_model_props(model, {"columns": '["a","b","c","d"]'})
    if not external:
        save("mlp.onnx", model)
        return
    onnx.save_model(
        model, HERE / "external.onnx", save_as_external_data=True, location="external.bin", size_threshold=0
    )


def check(first, second):
    import onnxruntime

    sessions = [onnxruntime.InferenceSession(path) for path in (first, second)]
    rows = {}
    for wanted in sessions[0].get_inputs():
        width = wanted.shape[-1]
        rows[wanted.name] = np.random.default_rng(5).normal(size=(50, width)).astype(np.float32)
    one, two = (session.run(None, rows) for session in sessions)
    for a, b in zip(one, two, strict=True):
        if isinstance(a, list):
            a = np.array([list(row.values()) for row in a], dtype=np.float32)
        assert (a == b).all(), (a, b)
    print("same", [output.name for output in sessions[1].get_outputs()], [o.shape for o in sessions[1].get_outputs()])


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(*sys.argv[2:])
    else:
        sklearn_models()
        hand_made(external=False)
        (HERE / "external.bin").unlink(missing_ok=True)
        hand_made(external=True)
