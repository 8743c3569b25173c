//! How many operations a row costs, against counts made by hand.

use crate::build::{bytes, look, model_of, node, number, tensor, tensor_value};
use flightdeck_onnx::{Facts, Limits, inspect};
use std::path::Path;

fn flops(name: &str) -> Option<u64> {
    inspect(&Path::new("tests/data").join(name), &Limits::default()).unwrap().facts.flops
}

#[test]
fn models_of_real_exporters() {
    // Two layers with biases, 4·8 and 8·3, eight rectifiers, a softmax and the largest of three.
    let dense = (2 * 32 + 8) + 8 + (2 * 24 + 3);
    assert_eq!(flops("mlp.onnx"), Some(dense + 3 * 3 + 3));
    assert_eq!(flops("external.onnx"), flops("mlp.onnx"), "weights need not be read");
    // The same with three in the middle, as scikit-learn has it.
    assert_eq!(flops("mlp_sklearn.onnx"), Some((2 * 12 + 3) + 3 + (2 * 9 + 3) + 9 + 3));
    // Four coefficients and an intercept for each of two classes, and the logistic function of both.
    assert_eq!(flops("logistic.onnx"), Some(2 * 8 + 2 + 2));
    assert_eq!(flops("logistic_zipmap.onnx"), flops("logistic.onnx"));
    assert_eq!(flops("regressor.onnx"), Some(2 * 4 + 1));
    // Two numbers are scaled, and two categories make four columns for a logistic regression.
    assert_eq!(flops("mixed.onnx"), Some(2 * 2 + 2 * 8 + 2 + 2));
}

#[test]
fn trees_cost_their_mean_depth() {
    // Three trees with leaves at depths 1, 2 and 2, and three classes at each leaf, as seen by walking them in Python.
    assert_eq!(flops("forest_zipmap.onnx"), Some(5 + 3 * 3));
    assert_eq!(flops("forest_edited.onnx"), flops("forest_zipmap.onnx"));
}

fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| number(8, *value)).collect();
    [bytes(1, name), values].concat()
}

fn texts(name: &str, values: &[&str]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| bytes(9, value)).collect();
    [bytes(1, name), values].concat()
}

fn of_graph(input: &[i64], parts: &[Vec<u8>]) -> Option<u64> {
    let ends = [bytes(11, tensor_value("x", 1, input)), bytes(12, tensor_value("y", 1, &[-1, 1]))].concat();
    look(&model_of(&[parts.concat(), ends].concat())).unwrap().facts.flops
}

#[test]
fn a_tree_with_leaves_at_several_depths() {
    // A root whose left child is a leaf, and whose right one splits again: depths 1, 2, 2.
    let attributes = |children: [&[i64]; 2]| {
        [
            ints("nodes_treeids", &[0; 5]),
            ints("nodes_nodeids", &[0, 1, 2, 3, 4]),
            ints("nodes_truenodeids", children[0]),
            ints("nodes_falsenodeids", children[1]),
            texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"]),
            ints("target_ids", &[0; 3]),
        ]
    };
    let tree = |children: [&[i64]; 2]| {
        let parts = attributes(children);
        of_graph(&[-1, 4], &[bytes(1, node("ai.onnx.ml", "TreeEnsembleRegressor", &["x"], &["y"], &parts))])
    };
    // 5/3 comparisons are two, and one number is added.
    assert_eq!(tree([&[1, 0, 3, 0, 0], &[2, 0, 4, 0, 0]]), Some(3));
    assert_eq!(tree([&[1, 0, 0, 0, 0], &[2, 0, 0, 0, 0]]), None, "a tree that comes back to its root");
    assert_eq!(tree([&[1, 0, 9, 0, 0], &[2, 0, 4, 0, 0]]), None, "a child that is not there");
}

