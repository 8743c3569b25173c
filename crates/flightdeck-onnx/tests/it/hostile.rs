//! Files that are no models, broken ones, and ones that want too much.

use crate::build::{
    bytes, code, findings, graph, look, model, model_of, node, number, opset, tensor, tensor_value,
};
use flightdeck_core::Severity;
use flightdeck_onnx::{Limits, Refusal, inspect};
use std::fs;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

#[test]
fn o17_other_files_get_a_straight_answer() {
    let answer = |bytes: &[u8]| look(bytes).unwrap_err().to_string();
    assert_eq!(answer(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "this is a PNG picture, not a model");
    assert_eq!(answer(b""), "this is an empty file, not a model");
    assert_eq!(answer(b"\x1f\x8b\x08\0\0\0"), "this is a gzip archive, not a model");
    assert_eq!(answer(b"\x80\x04\x95\x0a"), "this is a Python pickle, not a model");
    assert_eq!(code(b"month,day\n1,2\n"), "not-a-model");
    assert_eq!(code(&[0x08, 0x08]), "malformed-model");
    assert_eq!(code(&[0xff; 64]), "malformed-model");
}

#[test]
fn o17_two_models_in_one_file_are_refused() {
    let one = model(&[]);
    assert_eq!(code(&[one.clone(), one.clone()].concat()), "two-models");
    assert_eq!(code(&[one, bytes(7, graph(&[]))].concat()), "two-models");
    let twice = [bytes(4, "Identity"), bytes(4, "Relu")].concat();
    assert_eq!(code(&model(&bytes(1, twice))), "two-models");
}

#[test]
fn o17_folders_devices_and_missing_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let code = |path: &Path| inspect(path, &Limits::default()).unwrap_err().code();
    assert_eq!(code(folder.path()), "not-a-regular-file");
    assert_eq!(code(&folder.path().join("none.onnx")), "file-unreadable");
    #[cfg(unix)]
    assert_eq!(code(Path::new("/dev/zero")), "not-a-regular-file");
    // A file with a hole of 3 GiB is not read at all.
    let sparse = folder.path().join("sparse.onnx");
    fs::File::create(&sparse).unwrap().set_len(3 << 30).unwrap();
    assert_eq!(code(&sparse), "model-too-large");
}

#[test]
fn o13_a_model_cut_anywhere_is_refused_or_whole_never_a_panic() {
    for name in ["logistic_zipmap.onnx", "mlp_sklearn.onnx", "mixed.onnx", "forest_zipmap.onnx"] {
        let whole = fs::read(Path::new("tests/data").join(name)).unwrap();
        for end in 0..whole.len() {
            if let Ok(inspection) = look(&whole[..end]) {
                // Cut between two parts, after the graph: what is missing is a finding that keeps it from being deployed.
                let blocked =
                    inspection.findings.iter().any(|finding| finding.severity == Severity::Blocking);
                assert!(blocked, "{name} cut at {end}");
            }
        }
        look(&whole).unwrap();
    }
}

