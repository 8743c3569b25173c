"""An unmodified tritonclient over gRPC."""

import queue
import threading
import unittest

import grpc as plain
import numpy
from shared import HOST, ROWS, WHOLE, Questions, linear, rows
from tritonclient import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

WAIT = 30


class Grpc(Questions, unittest.TestCase):
    module = grpc

    def setUp(self):
        self.client = grpc.InferenceServerClient(HOST)
        self.addCleanup(self.client.close)

    def response(self, answer):
        return answer.get_response(as_json=True)

    def described(self, question, *of):
        return question(*of, as_json=True)

    def refused(self, *said, **asked):
        error = super().refused(*said, **asked)
        self.assertIn(error.status(), ("StatusCode.INVALID_ARGUMENT", "StatusCode.NOT_FOUND"))
        return error

    def test_typed_contents(self):
        fields = {"BOOL": "bool", "UINT64": "uint64", "INT64": "int64", "FP32": "fp32", "FP64": "fp64", "BYTES": "bytes"}
        request = service_pb2.ModelInferRequest(model_name="whole")
        for word, values in WHOLE.items():
            narrow = "uint" if word.startswith("UINT") else "int"
            tensor = request.inputs.add(name=f"in_{word.lower()}", datatype=word, shape=values.shape)
            getattr(tensor.contents, fields.get(word, narrow) + "_contents").extend(values.flatten().tolist())
        with plain.insecure_channel(HOST) as channel:
            answer = service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request)
        self.assertEqual(len(answer.raw_output_contents), len(answer.outputs))
        self.check_all(grpc.InferResult(answer), WHOLE)

    def test_compressed_both_ways(self):
        values = numpy.ones((2000, 4), numpy.float32)
        for how in ("gzip", "deflate", None):
            answer = self.client.infer("linear", rows(grpc, values), compression_algorithm=how)
            numpy.testing.assert_allclose(answer.as_numpy("y"), linear(values))

    def test_several_at_once(self):
        answers = queue.Queue()
        for number in range(50):
            self.client.async_infer(
                "linear",
                rows(grpc, ROWS + number),
                lambda result, error: answers.put((result, error)),
                request_id=str(number),
            )
        for _ in range(50):
            result, error = answers.get(timeout=WAIT)
            self.assertIsNone(error)
            number = int(result.get_response().id)
            numpy.testing.assert_allclose(result.as_numpy("y"), linear(ROWS + number))
        self.client.async_infer("nobody", rows(grpc), lambda result, error: answers.put((result, error)))
        result, error = answers.get(timeout=WAIT)
        self.assertEqual((result, error.status()), (None, "StatusCode.NOT_FOUND"))

    def test_a_stream_is_answered_in_order_and_goes_on_after_a_refusal(self):
        for how in (None, "gzip", "deflate"):
            answers = queue.Queue()
            self.client.start_stream(
                lambda result, error: answers.put((result, error)), compression_algorithm=how
            )
            models = ["nobody" if number % 5 == 3 else "linear" for number in range(40)]
            for number, model in enumerate(models):
                self.client.async_stream_infer(
                    model, rows(grpc, ROWS + number), request_id=str(number), enable_empty_final_response=True
                )
            for number, model in enumerate(models):
                result, error = answers.get(timeout=WAIT)
                if model == "nobody":
                    self.assertIn('there is no model "nobody"', error.message())
                    continue
                self.assertIsNone(error)
                response = result.get_response()
                self.assertEqual(response.id, str(number))
                self.assertTrue(response.parameters["triton_final_response"].bool_param)
                numpy.testing.assert_allclose(result.as_numpy("y"), linear(ROWS + number))
            self.client.stop_stream()

    def test_a_stream_that_is_left_does_no_harm(self):
        first = threading.Event()
        self.client.start_stream(lambda result, error: first.set())
        for number in range(2000):
            self.client.async_stream_infer("linear", rows(grpc), request_id=str(number))
        self.assertTrue(first.wait(WAIT))
        self.client.stop_stream(cancel_requests=True)
        numpy.testing.assert_allclose(self.client.infer("linear", rows(grpc)).as_numpy("y"), linear(ROWS))

    def test_a_client_that_does_not_wait_is_told_so(self):
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("linear", rows(grpc), client_timeout=1e-6)
        self.assertEqual(caught.exception.status(), "StatusCode.DEADLINE_EXCEEDED")
        self.client.infer("linear", rows(grpc), client_timeout=WAIT)

    def test_a_wrong_token_is_refused(self):
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("linear", rows(grpc), headers={"authorization": "Bearer none"})
        self.assertEqual(caught.exception.status(), "StatusCode.UNAUTHENTICATED")
        self.assertIn("token", caught.exception.message())

    def test_health(self):
        method = "/grpc.health.v1.Health/Check"
        with plain.insecure_channel(HOST) as channel:
            # An empty message asks about the whole server; field 1 of the answer is 1 when it serves.
            self.assertEqual(channel.unary_unary(method)(b""), b"\x08\x01")

    def test_too_much_is_refused(self):
        values = numpy.zeros((5_000_000, 4), numpy.float32)
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("linear", rows(grpc, values))
        self.assertEqual(caught.exception.status(), "StatusCode.RESOURCE_EXHAUSTED")
        self.assertIn("larger than", caught.exception.message())


if __name__ == "__main__":
    unittest.main()
