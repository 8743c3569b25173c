"""An unmodified tritonclient over HTTP."""

import unittest

import numpy
from shared import HALVES, HOST, ROWS, WHOLE, Questions, linear, rows
from tritonclient import http
from tritonclient.utils import InferenceServerException


class Http(Questions, unittest.TestCase):
    module = http

    def setUp(self):
        self.client = http.InferenceServerClient(HOST, concurrency=8)
        self.addCleanup(self.client.close)

    def response(self, answer):
        return answer.get_response()

    def described(self, question, *of):
        return question(*of)

    def test_json_both_ways(self):
        outputs = [http.InferRequestedOutput(f"out_{word.lower()}", binary_data=False) for word in WHOLE]
        answer = self.client.infer("whole", self.every(WHOLE, binary_data=False), outputs=outputs)
        for output in self.response(answer)["outputs"]:
            self.assertIn("data", output)
            self.assertNotIn("binary_data_size", output.get("parameters", {}))
        for word, expected in WHOLE.items():
            found = answer.as_numpy(f"out_{word.lower()}")
            if word == "BYTES":
                found = numpy.vectorize(lambda text: text if isinstance(text, bytes) else text.encode(), [object])(found)
            numpy.testing.assert_array_equal(found, expected, word)

    def test_json_in_and_binary_out(self):
        answer = self.client.infer("whole", self.every(WHOLE, binary_data=False))
        self.check_all(answer, WHOLE)

    def test_binary_in_and_json_out(self):
        output = [http.InferRequestedOutput("y", binary_data=False)]
        answer = self.client.infer("linear", rows(http), outputs=output)
        numpy.testing.assert_allclose(answer.as_numpy("y"), linear(ROWS))
        self.assertIn("data", self.response(answer)["outputs"][0])

    def test_half_precision_as_json_is_refused(self):
        output = [http.InferRequestedOutput("out_fp16", binary_data=False)]
        self.refused("binary", model_name="half", inputs=self.every(HALVES), outputs=output)

    def test_binary_and_json_in_one_request(self):
        some = dict(list(WHOLE.items())[:5])
        others = {word: values for word, values in WHOLE.items() if word not in some}
        inputs = self.every(some, binary_data=False) + self.every(others)
        self.check_all(self.client.infer("whole", inputs), WHOLE)

    def test_compressed_both_ways(self):
        values = numpy.ones((2000, 4), numpy.float32)
        for there in (None, "gzip", "deflate"):
            for back in (None, "gzip", "deflate"):
                for binary in (True, False):
                    answer = self.client.infer(
                        "linear",
                        rows(http, values, binary_data=binary),
                        request_compression_algorithm=there,
                        response_compression_algorithm=back,
                    )
                    numpy.testing.assert_allclose(answer.as_numpy("y"), linear(values), err_msg=f"{there} {back}")

    def test_several_at_once(self):
        asked = [rows(http, ROWS + number) for number in range(50)]
        waiting = [self.client.async_infer("linear", inputs, request_id=str(place)) for place, inputs in enumerate(asked)]
        for number, answer in enumerate(waiting):
            found = answer.get_result()
            self.assertEqual(found.get_response()["id"], str(number))
            numpy.testing.assert_allclose(found.as_numpy("y"), linear(ROWS + number))
        with self.assertRaises(InferenceServerException):
            self.client.async_infer("nobody", rows(http)).get_result()

    def test_a_body_made_by_hand(self):
        body, size = http.InferenceServerClient.generate_request_body(rows(http))
        answer = self.client._post(  # The client's own way to send such a body.
            "v2/models/linear/infer", body, {"Inference-Header-Content-Length": str(size)}, None
        )
        length = answer.get("Inference-Header-Content-Length")
        found = http.InferenceServerClient.parse_response_body(answer.read(), header_length=length and int(length))
        numpy.testing.assert_allclose(found.as_numpy("y"), linear(ROWS))

    def test_a_wrong_token_is_refused(self):
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("linear", rows(http), headers={"Authorization": "Bearer none"})
        self.assertIn("token", caught.exception.message())


if __name__ == "__main__":
    unittest.main()
