//! Models that real exporters wrote (see `tests/data/make.py`).

use flightdeck_core::{ColumnKind, DataType, OutputRole, Signature, Task, Unknown};
use flightdeck_onnx::{Inspection, Limits, inspect};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn data(name: &str) -> Inspection {
    inspect(&Path::new("tests/data").join(name), &Limits::default()).unwrap()
}

/// Name, type, shape, role and classes.
type Row<'a> = (&'a str, DataType, &'a [i64], OutputRole, Vec<&'a str>);

fn outputs(signature: &Signature) -> Vec<Row<'_>> {
    signature
        .outputs
        .iter()
        .map(|output| {
            let classes = output.classes.iter().map(String::as_str).collect();
            (output.name.as_str(), output.data_type, output.shape.as_slice(), output.role, classes)
        })
        .collect()
}

fn columns(signature: &Signature) -> Vec<&str> {
    signature.columns().map(|(_, column)| column.name.as_str()).collect()
}

#[test]
fn a_binary_classifier_without_zipmap() {
    let Inspection { signature, findings, model_changed, model, facts, .. } = data("logistic.onnx");
    assert_eq!((findings, model_changed), (vec![], false));
    assert_eq!(model, fs::read("tests/data/logistic.onnx").unwrap());
    assert_eq!(signature.task, Task::Binary);
    let [input] = &signature.inputs[..] else { panic!("{signature:?}") };
    assert_eq!(
        (input.name.as_str(), input.data_type, &*input.shape, input.batch_axis),
        ("X", DataType::Fp32, &[-1, 4][..], Some(0))
    );
    assert_eq!(columns(&signature), ["f0", "f1", "f2", "f3"]);
    assert_eq!(input.columns[0].missing.as_deref(), Some("NaN"));
    let expected = [
        ("label", DataType::Bytes, &[-1][..], OutputRole::Label, vec!["no", "yes"]),
        ("probabilities", DataType::Fp32, &[-1, 2][..], OutputRole::Scores, vec!["no", "yes"]),
    ];
    assert_eq!(outputs(&signature), expected);
    assert_eq!(facts.producer, "skl2onnx 1.20.0");
}

/// The edited files were loaded in ONNX Runtime 1.32.0 and gave the same labels and, in the order of the classes, exactly
/// the same numbers as the maps of the originals: `make.py check logistic_zipmap.onnx logistic_edited.onnx`.
#[test]
fn a_final_zipmap_is_removed_and_nothing_else() {
    for (name, edited, task, classes) in [
        ("logistic_zipmap.onnx", "logistic_edited.onnx", Task::Binary, vec!["no", "yes"]),
        ("forest_zipmap.onnx", "forest_edited.onnx", Task::Multiclass, vec!["0", "1", "2"]),
    ] {
        let given = fs::read(Path::new("tests/data").join(name)).unwrap();
        let inspection = data(name);
        assert!(inspection.model_changed && inspection.findings.is_empty(), "{:?}", inspection.findings);
        assert_eq!(inspection.original.as_bytes()[..], Sha256::digest(&given)[..]);
        assert_eq!(inspection.original_bytes, given.len() as u64);
        assert_eq!(inspection.signature.task, task);
        let scores = inspection.signature.output(OutputRole::Scores).unwrap();
        assert_eq!((scores.name.as_str(), scores.data_type), ("output_probability", DataType::Fp32));
        assert_eq!(scores.shape, [-1, classes.len() as i64]);
        assert_eq!(scores.classes, classes);
        assert_eq!(inspection.signature.output(OutputRole::Label).unwrap().classes, classes);
        assert!(inspection.facts.operators.iter().all(|operator| operator.name != "ZipMap"));
        assert_eq!(inspection.model, fs::read(Path::new("tests/data").join(edited)).unwrap());

        let folder = TempDir::new().unwrap();
        let path = folder.path().join("again.onnx");
        fs::write(&path, &inspection.model).unwrap();
        let again = inspect(&path, &Limits::default()).unwrap();
        assert!(!again.model_changed);
        assert_eq!(again.signature, inspection.signature);
    }
}

#[test]
fn columns_of_a_mixed_table_are_inputs_of_their_own() {
    let Inspection { signature, findings, .. } = data("mixed.onnx");
    assert_eq!(findings, []);
    assert_eq!(signature.task, Task::Binary);
    assert_eq!(columns(&signature), ["hour", "delay", "carrier"]);
    let carrier = &signature.inputs[2].columns[0];
    assert_eq!((carrier.kind, carrier.unknown), (ColumnKind::Categorical, Unknown::Accepted));
    assert_eq!(signature.inputs[0].columns[0].kind, ColumnKind::Numeric);
    assert_eq!(signature.classes(), ["no", "yes"]);
}

#[test]
fn a_regressor_gives_a_value() {
    let Inspection { signature, findings, .. } = data("regressor.onnx");
    assert_eq!(findings, []);
    assert_eq!(signature.task, Task::Regression);
    assert_eq!(outputs(&signature), [("variable", DataType::Fp32, &[-1, 1][..], OutputRole::Value, vec![])]);
}

#[test]
fn classes_are_found_behind_the_largest_score() {
    let Inspection { signature, findings, facts, .. } = data("mlp_sklearn.onnx");
    assert_eq!(findings, []);
    assert_eq!(signature.task, Task::Multiclass);
    assert_eq!(signature.output(OutputRole::Label).unwrap().classes, ["0", "1", "2"]);
    assert_eq!(signature.output(OutputRole::Scores).unwrap().classes, ["0", "1", "2"]);
    assert!(facts.operators.iter().any(|operator| operator.name == "MatMul" && operator.count == 2));
}

#[test]
fn column_names_come_from_the_metadata() {
    let Inspection { signature, findings, facts, .. } = data("mlp.onnx");
    assert_eq!(findings, []);
    assert_eq!(columns(&signature), ["a", "b", "c", "d"]);
    assert_eq!(signature.task, Task::Multiclass);
    assert_eq!(signature.output(OutputRole::Label).unwrap().classes, ["0", "1", "2"]);
    // 4·8 + 8 + 8·3 + 3 numbers of 4 bytes.
    assert_eq!((facts.parameters, facts.parameter_bytes), (67, 268));
}

#[test]
fn data_files_of_a_real_exporter_are_found() {
    let Inspection { external, signature, facts, .. } = data("external.onnx");
    let [file] = &external[..] else { panic!("{external:?}") };
    assert_eq!((file.location.as_str(), file.bytes), ("external.bin", 268));
    assert_eq!(facts.parameters, 67);
    assert_eq!(signature, data("mlp.onnx").signature);
}

#[test]
fn an_outlier_detector_is_recognised() {
    let Inspection { signature, findings, .. } = data("isolation.onnx");
    assert_eq!(findings, []);
    assert_eq!(signature.task, Task::Anomaly);
    assert_eq!(signature.output(OutputRole::Label).unwrap().classes, ["-1", "1"]);
    assert_eq!(signature.output(OutputRole::Value).unwrap().name, "scores");
}
