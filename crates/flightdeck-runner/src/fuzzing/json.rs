//! `POST …/infer` with JSON. The first byte chooses the signature that the rest is read for.

use super::check_refusal;
use super::shapes::{place_of, signature_of, tensors};
use crate::data::{Request, Split, read_request};
use flightdeck_core::Tensor;
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

pub(super) fn seeds() -> Vec<Vec<u8>> {
    // The last ones have half precision, which JSON does not carry.
    let plain =
        tensors().into_iter().take(4).enumerate().map(|(place, inputs)| encode(place, &inputs, None, &[]));
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
    let (place, signature) = (place_of(*choice), &signature_of(*choice));
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
