"""What is asked the same way over HTTP and over gRPC, given a client and its module."""

import sys
from pathlib import Path

import ml_dtypes
import numpy
from tritonclient.utils import InferenceServerException

sys.path.insert(0, str(Path(__file__).parent.parent))

from values import HALF, HOST, WHOLE, linear  # noqa: E402

ROWS = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
HALVES = {"FP16": HALF.astype(numpy.float16), "BF16": HALF.astype(ml_dtypes.bfloat16)}

__all__ = ["HALVES", "HOST", "ROWS", "WHOLE", "Questions", "given", "linear", "rows"]


def given(module, name, datatype, values, **how):
    tensor = module.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values, **how)
    return tensor


def rows(module, values=ROWS, **how):
    return [given(module, "x", "FP32", values, **how)]


class Questions:
    """Tests of both forms. A subclass sets `module` and `client`."""

    def refused(self, *said, **asked):
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer(**asked)
        for word in said:
            self.assertIn(word, caught.exception.message())
        return caught.exception

    def check_all(self, answer, values):
        for datatype, expected in values.items():
            found = answer.as_numpy(f"out_{datatype.lower()}")
            self.assertEqual(found.dtype, expected.dtype)
            numpy.testing.assert_array_equal(found, expected, datatype)

    def every(self, values, **how):
        name = {datatype: f"in_{datatype.lower()}" for datatype in values}
        return [given(self.module, name[datatype], datatype, values[datatype], **how) for datatype in values]

    def test_it_lives_and_is_ready(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("linear"))
        self.assertFalse(self.client.is_model_ready("nobody"))
        self.assertFalse(self.client.is_model_ready("linear", "7"))

    def test_every_type_comes_back_as_it_went(self):
        self.check_all(self.client.infer("whole", self.every(WHOLE)), WHOLE)

    def test_half_precision_comes_back_as_it_went(self):
        self.check_all(self.client.infer("half", self.every(HALVES)), HALVES)

    def test_nan_and_infinity_travel(self):
        values = numpy.array([[numpy.nan, numpy.inf, -numpy.inf, 0]], dtype=numpy.float32)
        found = self.client.infer("linear", rows(self.module, values)).as_numpy("y")
        self.assertTrue(numpy.isnan(found).all())

    def test_many_rows(self):
        values = numpy.random.default_rng(1).random((5000, 4), dtype=numpy.float32)
        found = self.client.infer("linear", rows(self.module, values)).as_numpy("y")
        numpy.testing.assert_allclose(found, linear(values), rtol=1e-5)

    def test_columns_of_several_types(self):
        cities = numpy.array([[b"Rome"], [b"Bonn"]], dtype=object)
        ages = numpy.array([[10], [90]], dtype=numpy.float32)
        inputs = [given(self.module, "city", "BYTES", cities), given(self.module, "age", "FP32", ages)]
        answer = self.client.infer("classes", inputs)
        for output in self.response(answer)["outputs"]:
            self.assertEqual(answer.as_numpy(output["name"]).shape[0], 2)

    def test_ids_and_parameters(self):
        asked = {"model_name": "linear", "inputs": rows(self.module)}
        answer = self.response(self.client.infer(request_id="ü-7", **asked))
        self.assertEqual(answer["id"], "ü-7")
        self.assertEqual(answer.get("model_name"), "linear")
        self.assertEqual(len(answer["model_version"]), 64)
        self.assertIn(self.response(self.client.infer(**asked)).get("id"), (None, ""))
        told = {"a": 1, "b": "two", "c": True}
        self.client.infer(parameters=told, priority=1, timeout=30_000_000, sequence_id=5, **asked)

    def test_versions(self):
        inputs = rows(self.module)
        version = self.response(self.client.infer("linear", inputs))["model_version"]
        found = self.client.infer("linear", inputs, model_version=version).as_numpy("y")
        numpy.testing.assert_allclose(found, linear(ROWS))
        self.assertTrue(self.client.is_model_ready("linear", version))
        self.refused('there is no version "7"', model_name="linear", inputs=inputs, model_version="7")

    def test_selected_outputs_come_in_their_order(self):
        wanted = ["out_fp64", "out_bool", "out_bytes"]
        outputs = [self.module.InferRequestedOutput(name) for name in wanted]
        answer = self.client.infer("whole", self.every(WHOLE), outputs=outputs)
        self.assertEqual([output["name"] for output in self.response(answer)["outputs"]], wanted)
        self.check_all(answer, {name: WHOLE[name] for name in ("FP64", "BOOL", "BYTES")})
        self.assertIsNone(answer.as_numpy("out_fp32"))
        unknown = [self.module.InferRequestedOutput("z")]
        self.refused('no output "z"', model_name="linear", inputs=rows(self.module), outputs=unknown)

    def test_classification_is_refused(self):
        top = [self.module.InferRequestedOutput("y", class_count=2)]
        self.refused("classification", model_name="linear", inputs=rows(self.module), outputs=top)

    def test_what_does_not_fit_is_refused_with_its_place(self):
        one = ROWS[:1]
        cases = [
            ("nobody", rows(self.module), 'there is no model "nobody"'),
            # Over HTTP it is another address: the client leaves slashes as they are.
            ("../../etc/passwd", rows(self.module), "there is no"),
            ("linear", [given(self.module, "z", "FP32", ROWS)], "inputs[0].name"),
            ("linear", [given(self.module, "x", "FP64", ROWS.astype(numpy.float64))], "inputs[0].datatype"),
            ("linear", rows(self.module, one[0]), "inputs[0].shape"),
            ("linear", rows(self.module, numpy.zeros((1, 5), numpy.float32)), "inputs[0].shape"),
            ("linear", rows(self.module) * 2, "input"),
        ]
        for model, inputs, said in cases:
            self.refused(said, model_name=model, inputs=inputs)
        shared = self.module.InferInput("x", [3, 4], "FP32")
        shared.set_shared_memory("region", 48)
        self.refused("", model_name="linear", inputs=[shared])
        numpy.testing.assert_allclose(self.client.infer("linear", rows(self.module)).as_numpy("y"), linear(ROWS))

    def test_what_other_servers_do_is_refused(self):
        with self.assertRaises(InferenceServerException):
            self.client.load_model("linear")
        with self.assertRaises(InferenceServerException):
            self.client.unload_model("linear")
        with self.assertRaises(InferenceServerException):
            self.client.register_system_shared_memory("region", "/key", 64)
        self.assertTrue(self.client.is_model_ready("linear"))

    def test_the_server_describes_itself(self):
        server = self.described(self.client.get_server_metadata)
        self.assertEqual(server["name"], "flightdeck")
        self.assertIn("binary_tensor_data", server["extensions"])

    def test_models_are_described(self):
        model = self.described(self.client.get_model_metadata, "whole")
        inputs = {tensor["name"]: tensor for tensor in model["inputs"]}
        outputs = {tensor["name"]: tensor for tensor in model["outputs"]}
        for datatype in WHOLE:
            for tensor in (inputs[f"in_{datatype.lower()}"], outputs[f"out_{datatype.lower()}"]):
                self.assertEqual(tensor["datatype"], datatype)
                self.assertEqual([int(size) for size in tensor["shape"]], [-1, 2])
        self.assertEqual(self.described(self.client.get_model_metadata, "whole", model["versions"][0]), model)
        with self.assertRaises(InferenceServerException) as caught:
            self.client.get_model_metadata("nobody")
        self.assertIn('there is no model "nobody"', caught.exception.message())

    def test_the_configuration_is_told(self):
        config = self.described(self.client.get_model_config, "linear")
        config = config.get("config", config)
        self.assertEqual((config["name"], config["backend"]), ("linear", "onnxruntime"))
        self.assertGreater(int(config["max_batch_size"]), 0)
        self.assertEqual(config["input"][0]["data_type"], "TYPE_FP32")
        self.assertEqual([int(size) for size in config["input"][0]["dims"]], [4])

    def test_models_are_listed(self):
        index = self.described(self.client.get_model_repository_index)
        index = index["models"] if isinstance(index, dict) else index
        ready = {model["name"] for model in index if model["state"] == "READY"}
        self.assertEqual(ready, {"classes", "half", "linear", "whole"})

    def test_statistics_count_rows_and_runs(self):
        def counted(*of):
            stats = self.described(self.client.get_inference_statistics, *of)["model_stats"]
            [linear] = [model for model in stats if model["name"] == "linear"]
            return linear

        before = counted("linear")
        self.client.infer("linear", rows(self.module))
        after = counted()
        grown = [int(after.get(key, 0)) - int(before.get(key, 0)) for key in ("inference_count", "execution_count")]
        self.assertEqual(grown, [3, 1])
        success = after["inference_stats"]["success"]
        self.assertGreater(int(success["ns"]), 0)
        self.assertEqual(int(success["count"]) - int(before["inference_stats"]["success"].get("count", 0)), 1)
        self.assertGreater(int(after["last_inference"]), 1_600_000_000_000)
        with self.assertRaises(InferenceServerException):
            self.client.get_inference_statistics("nobody")
