//! Models of the sizes that the targets are stated for, written as ONNX files with their training data. The same bytes in every
//! run: weights come from a fixed sequence of numbers, since what a model has learned does not change what it costs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A model to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Logistic regression.
    Linear,
    /// Gradient boosting, 100 trees of depth 6.
    Boosting,
    /// A perceptron with 256 hidden units and 10 classes.
    Perceptron,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Linear, Self::Boosting, Self::Perceptron];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Boosting => "boosting",
            Self::Perceptron => "mlp",
        }
    }

    pub(super) fn columns(self) -> usize {
        match self {
            Self::Linear => 4,
            Self::Boosting => 30,
            Self::Perceptron => 784,
        }
    }

    /// Writes `NAME.onnx`, and `NAME.csv` with training rows.
    pub(super) fn write(self, folder: &Path) -> Result<()> {
        let path = |end: &str| folder.join(format!("{}.{end}", self.name()));
        let written = |path: std::path::PathBuf, bytes: Vec<u8>| {
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        written(path("onnx"), self.onnx())?;
        written(path("csv"), self.training())
    }

    fn training(self) -> Vec<u8> {
        const ROWS: usize = 400;
        let mut numbers = Numbers(7);
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let mut text = line((0..self.columns()).map(|column| format!("f{column}")).collect());
        for _ in 0..ROWS {
            text += &line((0..self.columns()).map(|_| format!("{:.4}", numbers.next() * 2.0)).collect());
        }
        text.into_bytes()
    }

    fn onnx(self) -> Vec<u8> {
        let mut numbers = Numbers(1);
        let columns = self.columns();
        match self {
            Self::Linear => linear(columns, &mut numbers),
            Self::Boosting => boosting(columns, &mut numbers),
            Self::Perceptron => perceptron(columns, &mut numbers),
        }
    }
}

/// Numbers between -1 and 1.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }

    fn many(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

fn linear(columns: usize, numbers: &mut Numbers) -> Vec<u8> {
    let weights = numbers.many(columns);
    let both: Vec<f32> = weights.iter().map(|weight| -weight).chain(weights.iter().copied()).collect();
    let classifier = Node::new("LinearClassifier", "ai.onnx.ml", &["x"], &["label", "scores"])
        .floats("coefficients", &both)
        .floats("intercepts", &[-0.1, 0.1])
        .integers("classlabels_ints", &[0, 1])
        .text("post_transform", "LOGISTIC");
    let outputs = [value("label", INT64, &[None]), value("scores", FLOAT, &[None, Some(2)])];
    model(&[classifier], &[], columns, &outputs)
}

/// Complete trees, one node after the other, level by level.
fn boosting(columns: usize, numbers: &mut Numbers) -> Vec<u8> {
    const TREES: i64 = 100;
    const DEPTH: u32 = 6;
    let inner = 2_i64.pow(DEPTH) - 1;
    let all = 2 * inner + 1;
    let (mut trees, mut ids, mut features, mut thresholds) = (vec![], vec![], vec![], vec![]);
    let (mut modes, mut yes, mut no) = (vec![], vec![], vec![]);
    let (mut leaf_trees, mut leaves, mut weights) = (vec![], vec![], vec![]);
    for tree in 0..TREES {
        for id in 0..all {
            trees.push(tree);
            ids.push(id);
            if id < inner {
                features.push((numbers.next().abs() * columns as f32) as i64 % columns as i64);
                thresholds.push(numbers.next() * 1.5);
                modes.push("BRANCH_LEQ");
                yes.push(2 * id + 1);
                no.push(2 * id + 2);
            } else {
                features.push(0);
                thresholds.push(0.0);
                modes.push("LEAF");
                yes.push(0);
                no.push(0);
                leaf_trees.push(tree);
                leaves.push(id);
                weights.push(numbers.next() / 10.0);
            }
        }
    }
    let ensemble = Node::new("TreeEnsembleRegressor", "ai.onnx.ml", &["x"], &["y"])
        .integers("nodes_treeids", &trees)
        .integers("nodes_nodeids", &ids)
        .integers("nodes_featureids", &features)
        .floats("nodes_values", &thresholds)
        .texts("nodes_modes", &modes)
        .integers("nodes_truenodeids", &yes)
        .integers("nodes_falsenodeids", &no)
        .integers("target_treeids", &leaf_trees)
        .integers("target_nodeids", &leaves)
        .integers("target_ids", &vec![0; leaves.len()])
        .floats("target_weights", &weights)
        .integer("n_targets", 1);
    model(&[ensemble], &[], columns, &[value("y", FLOAT, &[None, Some(1)])])
}

fn perceptron(columns: usize, numbers: &mut Numbers) -> Vec<u8> {
    const HIDDEN: usize = 256;
    const CLASSES: usize = 10;
    let mut weights = |name, rows: usize, width: usize| {
        let values: Vec<f32> = numbers.many(rows * width).iter().map(|n| n / (rows as f32).sqrt()).collect();
        tensor(name, &[rows, width], &values)
    };
    let weights = [
        weights("w1", columns, HIDDEN),
        weights("b1", 1, HIDDEN),
        weights("w2", HIDDEN, CLASSES),
        weights("b2", 1, CLASSES),
    ];
    let nodes = [
        Node::new("Gemm", "", &["x", "w1", "b1"], &["h"]),
        Node::new("Relu", "", &["h"], &["r"]),
        Node::new("Gemm", "", &["r", "w2", "b2"], &["z"]),
        Node::new("Softmax", "", &["z"], &["scores"]).integer("axis", 1),
    ];
    model(&nodes, &weights, columns, &[value("scores", FLOAT, &[None, Some(CLASSES)])])
}

const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// A message of Protocol Buffers, field by field.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }
}

