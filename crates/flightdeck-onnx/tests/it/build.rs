//! A writer of ONNX files that lets anything through. Independent of the reader: field numbers from onnx.proto.

use flightdeck_onnx::{Inspection, Limits, Refusal, inspect};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 127 {
        out.push((value % 128 + 128) as u8);
        value /= 128;
    }
    out.push(value as u8);
    out
}

pub(crate) fn number(field: u64, value: i64) -> Vec<u8> {
    [varint(field * 8), varint(value.cast_unsigned())].concat()
}

pub(crate) fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    [&varint(field * 8 + 2), &varint(value.as_ref().len() as u64), value.as_ref()].concat()
}

pub(crate) fn opset(domain: &str, version: i64) -> Vec<u8> {
    bytes(8, [bytes(1, domain), number(2, version)].concat())
}

/// `ValueInfoProto`: a tensor of these sizes, -1 for a free one.
pub(crate) fn tensor_value(name: &str, element: i64, shape: &[i64]) -> Vec<u8> {
    let dim = |size: &i64| bytes(1, if *size < 0 { bytes(2, "n") } else { number(1, *size) });
    let sizes: Vec<u8> = shape.iter().flat_map(dim).collect();
    let tensor = [number(1, element), bytes(2, sizes)].concat();
    [bytes(1, name), bytes(2, bytes(1, tensor))].concat()
}

pub(crate) fn node(
    domain: &str,
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let mut out: Vec<u8> = inputs.iter().flat_map(|name| bytes(1, name)).collect();
    out.extend(outputs.iter().flat_map(|name| bytes(2, name)));
    out.extend(bytes(4, op));
    out.extend(attributes.iter().flat_map(|attribute| bytes(5, attribute)));
    out.extend(bytes(7, domain));
    out
}

/// `TensorProto` with raw data.
pub(crate) fn tensor(name: &str, element: i64, dims: &[i64], raw: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = dims.iter().flat_map(|size| number(1, *size)).collect();
    out.extend(number(2, element));
    out.extend(bytes(8, name));
    out.extend(bytes(9, raw));
    out
}

/// `TensorProto` whose data lies elsewhere.
pub(crate) fn external_tensor(dims: &[i64], words: &[(&str, &str)]) -> Vec<u8> {
    let mut out: Vec<u8> = dims.iter().flat_map(|size| number(1, *size)).collect();
    out.extend(number(2, 1));
    out.extend(bytes(8, "w"));
    out.extend(words.iter().flat_map(|(key, value)| bytes(13, [bytes(1, key), bytes(2, value)].concat())));
    out.extend(number(14, 1));
    out
}

/// The parts of a graph: an `Identity` from `x` to `y`, and whatever else is given.
pub(crate) fn graph(more: &[u8]) -> Vec<u8> {
    let ends = [bytes(11, tensor_value("x", 1, &[-1, 1])), bytes(12, tensor_value("y", 1, &[-1, 1]))];
    [&bytes(1, node("", "Identity", &["x"], &["y"], &[])), more, &ends.concat()].concat()
}

pub(crate) fn model_of(graph: &[u8]) -> Vec<u8> {
    [number(1, 8), bytes(7, graph), opset("", 13), opset("ai.onnx.ml", 3)].concat()
}

/// A small model with `more` parts in its graph.
pub(crate) fn model(more: &[u8]) -> Vec<u8> {
    model_of(&graph(more))
}

pub(crate) fn look(model: &[u8]) -> Result<Inspection, Refusal> {
    let folder = TempDir::new().unwrap();
    look_in(folder.path(), model)
}

pub(crate) fn look_in(folder: &Path, model: &[u8]) -> Result<Inspection, Refusal> {
    let path = folder.join("model.onnx");
    fs::write(&path, model).unwrap();
    inspect(&path, &Limits::default())
}

pub(crate) fn code(model: &[u8]) -> &'static str {
    look(model).err().map_or("taken", |refusal| refusal.code())
}

pub(crate) fn findings(inspection: &Inspection) -> Vec<&str> {
    inspection.findings.iter().map(|finding| finding.code.as_str()).collect()
}
