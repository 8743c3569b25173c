//! Folders that MLflow, TensorFlow and Hugging Face save.

use std::path::Path;

use flightdeck_formats::{Detail, Format, FormatError, How, Kind, Limits, Recognised, recognise};

use crate::{ONNX, write};

/// As MLflow 3.17 writes it, shortened.
const MLMODEL: &str = "flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_version: 1.23.2
    providers:
    - CUDAExecutionProvider
    - CPUExecutionProvider
  python_function:
    env:
      conda: conda.yaml
    loader_module: mlflow.onnx
mlflow_version: 3.17.2
model_uuid: 284a5c2a7a9b4306962c365370af15e0
run_id: 11ae3eb093c946d8b784e3eb19e5dce6
signature:
  inputs: '[{\"type\": \"double\", \"name\": \"mean radius of 0\", \"required\": true}, {\"type\":
    \"long\", \"name\": \"it''s\", \"required\": false}]'
  params: null
utc_time_created: '2026-11-24 23:28:53.312355'
";

fn of(dir: &Path) -> Result<Recognised, FormatError> {
    recognise(dir, &Limits::default())
}

#[test]
fn the_onnx_flavour_of_mlflow_is_taken_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "MLmodel", MLMODEL.as_bytes());
    let model = write(dir.path(), "model.onnx", ONNX);
    let found = of(dir.path()).unwrap();
    assert_eq!((found.kind, &found.model, &found.converts), (Kind::MlflowFolder, &model, &How::Directly));
    let Detail::Mlflow(facts) = found.detail else { panic!() };
    assert_eq!(facts.flavours, ["onnx", "python_function"]);
    assert_eq!((facts.flavour.as_deref(), facts.library_version.as_deref()), (Some("onnx"), Some("1.23.2")));
    assert_eq!(facts.run_id.as_deref(), Some("11ae3eb093c946d8b784e3eb19e5dce6"));
    let inputs: Vec<_> = facts
        .inputs
        .iter()
        .map(|input| (input.name.as_deref().unwrap(), input.kind.as_str(), input.required))
        .collect();
    assert_eq!(inputs, [("mean radius of 0", "double", true), ("it's", "long", false)]);
}

#[test]
fn a_pickled_flavour_asks_for_consent_and_knows_its_version() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "MLmodel",
        b"flavors:\n  sklearn:\n    pickled_model: m.bin\n    sklearn_version: 1.3.2\n",
    );
    write(dir.path(), "m.bin", b"\x80\x04N.");
    let found = of(dir.path()).unwrap();
    let How::AfterConsent { format, needs, .. } = &found.converts else { panic!("{found:?}") };
    assert_eq!((*format, needs[0].version.as_deref()), (Format::Pickle, Some("1.3.2")));
    assert!(found.detail.pickle().is_some_and(|scan| scan.code_carrying));
}

#[test]
fn z1_a_flavour_cannot_lead_out_of_its_folder() {
    for name in ["../secret", "/etc/passwd", "a/../../b", "C:\\x"] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "secret", ONNX);
        write(dir.path(), "m/MLmodel", format!("flavors:\n  onnx:\n    data: {name}\n").as_bytes());
        assert_eq!(of(&dir.path().join("m")).unwrap_err().code(), "mlmodel-path", "{name}");
    }
}

#[cfg(unix)]
#[test]
fn z1_links_in_a_folder_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let secret = write(dir.path(), "secret", ONNX);
    write(dir.path(), "m/MLmodel", b"flavors:\n  onnx:\n    data: model.onnx\n");
    std::os::unix::fs::symlink(&secret, dir.path().join("m").join("model.onnx")).unwrap();
    let error = of(&dir.path().join("m")).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("is a link")), ("mlmodel-path", true));
    std::fs::remove_file(dir.path().join("m").join("MLmodel")).unwrap();
    assert!(matches!(of(&dir.path().join("m")).unwrap().converts, How::Not { .. }));
}

#[test]
fn flavours_without_a_file_are_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "MLmodel", b"flavors:\n  pytorch:\n    model_data: data\n");
    let How::Not { message, .. } = of(dir.path()).unwrap().converts else { panic!() };
    assert!(message.contains("pytorch"), "{message}");
}

#[test]
fn hugging_face_folders_give_their_plain_model() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "config.json", b"{\"model_type\": \"bert\"}");
    let How::Not { how_to_export, .. } = of(dir.path()).unwrap().converts else { panic!() };
    assert!(how_to_export.contains("optimum-cli export onnx"));
    write(dir.path(), "onnx/model_quantized.onnx", ONNX);
    let model = write(dir.path(), "onnx/model.onnx", ONNX);
    let found = of(dir.path()).unwrap();
    assert_eq!((found.kind, found.model, found.converts), (Kind::HuggingFaceFolder, model, How::Directly));
}

#[test]
fn other_folders_get_a_straight_answer() {
    let saved = tempfile::tempdir().unwrap();
    write(saved.path(), "saved_model.pb", b"\x08\x01\x12\x02\x0a\x00");
    assert_eq!(of(saved.path()).unwrap().kind, Kind::SavedModel);
    let empty = tempfile::tempdir().unwrap();
    let How::Not { message, .. } = of(empty.path()).unwrap().converts else { panic!() };
    assert!(message.contains("empty"));
    let two = tempfile::tempdir().unwrap();
    write(two.path(), "a.onnx", ONNX);
    assert_eq!(of(two.path()).unwrap().converts, How::Directly);
    write(two.path(), "b.onnx", ONNX);
    let How::Not { message, .. } = of(two.path()).unwrap().converts else { panic!() };
    assert!(message.contains("a.onnx, b.onnx"), "{message}");
    let few = Limits { entries: 1, ..Limits::default() };
    assert_eq!(recognise(two.path(), &few).unwrap_err().code(), "too-many-files");
}
