//! Tensors as plain bytes: little-endian, row-major, texts each with their length before them.
//!
//! The form of the protocol's binary tensors and of raw gRPC contents. Bytes are exactly those of the elements, and what
//! a shape claims allocates nothing before the bytes are there.

use crate::{DataType, TensorData, with_elements};
use half::{bf16, f16};
use thiserror::Error;

/// Bytes that are not the elements of a tensor of that type and shape.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RawError {
    /// The shape has more elements than can be counted.
    #[error("shape {shape:?} has too many elements")]
    Shape {
        /// The stated shape.
        shape: Vec<usize>,
    },
    /// There are more or fewer bytes than the elements take.
    #[error("shape {shape:?} of {data_type} takes {expected} bytes, not {found}")]
    Length {
        /// The stated shape.
        shape: Vec<usize>,
        /// The element type.
        data_type: DataType,
        /// How many bytes such a tensor takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A byte is neither 0 nor 1.
    #[error("element {index} is {byte}, which is neither 0 nor 1")]
    Bool {
        /// Which element.
        index: usize,
        /// What stands there.
        byte: u8,
    },
    /// A text, or its length, goes beyond the end.
    #[error("text {index} of {count} goes beyond the end of the bytes")]
    TextEnds {
        /// Which element.
        index: usize,
        /// How many the shape has.
        count: usize,
    },
    /// There is more after the last text.
    #[error("{bytes} bytes are left after the last of {count} texts")]
    TextsLeft {
        /// How many bytes.
        bytes: usize,
        /// How many texts the shape has.
        count: usize,
    },
    /// A text is not UTF-8.
    #[error("text {index} is not UTF-8")]
    Text {
        /// Which element.
        index: usize,
    },
}

/// Reads the elements of a tensor. The bytes are theirs and nothing else.
pub fn read(data_type: DataType, shape: &[usize], bytes: &[u8]) -> Result<TensorData, RawError> {
    let count = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    let overflow = || RawError::Shape { shape: shape.to_vec() };
    let count = count.ok_or_else(overflow)?;
    let Some(width) = data_type.size_bytes() else { return texts(count, bytes).map(TensorData::Bytes) };
    let expected = count.checked_mul(width).ok_or_else(overflow)?;
    if expected != bytes.len() {
        return Err(RawError::Length { shape: shape.to_vec(), data_type, expected, found: bytes.len() });
    }
    Ok(match data_type {
        DataType::Bool => TensorData::Bool(flags(bytes)?),
        DataType::Uint8 => TensorData::Uint8(bytes.to_vec()),
        DataType::Uint16 => TensorData::Uint16(numbers(bytes, u16::from_le_bytes)),
        DataType::Uint32 => TensorData::Uint32(numbers(bytes, u32::from_le_bytes)),
        DataType::Uint64 => TensorData::Uint64(numbers(bytes, u64::from_le_bytes)),
        DataType::Int8 => TensorData::Int8(numbers(bytes, i8::from_le_bytes)),
        DataType::Int16 => TensorData::Int16(numbers(bytes, i16::from_le_bytes)),
        DataType::Int32 => TensorData::Int32(numbers(bytes, i32::from_le_bytes)),
        DataType::Int64 => TensorData::Int64(numbers(bytes, i64::from_le_bytes)),
        DataType::Fp16 => TensorData::Fp16(numbers(bytes, f16::from_le_bytes)),
        DataType::Bf16 => TensorData::Bf16(numbers(bytes, bf16::from_le_bytes)),
        DataType::Fp32 => TensorData::Fp32(numbers(bytes, f32::from_le_bytes)),
        DataType::Fp64 => TensorData::Fp64(numbers(bytes, f64::from_le_bytes)),
        DataType::Bytes => TensorData::Bytes(Vec::new()),
    })
}

