//! Rows of tensors along axis 0: taken, put together, taken apart.

use flightdeck_core::{Tensor, TensorData, with_elements};

/// Rows of a tensor: the size of axis 0, 1 for a scalar.
pub fn count(tensor: &Tensor) -> usize {
    tensor.shape.first().copied().unwrap_or(1)
}

/// Elements per row.
pub fn width(tensor: &Tensor) -> usize {
    tensor.shape.iter().skip(1).product()
}

/// Rows `start..end` of a tensor. The range lies inside the tensor.
pub fn slice(tensor: &Tensor, start: usize, end: usize) -> Tensor {
    let width = width(tensor);
    let mut shape = tensor.shape.clone();
    if let Some(rows) = shape.first_mut() {
        *rows = end - start;
    }
    let range = start * width..end * width;
    Tensor { name: tensor.name.clone(), shape, data: copy(&tensor.data, range) }
}

/// `rows` rows, taken from the tensor from its first row on, over and over.
pub fn cycle(tensor: &Tensor, rows: usize) -> Tensor {
    let available = count(tensor);
    let mut answer = slice(tensor, 0, rows.min(available));
    while count(&answer) < rows && available > 0 {
        let more = (rows - count(&answer)).min(available);
        append(&mut answer, &slice(tensor, 0, more));
    }
    answer
}

/// Adds the rows of `more` to `tensor`. Returns whether they fit: same type, same trailing sizes.
pub fn append(tensor: &mut Tensor, more: &Tensor) -> bool {
    if tensor.shape.is_empty()
        || tensor.shape.len() != more.shape.len()
        || tensor.shape[1..] != more.shape[1..]
    {
        return false;
    }
    let fits = extend(&mut tensor.data, &more.data);
    if fits {
        tensor.shape[0] += more.shape[0];
    }
    fits
}

fn copy(data: &TensorData, range: std::ops::Range<usize>) -> TensorData {
    match data {
        TensorData::Bool(v) => TensorData::Bool(v[range].to_vec()),
        TensorData::Uint8(v) => TensorData::Uint8(v[range].to_vec()),
        TensorData::Uint16(v) => TensorData::Uint16(v[range].to_vec()),
        TensorData::Uint32(v) => TensorData::Uint32(v[range].to_vec()),
        TensorData::Uint64(v) => TensorData::Uint64(v[range].to_vec()),
        TensorData::Int8(v) => TensorData::Int8(v[range].to_vec()),
        TensorData::Int16(v) => TensorData::Int16(v[range].to_vec()),
        TensorData::Int32(v) => TensorData::Int32(v[range].to_vec()),
        TensorData::Int64(v) => TensorData::Int64(v[range].to_vec()),
        TensorData::Fp16(v) => TensorData::Fp16(v[range].to_vec()),
        TensorData::Bf16(v) => TensorData::Bf16(v[range].to_vec()),
        TensorData::Fp32(v) => TensorData::Fp32(v[range].to_vec()),
        TensorData::Fp64(v) => TensorData::Fp64(v[range].to_vec()),
        TensorData::Bytes(v) => TensorData::Bytes(v[range].to_vec()),
    }
}

fn extend(data: &mut TensorData, more: &TensorData) -> bool {
    use TensorData::{
        Bf16, Bool, Bytes, Fp16, Fp32, Fp64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64,
    };
    match (data, more) {
        (Bool(a), Bool(b)) => a.extend_from_slice(b),
        (Uint8(a), Uint8(b)) => a.extend_from_slice(b),
        (Uint16(a), Uint16(b)) => a.extend_from_slice(b),
        (Uint32(a), Uint32(b)) => a.extend_from_slice(b),
        (Uint64(a), Uint64(b)) => a.extend_from_slice(b),
        (Int8(a), Int8(b)) => a.extend_from_slice(b),
        (Int16(a), Int16(b)) => a.extend_from_slice(b),
        (Int32(a), Int32(b)) => a.extend_from_slice(b),
        (Int64(a), Int64(b)) => a.extend_from_slice(b),
        (Fp16(a), Fp16(b)) => a.extend_from_slice(b),
        (Bf16(a), Bf16(b)) => a.extend_from_slice(b),
        (Fp32(a), Fp32(b)) => a.extend_from_slice(b),
        (Fp64(a), Fp64(b)) => a.extend_from_slice(b),
        (Bytes(a), Bytes(b)) => a.extend_from_slice(b),
        _ => return false,
    }
    true
}

/// Whether any of the elements is a text.
pub fn is_text(tensor: &Tensor) -> bool {
    matches!(tensor.data, TensorData::Bytes(_))
}

/// Bytes that the elements take, texts counted by their length.
pub fn bytes(tensor: &Tensor) -> usize {
    match &tensor.data {
        TensorData::Bytes(texts) => texts.iter().map(String::len).sum(),
        data => with_elements!(data, elements => std::mem::size_of_val(elements.as_slice())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: [usize; 2], data: Vec<i64>) -> Tensor {
        Tensor::new("x", shape.to_vec(), TensorData::Int64(data)).unwrap()
    }

    #[test]
    fn rows_are_taken_and_put_together() {
        let three = tensor([3, 2], vec![0, 1, 2, 3, 4, 5]);
        assert_eq!(slice(&three, 1, 2), tensor([1, 2], vec![2, 3]));
        assert_eq!(cycle(&three, 4), tensor([4, 2], vec![0, 1, 2, 3, 4, 5, 0, 1]));
        assert_eq!(cycle(&three, 2), tensor([2, 2], vec![0, 1, 2, 3]));
        let mut two = slice(&three, 0, 1);
        assert!(append(&mut two, &slice(&three, 2, 3)));
        assert_eq!(two, tensor([2, 2], vec![0, 1, 4, 5]));
    }

    #[test]
    fn other_shapes_and_types_are_not_put_together() {
        let mut rows = tensor([1, 2], vec![0, 1]);
        assert!(!append(&mut rows, &tensor([2, 1], vec![0, 1])));
        let text = Tensor::new("x", vec![1, 2], TensorData::Bytes(vec![String::new(); 2])).unwrap();
        assert!(!append(&mut rows, &text));
        assert_eq!(rows, tensor([1, 2], vec![0, 1]));
    }

    #[test]
    fn nothing_is_cycled_into_nothing() {
        assert_eq!(count(&cycle(&tensor([0, 2], vec![]), 3)), 0);
    }
}
