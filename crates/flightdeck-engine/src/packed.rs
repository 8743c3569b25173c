//! Tensors beside JSON: described in it, their elements after it as plain bytes, little-endian, texts with their length.

use flightdeck_core::{DataType, Tensor, TensorData, with_elements};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A message that may carry tensors.
pub trait Carries {
    /// The tensors that it carries.
    fn tensors(&self) -> &[Tensor];
    /// The same, to be filled.
    fn tensors_mut(&mut self) -> &mut [Tensor];
}

/// A tensor without its elements.
#[derive(Serialize, Deserialize)]
struct Described {
    name: String,
    datatype: DataType,
    shape: Vec<usize>,
}

/// Writes descriptions. For `#[serde(with)]` on a list of tensors.
pub(crate) fn serialize<S: Serializer>(tensors: &[Tensor], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tensors.iter().map(|tensor| Described {
        name: tensor.name.clone(),
        datatype: tensor.data_type(),
        shape: tensor.shape.clone(),
    }))
}

/// Reads descriptions: the tensors have no elements yet.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tensor>, D::Error> {
    let described: Vec<Described> = Vec::deserialize(deserializer)?;
    let empty = |Described { name, datatype, shape }: Described| {
        let data = TensorData::with_capacity(datatype, 0).map_err(de::Error::custom)?;
        Ok(Tensor { name, shape, data })
    };
    described.into_iter().map(empty).collect()
}

/// Appends the elements of a tensor.
pub(crate) fn put(out: &mut Vec<u8>, tensor: &Tensor) {
    match &tensor.data {
        TensorData::Bool(v) => out.extend(v.iter().map(|flag| u8::from(*flag))),
        TensorData::Uint8(v) => out.extend_from_slice(v),
        TensorData::Uint16(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Uint32(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Uint64(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Int8(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Int16(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Int32(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Int64(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Fp32(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Fp64(v) => v.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes())),
        TensorData::Bytes(v) => {
            for text in v {
                out.extend_from_slice(&(text.len() as u64).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// Takes as many elements as the tensor's shape says; `None` when they are not there, or are none.
pub(crate) fn fill(tensor: &mut Tensor, bytes: &mut &[u8]) -> Option<()> {
    let count = tensor.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size))?;
    match &mut tensor.data {
        TensorData::Bool(v) => {
            for byte in take(bytes, count)? {
                v.push(match byte {
                    0 => false,
                    1 => true,
                    _ => return None,
                });
            }
        }
        TensorData::Uint8(v) => v.extend_from_slice(take(bytes, count)?),
        TensorData::Uint16(v) => numbers(v, bytes, count, u16::from_le_bytes)?,
        TensorData::Uint32(v) => numbers(v, bytes, count, u32::from_le_bytes)?,
        TensorData::Uint64(v) => numbers(v, bytes, count, u64::from_le_bytes)?,
        TensorData::Int8(v) => numbers(v, bytes, count, i8::from_le_bytes)?,
        TensorData::Int16(v) => numbers(v, bytes, count, i16::from_le_bytes)?,
        TensorData::Int32(v) => numbers(v, bytes, count, i32::from_le_bytes)?,
        TensorData::Int64(v) => numbers(v, bytes, count, i64::from_le_bytes)?,
        TensorData::Fp32(v) => numbers(v, bytes, count, f32::from_le_bytes)?,
        TensorData::Fp64(v) => numbers(v, bytes, count, f64::from_le_bytes)?,
        TensorData::Bytes(v) => {
            for _ in 0..count {
                let length = u64::from_le_bytes(*take(bytes, 8)?.as_array()?);
                let text = take(bytes, usize::try_from(length).ok()?)?;
                v.push(std::str::from_utf8(text).ok()?.to_owned());
            }
        }
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = bytes.split_at_checked(count)?;
    *bytes = left;
    Some(taken)
}

fn numbers<T, const N: usize>(
    to: &mut Vec<T>,
    bytes: &mut &[u8],
    count: usize,
    read: fn([u8; N]) -> T,
) -> Option<()> {
    let taken = take(bytes, count.checked_mul(N)?)?;
    to.extend(taken.as_chunks::<N>().0.iter().map(|number| read(*number)));
    Some(())
}

/// Bytes that the elements take, about.
pub(crate) fn size(tensor: &Tensor) -> usize {
    match &tensor.data {
        TensorData::Bytes(texts) => texts.iter().map(|text| text.len() + 8).sum(),
        data => with_elements!(data, elements => std::mem::size_of_val(elements.as_slice())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(tensor: &Tensor) -> Option<Tensor> {
        let mut bytes = Vec::new();
        put(&mut bytes, tensor);
        let data = TensorData::with_capacity(tensor.data_type(), 0).unwrap();
        let mut read = Tensor { data, ..tensor.clone() };
        let mut left = bytes.as_slice();
        fill(&mut read, &mut left)?;
        assert!(left.is_empty() && bytes.len() == size(tensor));
        Some(read)
    }

    #[test]
    fn every_type_comes_back_to_the_bit() {
        let texts = ["", "Größe", "a\0b"].map(str::to_owned).to_vec();
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
            TensorData::Fp32(vec![-0.0, f32::INFINITY, 1e-45]),
            TensorData::Fp64(vec![-0.0, f64::NEG_INFINITY, 5e-324]),
            TensorData::Bytes(texts),
        ];
        for data in all {
            let tensor = Tensor::new("x", vec![3, 1], data).unwrap();
            assert_eq!(back(&tensor).as_ref(), Some(&tensor));
        }
        let nan = f64::from_bits(0x7ff8_0000_0000_0123);
        let back = back(&Tensor::new("x", vec![1], TensorData::Fp64(vec![nan])).unwrap()).unwrap();
        assert!(matches!(back.data, TensorData::Fp64(v) if v[0].to_bits() == nan.to_bits()));
    }

    #[test]
    fn elements_that_are_not_there_are_missed() {
        let short = |shape: Vec<usize>, data, bytes: &[u8]| {
            fill(&mut Tensor { name: "x".into(), shape, data }, &mut &bytes[..])
        };
        assert_eq!(short(vec![2], TensorData::Fp32(vec![]), &[0; 7]), None);
        assert_eq!(short(vec![usize::MAX, 2], TensorData::Int8(vec![]), &[0; 7]), None);
        assert_eq!(short(vec![1 << 62], TensorData::Fp64(vec![]), &[0; 7]), None);
        assert_eq!(short(vec![1], TensorData::Bool(vec![]), &[2]), None);
        assert_eq!(short(vec![1], TensorData::Bytes(vec![]), &[255; 9]), None);
        assert_eq!(short(vec![1], TensorData::Bytes(vec![]), &[1, 0, 0, 0, 0, 0, 0, 0, 0xff]), None);
    }
}