fn little(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A `NodeProto`.
struct Node(Message);

impl Node {
    fn new(operator: &str, domain: &str, inputs: &[&str], outputs: &[&str]) -> Self {
        let mut message = Message::default();
        for input in inputs {
            message = message.bytes(1, input);
        }
        for output in outputs {
            message = message.bytes(2, output);
        }
        Self(message.bytes(4, operator).bytes(7, domain))
    }

    /// `kind` is the number of the type in `AttributeProto`.
    fn attribute(self, name: &str, kind: u64, fill: impl FnOnce(Message) -> Message) -> Self {
        let attribute = fill(Message::default().bytes(1, name)).number(20, kind);
        Self(self.0.bytes(5, attribute.0))
    }

    fn integer(self, name: &str, value: i64) -> Self {
        self.attribute(name, 2, |message| message.number(3, value as u64))
    }

    fn text(self, name: &str, value: &str) -> Self {
        self.attribute(name, 3, |message| message.bytes(4, value))
    }

    fn floats(self, name: &str, values: &[f32]) -> Self {
        self.attribute(name, 6, |message| message.bytes(7, little(values)))
    }

    fn integers(self, name: &str, values: &[i64]) -> Self {
        let mut packed = Message::default();
        for value in values {
            packed.varint(*value as u64);
        }
        self.attribute(name, 7, |message| message.bytes(8, packed.0))
    }

    fn texts(self, name: &str, values: &[&str]) -> Self {
        self.attribute(name, 8, |message| {
            values.iter().fold(message, |message, value| message.bytes(9, value))
        })
    }
}

/// A `TensorProto` of floats.
fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    let sized = shape.iter().fold(Message::default(), |message, size| message.number(1, *size as u64));
    sized.number(2, FLOAT).bytes(8, name).bytes(9, little(values))
}

/// A `ValueInfoProto`; a size that is `None` is the number of rows.
fn value(name: &str, kind: u64, shape: &[Option<usize>]) -> Message {
    let size = |size: &Option<usize>| match size {
        Some(size) => Message::default().number(1, *size as u64),
        None => Message::default().bytes(2, "N"),
    };
    let sizes =
        shape.iter().fold(Message::default(), |message, dimension| message.bytes(1, size(dimension).0));
    let tensor = Message::default().number(1, kind).bytes(2, sizes.0);
    Message::default().bytes(1, name).bytes(2, Message::default().bytes(1, tensor.0).0)
}

/// A `ModelProto` with one input `x`.
fn model(nodes: &[Node], weights: &[Message], columns: usize, outputs: &[Message]) -> Vec<u8> {
    let graph =
        nodes.iter().fold(Message::default(), |graph, node| graph.bytes(1, &node.0.0)).bytes(2, "bench");
    let graph = weights.iter().fold(graph, |graph, weight| graph.bytes(5, &weight.0));
    let graph = graph.bytes(11, value("x", FLOAT, &[None, Some(columns)]).0);
    let graph = outputs.iter().fold(graph, |graph, output| graph.bytes(12, &output.0));
    let set = |domain: &str, version| Message::default().bytes(1, domain).number(2, version).0;
    let model = Message::default().number(1, 9).bytes(2, "flightdeck").bytes(7, graph.0);
    model.bytes(8, set("", 18)).bytes(8, set("ai.onnx.ml", 3)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_seven_bits() {
        assert_eq!(Message::default().number(1, 300).bytes(2, "ab").0, [8, 0xac, 2, 18, 2, b'a', b'b']);
    }

    #[test]
    fn a_model_is_the_same_in_every_run_and_as_large_as_stated() {
        for (kind, least) in [(Kind::Linear, 200), (Kind::Boosting, 100_000), (Kind::Perceptron, 800_000)] {
            let (first, again) = (kind.onnx(), kind.onnx());
            assert_eq!(first, again);
            assert!(first.len() > least, "{} bytes of {}", first.len(), kind.name());
        }
        assert_eq!(String::from_utf8(Kind::Linear.training()).unwrap().lines().count(), 401);
    }
}
