"""KServe's Python server with a model for ONNX Runtime: MODEL PORT GRPC_PORT."""

import sys

import onnxruntime
from kserve import InferOutput, InferResponse, Model, ModelServer

types = {"float32": "FP32", "int64": "INT64"}


class Onnx(Model):
    def __init__(self, path):
        super().__init__("m")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        x = payload.inputs[0]
        outputs = []
        # Its binary and gRPC answers are raw when the output says so.
        is_raw = payload.from_grpc or bool(payload.use_binary_outputs)
        for name, value in zip(self.names, self.session.run(None, {x.name: x.as_numpy()})):
            output = InferOutput(name=name, shape=list(value.shape), datatype=types[str(value.dtype)])
            output.set_data_from_numpy(value, binary_data=is_raw)
            outputs.append(output)
        return InferResponse(payload.id or "1", self.name, outputs, use_binary_outputs=is_raw)


if __name__ == "__main__":
    server = ModelServer(http_port=int(sys.argv[2]), grpc_port=int(sys.argv[3]), workers=1, enable_docs_url=False)
    server.start([Onnx(sys.argv[1])])
