//! Models of the sizes that the targets are stated for, written as ONNX files with their training data. The same bytes in every
//! run: weights come from a fixed sequence of numbers, since what a model has learned does not change what it costs.

mod onnx;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use onnx::{FLOAT, INT64, Message, Node, model, tensor, value};

/// A model to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Logistic regression.
    Linear,
    /// Gradient boosting, 100 trees of depth 6.
    Boosting,
    /// A perceptron with 256 hidden units and 10 classes.
    Perceptron,
    /// Four convolutions over 28 × 28: half a millisecond and more, whatever the number of rows.
    Convolution,
}

impl Kind {
    /// Those that are compared with others.
    pub(super) const ALL: [Self; 3] = [Self::Linear, Self::Boosting, Self::Perceptron];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Boosting => "boosting",
            Self::Perceptron => "mlp",
            Self::Convolution => "cnn",
        }
    }

    pub(super) fn columns(self) -> usize {
        match self {
            Self::Linear => 4,
            Self::Boosting => 30,
            Self::Perceptron | Self::Convolution => 784,
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
            Self::Convolution => convolution(columns, &mut numbers),
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

fn convolution(columns: usize, numbers: &mut Numbers) -> Vec<u8> {
    const CHANNELS: [usize; 5] = [1, 16, 32, 32, 16];
    let side = columns.isqrt() as i64;
    let sizes = |name, sizes: &[i64]| {
        let little: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        Message::default().number(1, sizes.len() as u64).number(2, INT64).bytes(8, name).bytes(9, little)
    };
    let mut weights = vec![sizes("image", &[-1, 1, side, side])];
    let mut nodes = vec![Node::new("Reshape", "", &["x", "image"], &["h0"])];
    for (layer, pair) in CHANNELS.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let scale = 1.0 / (from as f32 * 9.0).sqrt();
        let values: Vec<f32> = numbers.many(to * from * 9).iter().map(|number| number * scale).collect();
        weights.push(tensor(&format!("w{layer}"), &[to, from, 3, 3], &values));
        let [input, weight, output] = [format!("h{layer}"), format!("w{layer}"), format!("c{layer}")];
        let convolution = Node::new("Conv", "", &[&input, &weight], &[&output]);
        nodes.push(convolution.integers("kernel_shape", &[3, 3]).integers("pads", &[1, 1, 1, 1]));
        nodes.push(Node::new("Relu", "", &[&output], &[&format!("h{}", layer + 1)]));
    }
    nodes.push(Node::new("GlobalAveragePool", "", &["h4"], &["p"]));
    nodes.push(Node::new("Flatten", "", &["p"], &["scores"]).integer("axis", 1));
    model(&nodes, &weights, columns, &[value("scores", FLOAT, &[None, Some(CHANNELS[4])])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_the_same_in_every_run_and_as_large_as_stated() {
        for (kind, least) in [
            (Kind::Linear, 200),
            (Kind::Boosting, 100_000),
            (Kind::Perceptron, 800_000),
            (Kind::Convolution, 50_000),
        ] {
            let (first, again) = (kind.onnx(), kind.onnx());
            assert_eq!(first, again);
            assert!(first.len() > least, "{} bytes of {}", first.len(), kind.name());
        }
        assert_eq!(String::from_utf8(Kind::Linear.training()).unwrap().lines().count(), 401);
    }
}
