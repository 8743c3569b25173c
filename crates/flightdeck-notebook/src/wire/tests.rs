//! Capture folders that can be trusted, and those that cannot.

use super::*;
use std::path::Path;

/// An array file as the description of the NPY format has it.
fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    with_header(&format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"), data)
}

fn with_header(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let header = format!("{dictionary}\n");
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn parsed(bytes: &[u8]) -> Result<Elements, String> {
    read_npy(&mut &bytes[..], bytes.len() as u64).map_err(|error| error.to_string())
}

#[test]
fn each_accepted_element_type_is_read() {
    assert_eq!(parsed(&npy("<f8", "(1,)", &1.5_f64.to_le_bytes())).unwrap(), Elements::F64(vec![1.5]));
    assert_eq!(parsed(&npy("<f4", "(1,)", &1.5_f32.to_le_bytes())).unwrap(), Elements::F32(vec![1.5]));
    assert_eq!(parsed(&npy("<i8", "(1,)", &(-7_i64).to_le_bytes())).unwrap(), Elements::I64(vec![-7]));
    assert_eq!(parsed(&npy("<i4", "(1,)", &(-1_i32).to_le_bytes())).unwrap(), Elements::I32(vec![-1]));
    assert_eq!(parsed(&npy("|b1", "(2,)", &[1, 0])).unwrap(), Elements::Bool(vec![true, false]));
    assert!(parsed(&npy("<f8", "(0,)", &[])).unwrap().is_empty());
}

#[test]
fn p6_object_arrays_are_refused() {
    for dtype in ["|O", "O", ">f8", "<U8", "<c16", "|V8"] {
        assert!(parsed(&npy(dtype, "(1,)", &[0; 8])).unwrap_err().contains("not accepted"), "{dtype}");
    }
}

#[test]
fn p6_a_header_that_is_code_or_huge_is_refused() {
    assert!(parsed(&with_header("__import__('os').system('x')", &[])).unwrap_err().contains("dictionary"));
    let code = "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }";
    assert!(parsed(&with_header(code, &[0; 8])).is_err());
    let mut huge = b"\x93NUMPY\x02\x00".to_vec();
    huge.extend((1_u32 << 30).to_le_bytes());
    assert!(parsed(&huge).unwrap_err().contains("1073741824"));
}

#[test]
fn arrays_that_lie_about_their_size_are_refused() {
    for (shape, bytes) in [("(2,)", 8), ("(1,)", 9), ("(2305843009213693952,)", 8), ("(1,)", 0)] {
        assert!(parsed(&npy("<f8", shape, &vec![0; bytes])).is_err(), "{shape} {bytes}");
    }
    for shape in ["()", "(1, 1)", "(-1,)", "(1)", "1", "(,)"] {
        assert!(parsed(&npy("<f8", shape, &[0; 8])).is_err(), "{shape}");
    }
    let fortran = "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }";
    assert!(parsed(&with_header(fortran, &[0; 8])).unwrap_err().contains("C order"));
    let whole = npy("<f8", "(1,)", &[0; 8]);
    for end in 0..whole.len() {
        assert!(parsed(&whole[..end]).is_err(), "{end}");
    }
}

const CAPTURE: &str = r#"{"schema": 1, "future": [1], "datasets": [{"id": "d0", "rows": 2, "columns": [
    {"name": "sex", "kind": "string", "file": "data/d0/0.npy", "categories": ["f", "m"]}]}],
    "candidates": [{"id": "c0", "task": "novel", "classes": ["a", 1, true]}]}"#;

fn folder(capture: &str, codes: &[i32]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/d0")).unwrap();
    std::fs::write(folder.path().join("capture.json"), capture).unwrap();
    let data: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
    let file = npy("<i4", &format!("({},)", codes.len()), &data);
    std::fs::write(folder.path().join("data/d0/0.npy"), file).unwrap();
    folder
}

fn read(path: &Path) -> Result<Vec<Column>, WireError> {
    let folder = CaptureFolder::open(path, Limits::default())?;
    folder.columns(folder.dataset("d0")?)
}