#[test]
fn a_convolution_costs_what_its_window_sees() {
    let weights = bytes(5, tensor("w", 1, &[8, 3, 3, 3], &[0; 8 * 27 * 4]));
    let bias = bytes(5, tensor("b", 1, &[8], &[0; 32]));
    let conv = |attributes: &[Vec<u8>]| bytes(1, node("", "Conv", &["x", "w", "b"], &["c"], attributes));
    let relu = bytes(1, node("", "Relu", &["c"], &["y"], &[]));
    let count = |input: &[i64], attributes: &[Vec<u8>]| {
        of_graph(input, &[weights.clone(), bias.clone(), conv(attributes), relu.clone()])
    };
    // 8 filters at 6·6 places see 27 values each, add a bias, and are rectified.
    assert_eq!(count(&[-1, 3, 8, 8], &[]), Some(8 * 36 * (2 * 27 + 1 + 1)));
    let padded = [ints("pads", &[1; 4]), ints("strides", &[2; 2])];
    assert_eq!(count(&[-1, 3, 8, 8], &padded), Some(8 * 16 * (2 * 27 + 1 + 1)));
    assert_eq!(count(&[-1, 3, -1, 8], &[]), None, "a size that is free");
    assert_eq!(count(&[-1, 3, 2, 8], &[]), None, "smaller than the window");
}

#[test]
fn sizes_are_followed_through_what_reshapes() {
    // As a network is flattened: the first size is asked for, and the rest is what is left.
    let parts = [
        bytes(5, tensor("zero", 7, &[], &0_i64.to_le_bytes())),
        bytes(5, tensor("axes", 7, &[1], &0_i64.to_le_bytes())),
        bytes(5, tensor("rest", 7, &[1], &(-1_i64).to_le_bytes())),
        bytes(5, tensor("w", 1, &[12, 5], &[0; 240])),
        bytes(1, node("", "Shape", &["x"], &["sizes"], &[])),
        bytes(1, node("", "Gather", &["sizes", "zero"], &["rows"], &[])),
        bytes(1, node("", "Unsqueeze", &["rows", "axes"], &["first"], &[])),
        bytes(
            1,
            node("", "Concat", &["first", "rest"], &["wanted"], &[[bytes(1, "axis"), number(3, 0)].concat()]),
        ),
        bytes(1, node("", "Reshape", &["x", "wanted"], &["flat"], &[])),
        bytes(1, node("", "MatMul", &["flat", "w"], &["y"], &[])),
    ];
    assert_eq!(of_graph(&[-1, 3, 4], &parts), Some(2 * 12 * 5));
}

#[test]
fn what_is_not_known_has_no_number() {
    let unknown = |domain: &str, operator: &str| bytes(1, node(domain, operator, &["x"], &["y"], &[]));
    assert_eq!(of_graph(&[-1, 4], &[unknown("", "LSTM")]), None);
    assert_eq!(of_graph(&[-1, 4], &[unknown("com.microsoft", "FusedGemm")]), None);
    assert_eq!(of_graph(&[-1, 4], &[unknown("", "Identity")]), Some(0));
    assert_eq!(of_graph(&[-1, 4], &[bytes(1, node("", "Add", &[], &["y"], &[]))]), Some(1));
    let product = [
        bytes(1, node("", "Transpose", &["x"], &["t"], &[])),
        bytes(1, node("", "MatMul", &["x", "t"], &["y"], &[])),
    ];
    assert_eq!(of_graph(&[1 << 15, 1], &product), Some(2 << 30));
}

#[test]
fn facts_written_before_are_still_read() {
    let old = r#"{"ir_version":8,"producer":"p","opsets":[{"domain":"ai.onnx","version":13}],"operators":[],
        "parameters":3,"parameter_bytes":12,"metadata":{}}"#;
    let facts: Facts = serde_json::from_str(old).unwrap();
    assert_eq!((facts.flops, facts.parameters), (None, 3));
    assert!(!serde_json::to_string(&facts).unwrap().contains("flops"), "what is not known is not written");
}
