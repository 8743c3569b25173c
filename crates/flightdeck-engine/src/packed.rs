//! Tensors beside JSON: described in it, their elements after it as plain bytes.

use flightdeck_core::{DataType, Tensor, TensorData, raw};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    let empty = |Described { name, datatype, shape }: Described| Tensor {
        name,
        shape,
        data: TensorData::with_capacity(datatype, 0),
    };
    Ok(described.into_iter().map(empty).collect())
}

/// Appends the elements of a tensor, with how many bytes they take before them.
pub(crate) fn put(out: &mut Vec<u8>, tensor: &Tensor) {
    out.extend_from_slice(&(raw::size(&tensor.data) as u64).to_le_bytes());
    raw::write(&tensor.data, out);
}

/// Takes as many elements as the tensor's shape says; `None` when they are not there, or are none.
pub(crate) fn fill(tensor: &mut Tensor, bytes: &mut &[u8]) -> Option<()> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (elements, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    tensor.data = raw::read(tensor.data_type(), &tensor.shape, elements).ok()?;
    *bytes = rest;
    Some(())
}

/// Bytes that [`put`] appends.
pub(crate) fn size(tensor: &Tensor) -> usize {
    size_of::<u64>() + raw::size(&tensor.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Tensor, Vec<u8>) {
        let texts = ["", "Größe", "a\0b"].map(str::to_owned).to_vec();
        let tensor = Tensor::new("x", vec![3, 1], TensorData::Bytes(texts)).unwrap();
        let mut bytes = Vec::new();
        put(&mut bytes, &tensor);
        assert_eq!(bytes.len(), size(&tensor));
        (tensor, bytes)
    }

    #[test]
    fn elements_come_back_and_leave_what_follows() {
        let (tensor, mut bytes) = written();
        bytes.extend_from_slice(b"more");
        let mut read = Tensor { data: TensorData::Bytes(vec![]), ..tensor.clone() };
        let mut left = bytes.as_slice();
        fill(&mut read, &mut left).unwrap();
        assert_eq!((read, left), (tensor, &b"more"[..]));
    }

    #[test]
    fn elements_that_are_not_there_are_missed() {
        let (tensor, bytes) = written();
        for end in 0..bytes.len() {
            assert_eq!(fill(&mut tensor.clone(), &mut &bytes[..end]), None);
        }
        let mut wrong = Tensor { shape: vec![1 << 62, 4], ..tensor };
        assert_eq!(fill(&mut wrong, &mut &bytes[..]), None);
    }
}
