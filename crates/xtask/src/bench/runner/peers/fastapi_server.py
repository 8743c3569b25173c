"""FastAPI and ONNX Runtime, as one writes it by hand: MODEL PORT."""

import sys

import numpy
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
types = {"float32": "FP32", "int64": "INT64"}
app = FastAPI()


@app.post("/v2/models/m/infer")
async def infer(request: Request):
    body = await request.json()
    x = body["inputs"][0]
    array = numpy.array(x["data"], dtype=numpy.float32).reshape(x["shape"])
    outputs = [
        {"name": name, "datatype": types[str(value.dtype)], "shape": list(value.shape), "data": value.ravel().tolist()}
        for name, value in zip(names, session.run(None, {x["name"]: array}))
    ]
    return JSONResponse({"model_name": "m", "model_version": "1", "outputs": outputs})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), loop="uvloop", http="httptools", log_level="warning")
