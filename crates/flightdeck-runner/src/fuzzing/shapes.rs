//! What the inputs are read for: signatures with every type, and good tensors for each of them.

use flightdeck_core::{DataType, Input, Output, OutputRole, Signature, Task, Tensor, TensorData};
use half::{bf16, f16};

fn signatures() -> Vec<Signature> {
    use DataType::{
        Bf16, Bool, Bytes, Fp16, Fp32, Fp64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64,
    };
    let mixed = [("a", Int64, 1), ("b", Bytes, 2), ("c", Bool, 1), ("d", Fp64, 3)];
    let whole = [
        ("u1", Uint8, 1),
        ("u2", Uint16, 1),
        ("u4", Uint32, 1),
        ("u8", Uint64, 1),
        ("i1", Int8, 1),
        ("i2", Int16, 1),
        ("i4", Int32, 1),
    ];
    let rows = |columns: &[(&str, DataType, i64)]| {
        columns.iter().map(|(name, kind, width)| input(name, *kind, &[-1, *width], Some(0))).collect()
    };
    vec![
        signature(rows(&[("x", Fp32, 4)])),
        signature(rows(&mixed)),
        signature(rows(&whole)),
        signature(vec![input("x", Fp32, &[2, -1, 2], None)]),
        signature(rows(&[("h", Fp16, 2), ("b", Bf16, 1)])),
    ]
}

fn input(name: &str, data_type: DataType, shape: &[i64], batch_axis: Option<usize>) -> Input {
    Input { name: name.into(), data_type, shape: shape.into(), batch_axis, columns: Vec::new() }
}

fn signature(inputs: Vec<Input>) -> Signature {
    let outputs = ["y", "p"].map(|name| Output {
        name: name.into(),
        data_type: DataType::Fp32,
        shape: vec![-1, 1],
        role: OutputRole::Other,
        classes: Vec::new(),
    });
    Signature { task: Task::Other, inputs, outputs: outputs.into() }
}

/// Some good tensors for each signature.
pub(super) fn tensors() -> Vec<Vec<Tensor>> {
    use TensorData as T;
    let tensor = |name: &str, shape: &[usize], data| Tensor::new(name, shape.to_vec(), data).into_iter();
    let one = |name: &str, data| tensor(name, &[1, 1], data);
    vec![
        tensor("x", &[2, 4], T::Fp32(vec![1.0, -2.5, 3e-8, f32::NAN, 0.1, 0.0, 1e30, -0.0])).collect(),
        one("a", T::Int64(vec![i64::MIN]))
            .chain(tensor("b", &[1, 2], T::Bytes(vec!["Zoë \"q\"".into(), String::new()])))
            .chain(one("c", T::Bool(vec![true])))
            .chain(tensor("d", &[1, 3], T::Fp64(vec![0.1, f64::NAN, 5e-324])))
            .collect(),
        one("u1", T::Uint8(vec![255]))
            .chain(one("u2", T::Uint16(vec![1])))
            .chain(one("u4", T::Uint32(vec![2])))
            .chain(one("u8", T::Uint64(vec![u64::MAX])))
            .chain(one("i1", T::Int8(vec![-128])))
            .chain(one("i2", T::Int16(vec![3])))
            .chain(one("i4", T::Int32(vec![4])))
            .collect(),
        tensor("x", &[2, 1, 2], T::Fp32(vec![1.0, 2.0, 3.0, 4.0])).collect(),
        tensor("h", &[1, 2], T::Fp16(vec![f16::ONE, f16::NAN]))
            .chain(one("b", T::Bf16(vec![bf16::MIN])))
            .collect(),
    ]
}

/// The place of the signature that a byte chooses.
pub(super) fn place_of(choice: u8) -> usize {
    usize::from(choice.wrapping_sub(b'0')) % signatures().len()
}

/// The signature that a byte chooses.
pub(super) fn signature_of(choice: u8) -> Signature {
    signatures().swap_remove(place_of(choice))
}
