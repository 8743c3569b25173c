"""KServe's own inference clients, unmodified."""

import sys
import unittest
from pathlib import Path

import grpc
import httpx
import numpy
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import RequestedOutput

sys.path.insert(0, str(Path(__file__).parent.parent))

from values import HALF, HOST, URL, WHOLE, linear  # noqa: E402

ROWS = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)


def tensor(name, datatype, values, binary):
    given = InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def request(binary=True, rows=ROWS, **more):
    return InferRequest(model_name="linear", infer_inputs=[tensor("x", "FP32", rows, binary)], **more)


def every(values, model, binary):
    inputs = [tensor(f"in_{word.lower()}", word, values[word], binary) for word in values]
    return InferRequest(model_name=model, infer_inputs=inputs)


class Answers:
    def check(self, answer, expected):
        self.assertEqual(answer.model_name, "linear")
        numpy.testing.assert_allclose(answer.get_output_by_name("y").as_numpy(), expected)

    def check_all(self, answer, values):
        for word, expected in values.items():
            found = answer.get_output_by_name(f"out_{word.lower()}").as_numpy()
            if word == "BYTES":
                encode = numpy.vectorize(lambda text: text if isinstance(text, bytes) else text.encode(), [object])
                found = encode(found)
            numpy.testing.assert_array_equal(found, expected, word)


class Rest(Answers, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = InferenceRESTClient(RESTConfig(protocol="v2"))
        self.addAsyncCleanup(self.client.close)

    async def test_it_lives_and_is_ready(self):
        self.assertTrue(await self.client.is_server_live(URL))
        self.assertTrue(await self.client.is_server_ready(URL))
        self.assertTrue(await self.client.is_model_ready(URL, "linear"))
        self.assertFalse(await self.client.is_model_ready(URL, "nobody"))

    async def test_json_and_binary(self):
        for binary in (True, False):
            answer = await self.client.infer(URL, request(binary), model_name="linear")
            self.check(answer, linear(ROWS))

    async def test_binary_outputs(self):
        wanted = [RequestedOutput("y", parameters={"binary_data": True})]
        answer = await self.client.infer(URL, request(request_outputs=wanted), model_name="linear")
        self.check(answer, linear(ROWS))

    async def test_a_plain_dictionary(self):
        inputs = [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}]
        answer = await self.client.infer(URL, {"id": "7", "inputs": inputs}, model_name="linear")
        self.assertEqual(answer.id, "7")
        self.check(answer, [[30.5]])

    async def test_every_type(self):
        for binary in (True, False):
            answer = await self.client.infer(URL, every(WHOLE, "whole", binary), model_name="whole")
            self.check_all(answer, WHOLE)

    async def test_refusals_are_said(self):
        with self.assertRaises(httpx.HTTPStatusError) as caught:
            await self.client.infer(URL, request(), model_name="nobody")
        self.assertIn('there is no model "nobody"', str(caught.exception))
        with self.assertRaises(httpx.HTTPStatusError) as caught:
            await self.client.infer(URL, request(rows=ROWS[:, :3]), model_name="linear")
        self.assertIn("inputs[0].shape", str(caught.exception))


class Grpc(Answers, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = InferenceGRPCClient(HOST)
        self.addAsyncCleanup(self.client.close)

    async def test_it_lives_and_is_ready(self):
        self.assertTrue(await self.client.is_server_live())
        self.assertTrue(await self.client.is_server_ready())
        self.assertTrue(await self.client.is_model_ready("linear"))
        self.assertFalse(await self.client.is_model_ready("nobody"))

    async def test_raw_and_typed(self):
        for binary in (True, False):
            answer = await self.client.infer(request(binary))
            self.check(answer, linear(ROWS))
            self.check_all(await self.client.infer(every(WHOLE, "whole", binary)), WHOLE)

    async def test_refusals_are_said(self):
        for asked, code in (
            (request(rows=ROWS[:, :3]), grpc.StatusCode.INVALID_ARGUMENT),
            (InferRequest(model_name="nobody", infer_inputs=[]), grpc.StatusCode.NOT_FOUND),
        ):
            with self.assertLogs(level="ERROR"), self.assertRaises(grpc.RpcError) as caught:
                await self.client.infer(asked)
            self.assertEqual(caught.exception.code(), code)

    async def test_its_stub_reads_the_descriptions(self):
        async with grpc.aio.insecure_channel(HOST) as channel:
            stub = GRPCInferenceServiceStub(channel)
            server = await stub.ServerMetadata(messages.ServerMetadataRequest())
            self.assertEqual(server.name, "flightdeck")
            model = await stub.ModelMetadata(messages.ModelMetadataRequest(name="half"))
            self.assertEqual([tensor.datatype for tensor in model.inputs], ["FP16", "BF16"])

    async def test_half_precision(self):
        values = {"FP16": HALF.astype(numpy.float16)}
        asked = every(values, "half", True)
        half = InferInput("in_bf16", [2, 2], "BF16")
        half._raw_data = (HALF.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()
        asked.inputs.append(half)
        message = asked.to_grpc()
        answer = await self.client._client_stub.ModelInfer(message)
        found = numpy.frombuffer(answer.raw_output_contents[0], numpy.float16).reshape(2, 2)
        numpy.testing.assert_array_equal(found, values["FP16"])


if __name__ == "__main__":
    unittest.main()
