"""A BentoML service for ONNX Runtime; the model's path is in FLIGHTDECK_MODEL. Served as `bentoml_service:Onnx`."""

import os

import bentoml
import numpy
import onnxruntime

types = {"float32": "FP32", "int64": "INT64"}


@bentoml.service(workers=1, metrics={"enabled": True}, traffic={"timeout": 30}, logging={"access": {"enabled": False}})
class Onnx:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = os.environ["FLIGHTDECK_MODEL"]
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    @bentoml.api
    def infer(self, inputs: list[dict]) -> dict:
        x = inputs[0]
        array = numpy.array(x["data"], dtype=numpy.float32).reshape(x["shape"])
        outputs = [
            {"name": n, "datatype": types[str(v.dtype)], "shape": list(v.shape), "data": v.ravel().tolist()}
            for n, v in zip(self.names, self.session.run(None, {x["name"]: array}))
        ]
        return {"model_name": "m", "model_version": "1", "outputs": outputs}
