//! Tensors that say one thing and hold another.

use crate::build::{bytes, code, look, model, node, number, tensor};

fn initializer(tensor: &[u8]) -> Vec<u8> {
    model(&bytes(5, tensor))
}

fn typed(element: i64, dims: &[i64], field: u64, packed: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = dims.iter().flat_map(|size| number(1, *size)).collect();
    out.extend(number(2, element));
    out.extend(bytes(field, packed));
    initializer(&out)
}

#[test]
fn o10_shape_type_and_data_must_agree() {
    assert_eq!(code(&initializer(&tensor("w", 1, &[2, 3], &[0; 24]))), "taken");
    assert_eq!(code(&initializer(&tensor("w", 1, &[2, 3], &[0; 23]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 1, &[2, 3], &[0; 28]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 1, &[1 << 31, 1 << 31, 4], &[]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 1, &[1 << 40], &[]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 1, &[-1], &[0; 4]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 1, &[-2, -2], &[0; 16]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 99, &[1], &[0; 4]))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 8, &[1], b"text"))), "bad-tensor");
    assert_eq!(code(&initializer(&tensor("w", 22, &[3], &[0; 2]))), "taken", "two 4 bit numbers in a byte");
    assert_eq!(code(&initializer(&tensor("w", 1, &[0], &[]))), "taken");
    assert_eq!(code(&initializer(&tensor("w", 1, &[1; 65], &[0; 4]))), "model-too-large");
}

#[test]
fn o10_typed_lists_must_be_as_long_as_the_shape() {
    assert_eq!(code(&typed(1, &[2], 4, &[0; 8])), "taken");
    assert_eq!(code(&typed(1, &[3], 4, &[0; 8])), "bad-tensor");
    assert_eq!(code(&typed(1, &[2], 4, &[0; 7])), "malformed-model");
    assert_eq!(code(&typed(7, &[3], 7, &[1, 2, 0x80, 1])), "taken");
    assert_eq!(code(&typed(7, &[4], 7, &[1, 2, 0x80, 1])), "bad-tensor");
    assert_eq!(code(&typed(7, &[1], 5, &[1])), "bad-tensor", "64 bit numbers in the list of 32 bit ones");
    assert_eq!(code(&typed(14, &[1], 4, &[0; 8])), "taken", "a complex number is two");
    let both = [tensor("w", 1, &[1], &[0; 4]), bytes(4, [0; 4])].concat();
    assert_eq!(code(&initializer(&both)), "bad-tensor");
}

#[test]
fn o10_tensors_are_checked_wherever_they_stand() {
    let bad = tensor("w", 1, &[1 << 62, 4], &[]);
    let sparse = [bytes(1, tensor("v", 1, &[1], &[0; 4])), bytes(2, tensor("i", 7, &[1], &[0; 8]))].concat();
    let attribute = |field: u64, value: &[u8]| [bytes(1, "value"), bytes(field, value)].concat();
    let constant = |attribute: Vec<u8>| bytes(1, node("", "Constant", &[], &["c"], &[attribute]));
    assert_eq!(code(&model(&constant(attribute(5, &tensor("w", 1, &[1], &[0; 4]))))), "taken");
    assert_eq!(code(&model(&constant(attribute(5, &bad)))), "bad-tensor");
    assert_eq!(code(&model(&constant(attribute(10, &bad)))), "bad-tensor");
    assert_eq!(code(&model(&constant(attribute(6, &bytes(5, &bad))))), "bad-tensor", "in an inner graph");
    assert_eq!(code(&model(&bytes(15, [sparse.clone(), number(3, 5)].concat()))), "taken");
    assert_eq!(code(&model(&bytes(15, [sparse, number(3, -5)].concat()))), "bad-tensor");
    assert_eq!(code(&model(&bytes(15, bytes(1, &bad)))), "bad-tensor");
    let function =
        [bytes(1, "F"), bytes(7, node("", "Constant", &[], &["c"], &[attribute(5, &bad)]))].concat();
    assert_eq!(code(&[model(&[]), bytes(25, function)].concat()), "bad-tensor");
}

#[test]
fn learned_numbers_are_counted_in_tensors_and_in_lists() {
    let floats = [bytes(1, "coefficients"), bytes(7, [0; 12])].concat();
    let more = [
        bytes(5, tensor("w", 11, &[2, 2], &[0; 32])),
        bytes(1, node("ai.onnx.ml", "LinearRegressor", &["x"], &["z"], &[floats])),
    ];
    let facts = look(&model(&more.concat())).unwrap().facts;
    assert_eq!((facts.parameters, facts.parameter_bytes), (7, 44));
}