/// Appends the elements.
pub fn write(data: &TensorData, out: &mut Vec<u8>) {
    out.reserve(size(data));
    match data {
        TensorData::Bool(v) => out.extend(v.iter().map(|flag| u8::from(*flag))),
        TensorData::Uint8(v) => out.extend_from_slice(v),
        TensorData::Uint16(v) => put(out, v, u16::to_le_bytes),
        TensorData::Uint32(v) => put(out, v, u32::to_le_bytes),
        TensorData::Uint64(v) => put(out, v, u64::to_le_bytes),
        TensorData::Int8(v) => put(out, v, i8::to_le_bytes),
        TensorData::Int16(v) => put(out, v, i16::to_le_bytes),
        TensorData::Int32(v) => put(out, v, i32::to_le_bytes),
        TensorData::Int64(v) => put(out, v, i64::to_le_bytes),
        TensorData::Fp16(v) => put(out, v, f16::to_le_bytes),
        TensorData::Bf16(v) => put(out, v, bf16::to_le_bytes),
        TensorData::Fp32(v) => put(out, v, f32::to_le_bytes),
        TensorData::Fp64(v) => put(out, v, f64::to_le_bytes),
        TensorData::Bytes(v) => {
            for text in v {
                // A text of four gigabytes fits into no message.
                let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// How many bytes [`write`] appends.
pub fn size(data: &TensorData) -> usize {
    match data {
        TensorData::Bytes(texts) => texts.iter().map(|text| text.len() + LENGTH).sum(),
        data => with_elements!(data, elements => std::mem::size_of_val(elements.as_slice())),
    }
}

/// Bytes of the length of a text.
const LENGTH: usize = 4;

fn numbers<T, const N: usize>(bytes: &[u8], read: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|number| read(*number)).collect()
}

fn put<T: Copy, const N: usize>(out: &mut Vec<u8>, values: &[T], write: fn(T) -> [u8; N]) {
    let start = out.len();
    out.resize(start + values.len() * N, 0);
    for (place, value) in out[start..].as_chunks_mut::<N>().0.iter_mut().zip(values) {
        *place = write(*value);
    }
}

fn flags(bytes: &[u8]) -> Result<Vec<bool>, RawError> {
    match bytes.iter().position(|byte| *byte > 1) {
        Some(index) => Err(RawError::Bool { index, byte: bytes[index] }),
        None => Ok(bytes.iter().map(|byte| *byte == 1).collect()),
    }
}

fn texts(count: usize, mut bytes: &[u8]) -> Result<Vec<String>, RawError> {
    // Each text takes its length at least.
    let mut texts = Vec::with_capacity(count.min(bytes.len() / LENGTH));
    for index in 0..count {
        let ends = || RawError::TextEnds { index, count };
        let (length, rest) = bytes.split_first_chunk::<LENGTH>().ok_or_else(ends)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| ends())?;
        let (text, rest) = rest.split_at_checked(length).ok_or_else(ends)?;
        texts.push(std::str::from_utf8(text).map_err(|_| RawError::Text { index })?.to_owned());
        bytes = rest;
    }
    if bytes.is_empty() { Ok(texts) } else { Err(RawError::TextsLeft { bytes: bytes.len(), count }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;
    use proptest::prelude::*;

    fn back(data: &TensorData) -> Result<TensorData, RawError> {
        let mut bytes = Vec::new();
        write(data, &mut bytes);
        assert_eq!(bytes.len(), size(data));
        read(data.data_type(), &[data.len()], &bytes)
    }

    #[test]
    fn every_type_comes_back_to_the_bit() {
        let all = [
            TensorData::Bool(vec![true, false, true]),
            TensorData::Uint8(vec![0, 7, 255]),
            TensorData::Uint16(vec![0, 7, u16::MAX]),
            TensorData::Uint32(vec![0, 7, u32::MAX]),
            TensorData::Uint64(vec![0, 7, u64::MAX]),
            TensorData::Int8(vec![i8::MIN, 0, 7]),
            TensorData::Int16(vec![i16::MIN, 0, 7]),
            TensorData::Int32(vec![i32::MIN, 0, 7]),
            TensorData::Int64(vec![i64::MIN, 0, 7]),
            TensorData::Fp16(vec![f16::NEG_ZERO, f16::INFINITY, f16::MIN_POSITIVE_SUBNORMAL]),
            TensorData::Bf16(vec![bf16::NEG_ZERO, bf16::INFINITY, bf16::MIN_POSITIVE_SUBNORMAL]),
            TensorData::Fp32(vec![-0.0, f32::INFINITY, 1e-45]),
            TensorData::Fp64(vec![-0.0, f64::NEG_INFINITY, 5e-324]),
            TensorData::Bytes(["", "Größe", "a\0b"].map(str::to_owned).to_vec()),
        ];
        for data in all {
            assert_eq!(back(&data).as_ref(), Ok(&data));
        }
    }

    #[test]
    fn the_form_is_the_protocols() {
        let mut bytes = Vec::new();
        write(&TensorData::Fp32(vec![1.0]), &mut bytes);
        write(&TensorData::Bytes(vec!["ab".into()]), &mut bytes);
        write(&TensorData::Int16(vec![-2]), &mut bytes);
        assert_eq!(bytes, b"\x00\x00\x80\x3f\x02\x00\x00\x00ab\xfe\xff");
    }

    #[test]
    fn r3_bytes_that_are_not_the_elements_are_refused() {
        let length = |shape: &[usize], data_type, bytes: &[u8]| {
            matches!(read(data_type, shape, bytes), Err(RawError::Length { .. }))
        };
        assert!(length(&[2], DataType::Fp32, &[0; 7]) && length(&[2], DataType::Fp32, &[0; 9]));
        assert!(length(&[1 << 60], DataType::Fp64, &[0; 8]));
        for shape in [&[1 << 62, 4][..], &[usize::MAX, 2], &[1 << 61]] {
            assert!(matches!(read(DataType::Fp64, shape, &[]), Err(RawError::Shape { .. })), "{shape:?}");
        }
        assert_eq!(read(DataType::Bool, &[2], &[1, 2]), Err(RawError::Bool { index: 1, byte: 2 }));
    }

    #[test]
    fn r3_texts_allocate_what_is_there() {
        let text = |count: usize, bytes: &[u8]| read(DataType::Bytes, &[count], bytes).unwrap_err();
        assert_eq!(text(usize::MAX, &[0; 8]), RawError::TextEnds { index: 2, count: usize::MAX });
        assert_eq!(text(1, &[255, 255, 255, 255, 97]), RawError::TextEnds { index: 0, count: 1 });
        assert_eq!(text(1, &[0, 0, 0]), RawError::TextEnds { index: 0, count: 1 });
        assert_eq!(text(1, &[1, 0, 0, 0, 97, 98]), RawError::TextsLeft { bytes: 1, count: 1 });
        assert_eq!(text(1, &[1, 0, 0, 0, 0xff]), RawError::Text { index: 0 });
    }

    proptest! {
        #[test]
        fn raw_and_json_agree(bits in proptest::collection::vec(any::<u64>(), 0..20)) {
            let numbers: Vec<f64> = bits.iter().map(|bits| f64::from_bits(*bits)).filter(|n| n.is_finite()).collect();
            let doubles = TensorData::Fp64(numbers.clone());
            let singles = numbers.iter().map(|n| *n as f32).filter(|n| n.is_finite()).collect();
            let whole = TensorData::Int64(bits.iter().map(|bits| *bits as i64).collect());
            for data in [doubles, TensorData::Fp32(singles), whole, TensorData::Uint64(bits.clone())] {
                let tensor = Tensor::new("x", vec![data.len()], data).unwrap();
                let json = serde_json::to_string(&tensor).unwrap();
                let from_json: Tensor = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(&from_json.data, &back(&tensor.data).unwrap());
            }
        }
    }
}
