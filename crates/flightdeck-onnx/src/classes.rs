//! Where an output comes from: the classifier behind it, and the names of its classes.

use crate::limits::Limits;
use crate::message::{Graph, Node, ValueInfo, read_tensor};
use crate::wire::{Message, Value};
use std::collections::HashMap;

/// Longest chain of nodes that is followed.
const STEPS: usize = 64;
/// More classes than this are not names for a person to read.
const MOST_CLASSES: usize = 10_000;

/// What an output comes from, behind the nodes that only pass values on.
#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    /// The label of a classifier.
    Label(Vec<String>),
    /// The scores of a classifier.
    Scores(Vec<String>),
    /// The largest of some scores, as a number.
    Largest,
    /// Numbers that add up to one.
    Shares,
    /// Something else.
    Other,
}

/// Which node makes which value, and at which place among its outputs.
pub(crate) struct Makers<'g, 'a> {
    graph: &'g Graph<'a>,
    by_value: HashMap<&'a str, (usize, usize)>,
}

impl<'g, 'a> Makers<'g, 'a> {
    pub(crate) fn of(graph: &'g Graph<'a>) -> Self {
        let mut by_value = HashMap::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            by_value.extend(node.outputs.iter().enumerate().map(|(place, value)| (*value, (at, place))));
        }
        Self { graph, by_value }
    }

    /// The node that makes a value, and the place of the value among what it makes.
    fn maker(&self, value: &str) -> Option<(&'g Node<'a>, usize)> {
        self.by_value.get(value).map(|(at, place)| (&self.graph.nodes[*at], *place))
    }

    pub(crate) fn source(&self, output: &ValueInfo<'a>) -> Source {
        let mut value = output.name;
        for _ in 0..STEPS {
            let Some((node, place)) = self.maker(value) else { return Source::Other };
            match (node.domain, node.op_type) {
                ("ai.onnx.ml", "LinearClassifier" | "SVMClassifier" | "TreeEnsembleClassifier") => {
                    let classes = class_labels(node);
                    return if place == 0 { Source::Label(classes) } else { Source::Scores(classes) };
                }
                ("", "ArgMax") => return Source::Largest,
                ("", "Softmax") => return Source::Shares,
                ("ai.onnx.ml", "ArrayFeatureExtractor") | ("", "Gather") => {
                    if let Some(classes) = node.inputs.first().and_then(|value| self.constant(value)) {
                        return Source::Label(classes);
                    }
                }
                ("", "Identity" | "Cast" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze")
                | ("ai.onnx.ml", "Normalizer" | "ZipMap") => {}
                _ => return Source::Other,
            }
            match node.inputs.first() {
                Some(first) => value = first,
                None => return Source::Other,
            }
        }
        Source::Other
    }

    /// The values of a small constant tensor, as texts.
    fn constant(&self, value: &str) -> Option<Vec<String>> {
        if let Some(message) = self.graph.initializers.get(value) {
            return tensor_texts(*message);
        }
        let (node, _) =
            self.maker(value).filter(|(node, _)| node.domain.is_empty() && node.op_type == "Constant")?;
        let (_, attribute) = node.attributes.iter().find(|(name, _)| *name == "value")?;
        attribute.fields().flatten().find_map(|field| match (field.number, field.value) {
            (5, Value::Bytes(message)) => tensor_texts(message),
            _ => None,
        })
    }
}

/// The names of the classes that a classifier or a `ZipMap` states.
pub(crate) fn class_labels(node: &Node<'_>) -> Vec<String> {
    let named = |name: &&(&str, Message<'_>)| name.0.starts_with("classlabels_");
    let lists = node.attributes.iter().filter(named).map(|(_, attribute)| attribute_texts(*attribute));
    lists.max_by_key(Vec::len).unwrap_or_default()
}

/// The texts or whole numbers of an attribute.
fn attribute_texts(attribute: Message<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    for field in attribute.fields().flatten() {
        match (field.number, field.value) {
            (8, Value::Varint(number)) => texts.push(number.cast_signed().to_string()),
            (8, Value::Bytes(packed)) => {
                let numbers = packed.varints().flatten().map(|number| number.cast_signed().to_string());
                texts.extend(numbers.take(MOST_CLASSES));
            }
            (9, Value::Bytes(text)) => texts.push(String::from_utf8_lossy(text.bytes).into_owned()),
            _ => {}
        }
        if texts.len() >= MOST_CLASSES {
            break;
        }
    }
    texts
}

/// The elements of a small tensor of whole numbers or texts, or of numbers that are whole.
fn tensor_texts(message: Message<'_>) -> Option<Vec<String>> {
    let tensor = read_tensor(message, &Limits::default()).ok()?;
    let extent = tensor.check().ok()?;
    if tensor.is_external || extent.elements > MOST_CLASSES as u64 {
        return None;
    }
    let raw = tensor.raw.filter(|raw| !raw.bytes.is_empty());
    Some(match (tensor.data_type, raw) {
        (1, Some(raw)) => {
            raw.bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).to_string()).collect()
        }
        (6, Some(raw)) => {
            raw.bytes.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b).to_string()).collect()
        }
        (7, Some(raw)) => {
            raw.bytes.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b).to_string()).collect()
        }
        (6..=8, None) => listed_texts(message),
        _ => return None,
    })
}

/// The typed lists of a tensor: texts, and whole numbers of 32 or 64 bits.
fn listed_texts(message: Message<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    for field in message.fields().flatten() {
        match (field.number, field.value) {
            (6, Value::Bytes(text)) => texts.push(String::from_utf8_lossy(text.bytes).into_owned()),
            (5 | 7, Value::Varint(number)) => texts.push(number.cast_signed().to_string()),
            (5 | 7, Value::Bytes(packed)) => {
                texts.extend(packed.varints().flatten().map(|number| number.cast_signed().to_string()));
            }
            _ => {}
        }
    }
    texts
}
