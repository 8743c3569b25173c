"""The asynchronous clients of an unmodified tritonclient."""

import asyncio
import unittest

import numpy
import tritonclient.grpc as grpc
import tritonclient.grpc.aio as grpc_aio
import tritonclient.http as http
import tritonclient.http.aio as http_aio
from shared import HOST, ROWS, linear, rows
from tritonclient.utils import InferenceServerException


class Both:
    """A subclass sets `aio`, and `module` with the tensors."""

    async def asyncSetUp(self):
        self.client = self.aio.InferenceServerClient(HOST)
        self.addAsyncCleanup(self.client.close)

    async def test_it_is_ready_and_described(self):
        self.assertTrue(await self.client.is_server_live())
        self.assertTrue(await self.client.is_server_ready())
        self.assertTrue(await self.client.is_model_ready("linear"))
        self.assertFalse(await self.client.is_model_ready("nobody"))
        await self.client.get_server_metadata()
        await self.client.get_model_metadata("linear")
        await self.client.get_model_config("linear")
        await self.client.get_model_repository_index()
        await self.client.get_inference_statistics("linear")

    async def test_many_at_once(self):
        async def one(number):
            answer = await self.client.infer("linear", rows(self.module, ROWS + number))
            numpy.testing.assert_allclose(answer.as_numpy("y"), linear(ROWS + number))

        await asyncio.gather(*(one(number) for number in range(100)))

    async def test_refusals_are_said(self):
        with self.assertRaises(InferenceServerException) as caught:
            await self.client.infer("nobody", rows(self.module))
        self.assertIn('there is no model "nobody"', caught.exception.message())

    async def test_one_that_is_cancelled_does_no_harm(self):
        asked = [asyncio.ensure_future(self.client.infer("linear", rows(self.module))) for _ in range(20)]
        await asyncio.sleep(0)
        for question in asked[::2]:
            question.cancel()
        found = await asyncio.gather(*asked, return_exceptions=True)
        for answer in found[1::2]:
            numpy.testing.assert_allclose(answer.as_numpy("y"), linear(ROWS))


class Http(Both, unittest.IsolatedAsyncioTestCase):
    aio, module = http_aio, http

    async def test_compressed_both_ways(self):
        for how in ("gzip", "deflate"):
            answer = await self.client.infer(
                "linear", rows(http), request_compression_algorithm=how, response_compression_algorithm=how
            )
            numpy.testing.assert_allclose(answer.as_numpy("y"), linear(ROWS))


class Grpc(Both, unittest.IsolatedAsyncioTestCase):
    aio, module = grpc_aio, grpc

    async def test_a_stream(self):
        async def questions():
            for number in range(20):
                model = "nobody" if number == 7 else "linear"
                yield {"model_name": model, "inputs": rows(grpc, ROWS + number), "request_id": str(number)}

        number = 0
        async for result, error in self.client.stream_infer(questions()):
            if number == 7:
                self.assertIn("nobody", error.message())
            else:
                self.assertIsNone(error)
                self.assertEqual(result.get_response().id, str(number))
                numpy.testing.assert_allclose(result.as_numpy("y"), linear(ROWS + number))
            number += 1
        self.assertEqual(number, 20)

    async def test_compressed(self):
        for how in ("gzip", "deflate"):
            answer = await self.client.infer("linear", rows(grpc), compression_algorithm=how)
            numpy.testing.assert_allclose(answer.as_numpy("y"), linear(ROWS))


if __name__ == "__main__":
    unittest.main()