#[test]
fn o13_deep_nesting_is_refused_without_deep_recursion() {
    let mut inner = Vec::new();
    for depth in 0..10_000 {
        let attribute = bytes(6, &inner);
        inner = bytes(1, bytes(5, attribute));
        if depth == 18 {
            assert_eq!(look(&model(&inner)).map(|_| ()).map_err(|refusal| refusal.code()), Ok(()));
        }
    }
    assert_eq!(code(&model(&inner)), "malformed-model");
    let groups = [number(1, 8), vec![0x0b; 10_000]].concat();
    assert_eq!(code(&groups), "malformed-model");
    assert_eq!(code(&[&[0x0a, 0x80, 0x80, 0x80, 0x80, 0x08][..], b"x"].concat()), "malformed-model");
    assert_eq!(
        code(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
        "malformed-model"
    );
}

#[test]
fn o14_too_many_and_too_long_is_refused_in_time() {
    let started = Instant::now();
    let too_many = |model: &[u8]| matches!(look(model), Err(Refusal::TooMany { .. }));
    assert!(too_many(&model(&bytes(1, []).repeat(5_000_000))), "nodes");
    assert!(too_many(&[model(&[]), bytes(14, []).repeat(1_000_000)].concat()), "metadata");
    assert!(too_many(&model(&bytes(11, tensor_value("x", 1, &[1])).repeat(1_000_000))), "inputs");
    assert!(too_many(&model(&bytes(12, []).repeat(20_000))), "outputs");
    assert!(too_many(&model(&bytes(1, bytes(3, vec![b'x'; 100 << 20])))), "a long name");
    assert!(too_many(&model(&bytes(1, bytes(1, []).repeat(11_000_000)))), "values of a node");
    assert!(too_many(&model(&bytes(11, tensor_value("x", 1, &[1; 65])))), "dimensions");
    assert!(too_many(&[model(&[]), bytes(25, []).repeat(20_000)].concat()), "functions");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn o16_what_cannot_be_run_is_a_finding_that_names_it() {
    let blocked = |bytes: &[u8]| {
        let inspection = look(bytes).unwrap();
        let finding =
            inspection.findings.into_iter().find(|finding| finding.severity == Severity::Blocking).unwrap();
        (finding.code, finding.message)
    };
    let with = |ir: i64, opsets: &[Vec<u8>], more: &[u8]| {
        [number(1, ir), bytes(7, graph(more)), opsets.concat()].concat()
    };
    let (code, message) = blocked(&with(8, &[opset("", 999)], &[]));
    assert_eq!(code, "unsupported-opset");
    assert!(message.contains("version 999 of the operator set ai.onnx"), "{message}");
    assert_eq!(blocked(&with(8, &[opset("", 13), opset("ai.onnx.ml", 6)], &[])).0, "unsupported-opset");

    let custom = bytes(1, node("acme", "Shrink", &["x"], &["z"], &[]));
    let (code, message) = blocked(&with(8, &[opset("", 13), opset("acme", 2)], &custom));
    assert_eq!(code, "unknown-operator");
    assert!(message.contains("Shrink of acme (opset 2)"), "{message}");
    let misspelt = bytes(1, node("", "Gemn", &["x"], &["z"], &[]));
    assert_eq!(blocked(&with(8, &[opset("", 13)], &misspelt)).0, "unknown-operator");
    assert_eq!(blocked(&with(8, &[opset("", 13)], &custom)).0, "no-opset");
    assert_eq!(blocked(&with(8, &[], &[])).0, "no-opset");
    assert_eq!(blocked(&with(0, &[opset("", 13)], &[])).0, "ir-version");
    assert_eq!(blocked(&with(1 << 40, &[opset("", 13)], &[])).0, "ir-version");

    let runtime_own = bytes(1, node("com.microsoft", "FusedGemm", &["x"], &["z"], &[]));
    let known = look(&with(8, &[opset("", 28), opset("com.microsoft", 1)], &runtime_own)).unwrap();
    assert_eq!(findings(&known), Vec::<&str>::new());
    let function = bytes(25, [bytes(1, "Shrink"), bytes(10, "acme"), bytes(9, opset("", 13))].concat());
    let own = [with(8, &[opset("", 13), opset("acme", 1)], &custom), function].concat();
    assert_eq!(findings(&look(&own).unwrap()), Vec::<&str>::new());
}

#[test]
fn inputs_and_outputs_that_cannot_be_served_are_findings() {
    let ends = |input: Vec<u8>, output: Vec<u8>| {
        let inspection = look(&model_of(&[bytes(11, input), bytes(12, output)].concat())).unwrap();
        findings(&inspection).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>()
    };
    let plain = |name| tensor_value(name, 1, &[-1, 2]);
    let map = [bytes(1, "y"), bytes(2, bytes(5, number(1, 7)))].concat();
    let sequence = [bytes(1, "y"), bytes(2, bytes(4, []))].concat();
    let shapeless = [bytes(1, "x"), bytes(2, bytes(1, number(1, 1)))].concat();
    assert_eq!(ends(plain("x"), plain("y")), Vec::<String>::new());
    assert_eq!(ends(plain("x"), map), ["map-output"]);
    assert_eq!(ends(plain("x"), sequence.clone()), ["map-output"]);
    assert_eq!(ends(sequence, plain("y")), ["unsupported-type"]);
    assert_eq!(ends(tensor_value("x", 10, &[-1, 2]), plain("y")), ["half-precision"]);
    assert_eq!(ends(plain("x"), tensor_value("y", 16, &[-1, 2])), ["half-precision"]);
    assert_eq!(ends(tensor_value("x", 14, &[-1, 2]), plain("y")), ["unsupported-type"]);
    assert_eq!(ends(shapeless, plain("y")), ["unknown-shape"]);
    assert_eq!(ends(tensor_value("x", 1, &[-1, 3, 8, 8]), plain("y")), ["not-tabular"]);
    assert_eq!(ends(tensor_value("x", 1, &[-1, -1]), plain("y")), ["unknown-width"]);
    assert_eq!(ends(plain("x\u{202e}"), plain("y")), ["unusable-name"]);
}

#[test]
fn o18_metadata_is_made_safe_and_cut() {
    let entry = bytes(14, [bytes(1, "a\u{1b}[1m"), bytes(2, "é\u{202e}".repeat(1000))].concat());
    let facts = look(&[model(&[]), entry].concat()).unwrap().facts;
    let (key, value) = facts.metadata.first_key_value().unwrap();
    assert_eq!(key, "a\\u{1b}[1m");
    assert!(value.starts_with("é\\u{202e}é") && value.len() <= 1024 + 3, "{}", value.len());
}

#[test]
fn o13_a_changed_byte_anywhere_never_panics_and_never_reaches_outside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.onnx");
    let mut refused = 0;
    for name in ["logistic_zipmap.onnx", "mlp.onnx", "mixed.onnx"] {
        let whole = fs::read(Path::new("tests/data").join(name)).unwrap();
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                fs::write(&path, &changed).unwrap();
                match inspect(&path, &Limits::default()) {
                    Ok(inspection) => assert_eq!(inspection.external, []),
                    Err(refusal) => {
                        assert!(!refusal.hint().is_empty());
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn o11_an_operator_that_makes_much_of_nothing_is_refused() {
    let sizes = |numbers: &[i64]| {
        let raw: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes(5, tensor("s", 7, &[numbers.len() as i64], &raw))
    };
    let scalar = |name: &str, number: i64| bytes(5, tensor(name, 7, &[], &number.to_le_bytes()));
    let of = |op: &str, inputs: &[&str]| bytes(1, node("", op, inputs, &["z"], &[]));
    let code = |parts: &[Vec<u8>]| code(&model(&parts.concat()));
    let huge = 17_592_186_044_800;
    assert_eq!(code(&[sizes(&[huge]), of("ConstantOfShape", &["s"])]), "resource-limit");
    assert_eq!(code(&[sizes(&[i64::MAX, i64::MAX]), of("ConstantOfShape", &["s"])]), "resource-limit");
    assert_eq!(code(&[sizes(&[1 << 20, 1 << 20]), of("Expand", &["x", "s"])]), "resource-limit");
    assert_eq!(code(&[sizes(&[1 << 20, 1 << 20]), of("Tile", &["x", "s"])]), "resource-limit");
    assert_eq!(code(&[sizes(&[0, 0, huge, 0]), of("Pad", &["x", "s"])]), "resource-limit");
    let ends = [scalar("a", 0), scalar("b", huge), scalar("c", 1)].concat();
    assert_eq!(code(&[ends, of("Range", &["a", "b", "c"])]), "resource-limit");
    let scales: Vec<u8> = [1.0_f32, 1e10].iter().flat_map(|scale| scale.to_le_bytes()).collect();
    let scales = bytes(5, tensor("s", 1, &[2], &scales));
    assert_eq!(code(&[scales, of("Resize", &["x", "", "s"])]), "resource-limit");
    // What one writes is large, but not beyond what there is.
    assert_eq!(code(&[sizes(&[1000, 1000]), of("ConstantOfShape", &["s"])]), "taken");
    assert_eq!(code(&[sizes(&[-1, 3]), of("Expand", &["x", "s"])]), "taken");
}
