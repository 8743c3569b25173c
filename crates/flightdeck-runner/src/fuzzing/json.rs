//! `POST …/infer` with JSON. The first byte chooses the signature that the rest is read for.

use super::check_refusal;
use crate::data::{Request, Split, read_request};
use flightdeck_core::{DataType, Input, Output, OutputRole, Signature, Task, Tensor, TensorData};
use serde_json::json;

pub(super) const WORDS: &[&str] = &[
    "\"inputs\"",
    "\"outputs\"",
    "\"name\"",
    "\"shape\"",
    "\"datatype\"",
    "\"data\"",
    "\"parameters\"",
    "\"id\"",
    "\"event_time\"",
    "\"binary_data_size\"",
    "\"binary_data_output\"",
    "\"classification\"",
    "\"FP32\"",
    "\"FP16\"",
    "\"INT64\"",
    "\"BYTES\"",
    "\"BOOL\"",
    "\"x\"",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "[]",
    "{}",
    "[[",
    "]]",
    ",",
    "-",
    "1e",
    "\u{0}",
];

pub(super) fn signatures() -> Vec<Signature> {
    use DataType::{Bool, Bytes, Fp32, Fp64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
    let mixed = [("a", Int64, 1), ("b", Bytes, 2), ("c", Bool, 1), ("d", Fp64, 3)];
    let whole = [
        ("u1", Uint8, 1),
        ("u2", Uint16, 1),
        ("u4", Uint32, 1),
        ("u8", Uint64, 1),
        ("i1", Int8, 1),
        ("i2", Int16, 1),
        ("i4", Int32, 1),
    ];
    let rows = |columns: &[(&str, DataType, i64)]| {
        columns.iter().map(|(name, kind, width)| input(name, *kind, &[-1, *width], Some(0))).collect()
    };
    vec![
        signature(rows(&[("x", Fp32, 4)])),
        signature(rows(&mixed)),
        signature(rows(&whole)),
        signature(vec![input("x", Fp32, &[2, -1, 2], None)]),
    ]
}

fn input(name: &str, data_type: DataType, shape: &[i64], batch_axis: Option<usize>) -> Input {
    Input { name: name.into(), data_type, shape: shape.into(), batch_axis, columns: Vec::new() }
}

fn signature(inputs: Vec<Input>) -> Signature {
    let outputs = ["y", "p"].map(|name| Output {
        name: name.into(),
        data_type: DataType::Fp32,
        shape: vec![-1, 1],
        role: OutputRole::Other,
        classes: Vec::new(),
    });
    Signature { task: Task::Other, inputs, outputs: outputs.into() }
}

/// Some good tensors for each signature.
pub(super) fn tensors() -> Vec<Vec<Tensor>> {
    use TensorData as T;
    let tensor = |name: &str, shape: &[usize], data| Tensor::new(name, shape.to_vec(), data).into_iter();
    let one = |name: &str, data| tensor(name, &[1, 1], data);
    vec![
        tensor("x", &[2, 4], T::Fp32(vec![1.0, -2.5, 3e-8, f32::NAN, 0.1, 0.0, 1e30, -0.0])).collect(),
        one("a", T::Int64(vec![i64::MIN]))
            .chain(tensor("b", &[1, 2], T::Bytes(vec!["Zoë \"q\"".into(), String::new()])))
            .chain(one("c", T::Bool(vec![true])))
            .chain(tensor("d", &[1, 3], T::Fp64(vec![0.1, f64::NAN, 5e-324])))
            .collect(),
        one("u1", T::Uint8(vec![255]))
            .chain(one("u2", T::Uint16(vec![1])))
            .chain(one("u4", T::Uint32(vec![2])))
            .chain(one("u8", T::Uint64(vec![u64::MAX])))
            .chain(one("i1", T::Int8(vec![-128])))
            .chain(one("i2", T::Int16(vec![3])))
            .chain(one("i4", T::Int32(vec![4])))
            .collect(),
        tensor("x", &[2, 1, 2], T::Fp32(vec![1.0, 2.0, 3.0, 4.0])).collect(),
    ]
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let plain = tensors().into_iter().enumerate().map(|(place, inputs)| encode(place, &inputs, None, &[]));
    let asked = encode(0, &tensors()[0], Some("é-1"), &["p".into()]);
    let nested = br#"0{"id":"7","parameters":{"event_time":"2013-07-01T05:00:00Z","timeout":1000},"inputs":[{"data":[[1,2,3,4],[5,6,7,8e-1]],"shape":[2,4],"datatype":"FP32","name":"x","parameters":{"binary_data":false}}],"outputs":[{"name":"y","parameters":{}}],"more":[{}]}"#;
    plain.chain([asked, nested.to_vec(), b"0[]".to_vec(), b"".to_vec()]).collect()
}

fn encode(place: usize, inputs: &[Tensor], id: Option<&str>, outputs: &[String]) -> Vec<u8> {
    let outputs: Vec<_> = outputs.iter().map(|name| json!({"name": name})).collect();
    let body = json!({"id": id, "inputs": inputs, "outputs": outputs});
    format!("{place}{body}").into_bytes()
}

pub(super) fn check(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let signatures = signatures();
    let place = usize::from(*choice) % signatures.len();
    let signature = &signatures[place];
    let read = |json| read_request(Split { json, bytes: None }, signature);
    let request = match read(body) {
        Ok(request) => request,
        Err(problem) => return check_refusal(&problem),
    };
    assert_eq!(request.rows.inputs.len(), signature.inputs.len());
    let named = |request: &Request| -> Vec<String> {
        request.wanted.outputs.iter().map(|(name, _)| name.clone()).collect()
    };
    let again = encode(place, &request.rows.inputs, request.id.as_deref(), &named(&request));
    let again = read(&again[1..]);
    let again = again.unwrap_or_else(|problem| panic!("what was accepted is refused now: {problem:?}"));
    assert_eq!((&again.id, named(&again)), (&request.id, named(&request)));
    assert_eq!(again.rows.count, request.rows.count);
    let pairs = request.rows.inputs.iter().zip(&again.rows.inputs);
    pairs.for_each(|(first, second)| assert_eq!(shown(first), shown(second)));
}

/// Everything of a tensor, bits included. JSON has one word for all that is not finite.
fn shown(tensor: &Tensor) -> String {
    format!("{tensor:?}").replace("-inf", "NaN").replace("inf", "NaN")
}
