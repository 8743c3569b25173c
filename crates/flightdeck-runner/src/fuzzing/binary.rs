//! `POST …/infer` with tensors as bytes. The first byte chooses the signature, the next two say where the JSON ends.

use super::shapes::{signature_of, tensors};
use super::{check_refusal, json};
use crate::data::{Request, Split, read_request};
use flightdeck_core::{Signature, Tensor, raw};
use serde_json::json;

pub(super) const WORDS: &[&str] = json::WORDS;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let good = tensors().into_iter().enumerate().map(|(place, inputs)| framed(place, &encode(&inputs, None)));
    // A body that is one tensor and nothing else.
    let alone = [vec![b'0', 0, 0], vec![0; 32]].concat();
    let mixed = br#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}],"parameters":{"binary_data_output":true}}"#;
    good.chain([alone, framed(0, &(mixed.to_vec(), Vec::new())), vec![b'1', 255, 255]]).collect()
}

/// JSON and the bytes after it.
type Parts = (Vec<u8>, Vec<u8>);

fn framed(place: usize, (header, bytes): &Parts) -> Vec<u8> {
    let first = [b'0' + place as u8];
    [&first[..], &(header.len() as u16).to_le_bytes(), header, bytes].concat()
}

fn encode(inputs: &[Tensor], id: Option<&str>) -> Parts {
    let mut bytes = Vec::new();
    let input = |tensor: &Tensor| {
        raw::write(&tensor.data, &mut bytes);
        json!({
            "name": tensor.name, "shape": tensor.shape, "datatype": tensor.data_type().as_str(),
            "parameters": {"binary_data_size": raw::size(&tensor.data)},
        })
    };
    let inputs: Vec<_> = inputs.iter().map(input).collect();
    (json!({"id": id, "inputs": inputs}).to_string().into_bytes(), bytes)
}

pub(super) fn check(input: &[u8]) {
    let [choice, low, high, body @ ..] = input else { return };
    let signature = signature_of(*choice);
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let Some((json, bytes)) = body.split_at_checked(length) else { return };
    match read((json, bytes), &signature) {
        Err(problem) => check_refusal(&problem),
        Ok(request) => {
            let (json, bytes) = encode(&request.rows.inputs, request.id.as_deref());
            let again = read((&json, &bytes), &signature);
            let again =
                again.unwrap_or_else(|problem| panic!("what was accepted is refused now: {problem:?}"));
            assert_eq!((again.rows.count, &again.id), (request.rows.count, &request.id));
            let bits = |request: &Request| encode(&request.rows.inputs, None);
            assert_eq!(bits(&again), bits(&request));
        }
    }
}

fn read((json, bytes): (&[u8], &[u8]), signature: &Signature) -> Result<Request, crate::problem::Problem> {
    read_request(Split { json, bytes: Some(bytes) }, signature)
}