#[test]
fn a_capture_of_a_newer_hook_is_read() {
    let folder = folder(CAPTURE, &[1, -1]);
    let values = Values::Codes { codes: vec![1, -1], values: vec!["f".to_owned(), "m".to_owned()] };
    assert_eq!(read(folder.path()).unwrap()[0].values, values);
    let capture = CaptureFolder::open(folder.path(), Limits::default()).unwrap().capture;
    assert_eq!(capture.candidates[0].class_names(), ["a", "1", "true"]);
    assert_eq!(capture.candidates[0].task, None);
}

#[test]
fn codes_that_stand_for_nothing_and_other_lengths_are_refused() {
    for codes in [&[2, 0][..], &[-2, 0], &[0], &[0, 0, 0]] {
        let error = read(folder(CAPTURE, codes).path()).unwrap_err();
        assert_eq!(error.code(), "array-refused", "{codes:?}");
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in [
        "../x.npy",
        "/etc/passwd",
        "data/../../x",
        "C:/x",
        "a\\b",
        "data//d0/0.npy",
        "./data/d0/0.npy",
        "data/d0",
        "",
        "x.",
    ] {
        let text = CAPTURE.replace("data/d0/0.npy", &path.replace('\\', "\\\\"));
        let error = read(folder(&text, &[0, 1]).path()).unwrap_err();
        assert_eq!(error.code(), "path-escape", "{path}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    let folder = folder(CAPTURE, &[0, 1]);
    let file = folder.path().join("data/d0/0.npy");
    let target = folder.path().join("target.npy");
    std::fs::rename(&file, &target).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    assert_eq!(read(folder.path()).unwrap_err().code(), "path-escape");
}

#[test]
fn sizes_are_capped() {
    let folder = folder(CAPTURE, &[0, 1]);
    let small = Limits { document_bytes: 10, ..Limits::default() };
    assert_eq!(CaptureFolder::open(folder.path(), small).unwrap_err().code(), "resource-limit");
    let narrow = Limits { column_bytes: 10, ..Limits::default() };
    let open = CaptureFolder::open(folder.path(), narrow).unwrap();
    assert_eq!(open.columns(open.dataset("d0").unwrap()).unwrap_err().code(), "resource-limit");
}

#[test]
fn another_schema_is_refused() {
    let folder = folder(r#"{"schema": 2}"#, &[]);
    assert_eq!(read(folder.path()).unwrap_err().code(), "capture-malformed");
}

fn input(column: &str, position: usize, tensor: (&str, usize, &str)) -> InputMap {
    serde_json::from_value(serde_json::json!({
        "column": column, "position": position, "input": tensor.0, "index": tensor.1, "type": tensor.2,
        "missing_token": "nan", "kind": "numeric"
    }))
    .unwrap()
}

#[test]
fn columns_become_tensors_by_position_and_type() {
    let columns = [
        Column { name: "a".into(), kind: Kind::Int, values: Values::Int(vec![3, 4]) },
        Column {
            name: "b".into(),
            kind: Kind::String,
            values: Values::Codes { codes: vec![0, -1], values: vec!["x".into()] },
        },
        Column { name: "c".into(), kind: Kind::Float, values: Values::Float(vec![0.5, f64::NAN]) },
    ];
    let inputs = [
        input("b", 1, ("text", 0, "BYTES")),
        input("c", 2, ("X", 1, "FP64")),
        input("a", 0, ("X", 0, "FP64")),
    ];
    let tensors = tensors(&inputs, &columns).unwrap();
    assert_eq!(tensors[0].data, flightdeck_core::TensorData::Bytes(vec!["x".into(), "nan".into()]));
    assert_eq!(tensors[1].shape, [2, 2]);
    let flightdeck_core::TensorData::Fp64(matrix) = &tensors[1].data else {
        panic!("not a matrix of doubles")
    };
    assert_eq!(matrix[..3], [3.0, 0.5, 4.0]);
    assert!(matrix[3].is_nan());
}
