//! The straight answer for each kind that is not taken: why, and how its model is exported instead.

use crate::kind::Kind;
use crate::recognised::How;

const TORCH: &str = "In Python, with the package onnxscript installed: model.eval(); torch.onnx.export(model, (example,), \"model.onnx\", dynamo=True). Then import model.onnx.";
const KERAS: &str = "In Python with Keras 3: model.export(\"model.onnx\", format=\"onnx\"). Then import model.onnx. (tf2onnx.convert.from_keras breaks from TensorFlow 2.16 on.)";
const WEIGHTS: &str = "Load the weights into the model in Python and export that: for PyTorch torch.onnx.export(model, (example,), \"model.onnx\", dynamo=True) with onnxscript installed, for a Hugging Face model `optimum-cli export onnx --model FOLDER OUT`.";
const SAVED_MODEL: &str = "On the command line: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx (reads SavedModels; for Keras 3 models use model.export(\"model.onnx\", format=\"onnx\")).";
const UNPACK: &str = "Unpack it and import the model itself.";
const CHOOSE: &str = "Choose the model itself: an ONNX file, a notebook, or a file that XGBoost, LightGBM, CatBoost, skops or scikit-learn saved.";

/// Why such a thing is not taken, and what to do instead.
pub(crate) fn not(kind: Kind) -> How {
    let (reason, how_to_export) = match kind {
        Kind::TorchScript => ("it can only be run by PyTorch; it has to be exported to ONNX there", TORCH),
        Kind::TorchExport => (
            "it can only be run by PyTorch; it has to be exported to ONNX there",
            "In Python, with the package onnxscript installed: torch.onnx.export(torch.export.load(\"FILE.pt2\"), (), \"model.onnx\", dynamo=True). Then import model.onnx.",
        ),
        Kind::TorchWeights => ("loading it may run any code in it, and weights alone are no model", TORCH),
        Kind::Keras => ("only Keras can load it, and its layers may carry code", KERAS),
        Kind::Hdf5 => ("it may be a Keras model; links and objects in it are not followed", KERAS),
        Kind::SavedModel => ("only TensorFlow can run it", SAVED_MODEL),
        Kind::TfLite => (
            "only TensorFlow Lite can run it",
            "On the command line: python -m tf2onnx.convert --tflite FILE --output model.onnx. Then import model.onnx.",
        ),
        Kind::Safetensors => ("it holds weights without the model around them", WEIGHTS),
        Kind::Gguf => (
            "language models in this form are not served",
            "Flightdeck serves ONNX models of tables, texts and pictures.",
        ),
        Kind::XgboostOld => (
            "this form was given up by XGBoost 3.1",
            "Load it with the XGBoost version that wrote it and save it again: booster.save_model(\"model.json\"). Then import model.json.",
        ),
        Kind::NumpyArray | Kind::NumpyArchive => (
            "it holds data without a model around it",
            "Import the model, and drop its training data beside it as CSV or Parquet.",
        ),
        Kind::Zip | Kind::Tar | Kind::Gzip | Kind::Zlib | Kind::Zstd | Kind::SevenZip => {
            ("it is packed", UNPACK)
        }
        Kind::BrokenZip => (
            "what it says about its own content does not agree",
            "Do not trust this file; ask for it again, or pack the model's files anew.",
        ),
        Kind::Empty => ("it has no content", "Save or copy the model again."),
        Kind::Folder => (
            "no model was found in it",
            "Choose a folder that MLflow, Hugging Face or TensorFlow saved, or the model file itself.",
        ),
        Kind::HuggingFaceFolder => (
            "no ONNX file is in it",
            "On the command line: optimum-cli export onnx --model FOLDER OUT. Then import the folder OUT.",
        ),
        _ => ("it is not a model", CHOOSE),
    };
    How::Not { message: format!("This is {kind}: {reason}"), how_to_export: how_to_export.to_owned() }
}

/// The same with a reason of its own.
pub(crate) fn not_because(kind: Kind, reason: &str) -> How {
    match not(kind) {
        How::Not { how_to_export, .. } => {
            How::Not { message: format!("This is {kind}: {reason}"), how_to_export }
        }
        how => how,
    }
}
