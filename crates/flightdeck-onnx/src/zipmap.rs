//! The one edit: a final `ZipMap`, which turns scores into a list of maps, becomes an `Identity`.
//!
//! The output keeps its name and becomes a tensor `[rows, classes]` of 32 bit numbers. Everything else is copied as it
//! stands, byte for byte.

use crate::classes::class_labels;
use crate::message::{Graph, Model, Node};
use crate::wire::{Malformed, Message, Value, put_bytes, put_number};
use std::collections::{BTreeMap, BTreeSet};

/// What the removed nodes stated, by the name of the output.
pub(crate) type Zipped = BTreeMap<String, Vec<String>>;

/// The outputs that a `ZipMap` makes and nothing else takes, with their classes.
pub(crate) fn find(graph: &Graph<'_>) -> Zipped {
    let mut zipmaps = graph.nodes.iter().filter(|node| is_zipmap(node)).peekable();
    if zipmaps.peek().is_none() {
        return Zipped::new();
    }
    let outputs: BTreeSet<&str> = graph.outputs.iter().map(|output| output.name).collect();
    let taken: BTreeSet<&str> = graph.nodes.iter().flat_map(|node| node.inputs.iter().copied()).collect();
    let finals = zipmaps.filter(|node| outputs.contains(node.outputs[0]) && !taken.contains(node.outputs[0]));
    let named = finals.map(|node| (node.outputs[0].to_owned(), class_labels(node)));
    named.filter(|(_, classes)| !classes.is_empty()).collect()
}

fn is_zipmap(node: &Node<'_>) -> bool {
    node.domain == "ai.onnx.ml"
        && node.op_type == "ZipMap"
        && node.inputs.len() == 1
        && node.outputs.len() == 1
}

/// The file without them.
pub(crate) fn remove(bytes: &[u8], model: &Model<'_>, zipped: &Zipped) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    for field in Message::new(bytes).fields() {
        let field = field?;
        match (field.number, field.value) {
            (7, Value::Bytes(graph)) => put_bytes(&mut out, 7, &rewrite(graph, &model.graph, zipped)?),
            _ => out.extend_from_slice(field.raw),
        }
    }
    let imports = model.opsets.iter().any(|(domain, _)| domain.is_empty());
    let misses = model.graph.nodes.iter().any(|node| node.domain.is_empty());
    if !imports && !misses {
        let mut opset = Vec::new();
        put_bytes(&mut opset, 1, b"");
        put_number(&mut opset, 2, IDENTITY_OPSET);
        put_bytes(&mut out, 8, &opset);
    }
    Ok(out)
}

/// Any version knows `Identity`. A model that uses only `ai.onnx.ml` need not name one; one that should and does not stays
/// as broken as it was.
const IDENTITY_OPSET: u64 = 13;

fn rewrite(message: Message<'_>, graph: &Graph<'_>, zipped: &Zipped) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(message.bytes.len() + 64);
    let (mut nodes, mut outputs) = (graph.nodes.iter(), graph.outputs.iter());
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => match nodes.next().filter(|node| is_zipmap(node) && zipped.contains_key(node.outputs[0])) {
                Some(node) => put_bytes(&mut out, 1, &identity(node)),
                None => out.extend_from_slice(field.raw),
            },
            12 => {
                let output = outputs.next().and_then(|output| zipped.get_key_value(output.name));
                match output {
                    Some((name, classes)) => put_bytes(&mut out, 12, &matrix(name, classes.len())),
                    None => out.extend_from_slice(field.raw),
                }
            }
            // What was said about the value's old type is no longer true.
            13 if names_one_of(field.value, zipped) => {}
            _ => out.extend_from_slice(field.raw),
        }
    }
    Ok(out)
}

fn names_one_of(value: Value<'_>, zipped: &Zipped) -> bool {
    let Value::Bytes(info) = value else { return false };
    info.fields().flatten().any(|field| match (field.number, field.value) {
        (1, Value::Bytes(name)) => {
            std::str::from_utf8(name.bytes).is_ok_and(|name| zipped.contains_key(name))
        }
        _ => false,
    })
}

fn identity(node: &Node<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, node.inputs[0].as_bytes());
    put_bytes(&mut out, 2, node.outputs[0].as_bytes());
    put_bytes(&mut out, 3, node.name.as_bytes());
    put_bytes(&mut out, 4, b"Identity");
    out
}

/// `ValueInfoProto` of a tensor of 32 bit numbers with free rows and a column for each class.
fn matrix(name: &str, classes: usize) -> Vec<u8> {
    let (mut width, mut shape, mut tensor) = (Vec::new(), Vec::new(), Vec::new());
    put_number(&mut width, 1, classes as u64);
    put_bytes(&mut shape, 1, b"");
    put_bytes(&mut shape, 1, &width);
    put_number(&mut tensor, 1, 1);
    put_bytes(&mut tensor, 2, &shape);
    let (mut value_type, mut out) = (Vec::new(), Vec::new());
    put_bytes(&mut value_type, 1, &tensor);
    put_bytes(&mut out, 1, name.as_bytes());
    put_bytes(&mut out, 2, &value_type);
    out
}
