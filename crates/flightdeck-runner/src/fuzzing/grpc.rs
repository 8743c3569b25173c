//! `ModelInfer`: a message of Protocol Buffers with raw or typed contents. The first byte chooses the signature.

use super::check_refusal;
use super::shapes::{signature_of, tensors};
use crate::data::fit;
use flightdeck_core::{Tensor, raw};
use flightdeck_grpc::inference::ModelInferRequest;
use prost::Message;

pub(super) const WORDS: &[&str] = &[
    "FP32",
    "FP16",
    "BF16",
    "INT64",
    "UINT8",
    "BOOL",
    "BYTES",
    "x",
    "\u{8}",
    "\u{1}",
    "\u{0}",
    "\u{12}",
    "\u{1a}",
    "\u{22}",
    "\u{2a}",
    "\u{3a}",
    "\u{7f}",
    "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{1}",
];

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let encode = |place: usize, request: &ModelInferRequest| {
        [vec![b'0' + place as u8], request.encode_to_vec()].concat()
    };
    let mut seeds = Vec::new();
    for (place, tensors) in tensors().into_iter().enumerate() {
        let request = flightdeck_grpc::request("m", "", &tensors);
        seeds.push(encode(place, &request));
        if let Some(inputs) = flightdeck_grpc::tensors(&tensors) {
            let typed = ModelInferRequest { inputs, raw_input_contents: Vec::new(), ..request };
            seeds.push(encode(place, &typed));
        }
    }
    seeds
}

pub(super) fn check(input: &[u8]) {
    let Some((choice, message)) = input.split_first() else { return };
    // What cannot be decoded is refused before anything of ours sees it.
    let Ok(mut request) = ModelInferRequest::decode(message) else { return };
    let tensors = match flightdeck_grpc::inputs(&mut request) {
        Ok(tensors) => tensors,
        Err(error) => {
            let said = error.to_string();
            return assert!(!said.is_empty() && said.len() < 2_000, "a reason of {} bytes", said.len());
        }
    };
    let mut again = flightdeck_grpc::request(&request.model_name, &request.model_version, &tensors);
    let again = flightdeck_grpc::inputs(&mut again);
    let again = again.unwrap_or_else(|error| panic!("what was accepted is refused now: {error}"));
    assert_eq!(bits(&again), bits(&tensors));
    if let Err(problem) = fit(tensors, &signature_of(*choice)) {
        check_refusal(&problem);
    }
}

/// Everything of tensors, NaN's bits included.
fn bits(tensors: &[Tensor]) -> Vec<(&str, &[usize], Vec<u8>)> {
    let bits = |tensor: &Tensor| {
        let mut bytes = Vec::new();
        raw::write(&tensor.data, &mut bytes);
        bytes
    };
    tensors.iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice(), bits(tensor))).collect()
}
