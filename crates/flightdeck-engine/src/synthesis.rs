//! Rows invented from a signature, for measuring a model that came without any.

use flightdeck_core::{DataType, Input, Signature, Tensor, TensorData, TensorError};
use half::{bf16, f16};

/// Input tensors with `rows` rows of numbers in `[0, 1)`, zeros and ones, and short texts. Always the same ones.
///
/// Sizes that the model leaves free, other than the batch axis, become 1. Fails when the sizes are more than can be counted.
pub fn synthesise(signature: &Signature, rows: usize) -> Result<Vec<Tensor>, TensorError> {
    signature.inputs.iter().map(|input| invent(input, rows)).collect()
}

fn invent(input: &Input, rows: usize) -> Result<Tensor, TensorError> {
    let size = |(axis, size): (usize, &i64)| match usize::try_from(*size) {
        Ok(size) => size,
        Err(_) if input.batch_axis == Some(axis) => rows,
        Err(_) => 1,
    };
    let shape: Vec<usize> = input.shape.iter().enumerate().map(size).collect();
    let elements: usize = shape.iter().product();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // A linear congruential generator: what matters is that the numbers differ.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u32
    };
    let unit = |n: u32| f64::from(n) / f64::from(1 << 24);
    let mut numbers = (0..elements).map(|_| next());
    let data = match input.data_type {
        DataType::Bool => TensorData::Bool(numbers.map(|n| n & 1 == 1).collect()),
        DataType::Uint8 => TensorData::Uint8(numbers.map(|n| n as u8 & 1).collect()),
        DataType::Uint16 => TensorData::Uint16(numbers.map(|n| n as u16 & 1).collect()),
        DataType::Uint32 => TensorData::Uint32(numbers.map(|n| n & 1).collect()),
        DataType::Uint64 => TensorData::Uint64(numbers.map(|n| u64::from(n & 1)).collect()),
        DataType::Int8 => TensorData::Int8(numbers.map(|n| (n & 1) as i8).collect()),
        DataType::Int16 => TensorData::Int16(numbers.map(|n| (n & 1) as i16).collect()),
        DataType::Int32 => TensorData::Int32(numbers.map(|n| (n & 1) as i32).collect()),
        DataType::Int64 => TensorData::Int64(numbers.map(|n| i64::from(n & 1)).collect()),
        DataType::Fp16 => TensorData::Fp16(numbers.map(|n| f16::from_f64(unit(n))).collect()),
        DataType::Bf16 => TensorData::Bf16(numbers.map(|n| bf16::from_f64(unit(n))).collect()),
        DataType::Fp32 => TensorData::Fp32(numbers.map(|n| unit(n) as f32).collect()),
        DataType::Fp64 => TensorData::Fp64(numbers.map(unit).collect()),
        DataType::Bytes => TensorData::Bytes(numbers.by_ref().map(|n| format!("v{}", n % 10)).collect()),
    };
    Tensor::new(&input.name, shape, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_core::Task;

    #[test]
    fn free_sizes_become_rows_or_one() {
        let input = Input {
            name: "x".into(),
            data_type: DataType::Fp32,
            shape: vec![-1, 3, -1],
            batch_axis: Some(0),
            columns: vec![],
        };
        let signature = Signature { task: Task::Other, inputs: vec![input], outputs: vec![] };
        let tensors = synthesise(&signature, 4).unwrap();
        assert_eq!(tensors[0].shape, [4, 3, 1]);
        let TensorData::Fp32(values) = &tensors[0].data else { panic!("{tensors:?}") };
        assert!(values.iter().all(|v| (0.0..1.0).contains(v)) && values[0] != values[1]);
        assert_eq!(synthesise(&signature, 4).unwrap(), tensors);
    }
}
