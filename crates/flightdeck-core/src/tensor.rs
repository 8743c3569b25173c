//! Tensors as the Open Inference Protocol writes them in JSON; as bytes they are written by [`crate::raw`]. Kernels that compute on them live in the engine.

use crate::DataType;
use half::{bf16, f16};
use serde::de::{self, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A named tensor, its elements flat in row-major order.
///
/// In JSON `{"name", "datatype", "shape", "data"}`; NaN and infinities are written as `null`, and `null` is read as NaN.
/// Half precision is written as numbers in documents; the protocol itself carries it as bytes only.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The name of the input or output.
    pub name: String,
    /// Its shape; the product of the sizes is the number of elements.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: TensorData,
}

/// The elements of a tensor.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum TensorData {
    Bool(Vec<bool>),
    Uint8(Vec<u8>),
    Uint16(Vec<u16>),
    Uint32(Vec<u32>),
    Uint64(Vec<u64>),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Fp16(Vec<f16>),
    Bf16(Vec<bf16>),
    Fp32(Vec<f32>),
    Fp64(Vec<f64>),
    Bytes(Vec<String>),
}

/// Applies one expression to the elements, whatever their type.
#[macro_export]
macro_rules! with_elements {
    ($data:expr, $elements:ident => $body:expr) => {
        match $data {
            $crate::TensorData::Bool($elements) => $body,
            $crate::TensorData::Uint8($elements) => $body,
            $crate::TensorData::Uint16($elements) => $body,
            $crate::TensorData::Uint32($elements) => $body,
            $crate::TensorData::Uint64($elements) => $body,
            $crate::TensorData::Int8($elements) => $body,
            $crate::TensorData::Int16($elements) => $body,
            $crate::TensorData::Int32($elements) => $body,
            $crate::TensorData::Int64($elements) => $body,
            $crate::TensorData::Fp16($elements) => $body,
            $crate::TensorData::Bf16($elements) => $body,
            $crate::TensorData::Fp32($elements) => $body,
            $crate::TensorData::Fp64($elements) => $body,
            $crate::TensorData::Bytes($elements) => $body,
        }
    };
}

/// A tensor whose parts do not fit together.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TensorError {
    /// The shape's product is not the number of elements.
    #[error("shape {shape:?} does not hold {elements} elements")]
    Shape {
        /// The stated shape.
        shape: Vec<usize>,
        /// How many elements there are.
        elements: usize,
    },
}

impl Tensor {
    /// A tensor whose shape holds exactly its elements.
    pub fn new(name: impl Into<String>, shape: Vec<usize>, data: TensorData) -> Result<Self, TensorError> {
        let expected = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if expected == Some(data.len()) {
            Ok(Self { name: name.into(), shape, data })
        } else {
            Err(TensorError::Shape { shape, elements: data.len() })
        }
    }

    /// The element type.
    pub const fn data_type(&self) -> DataType {
        self.data.data_type()
    }
}

impl TensorData {
    /// No elements yet, with room for `capacity`.
    pub fn with_capacity(data_type: DataType, capacity: usize) -> Self {
        match data_type {
            DataType::Bool => Self::Bool(Vec::with_capacity(capacity)),
            DataType::Uint8 => Self::Uint8(Vec::with_capacity(capacity)),
            DataType::Uint16 => Self::Uint16(Vec::with_capacity(capacity)),
            DataType::Uint32 => Self::Uint32(Vec::with_capacity(capacity)),
            DataType::Uint64 => Self::Uint64(Vec::with_capacity(capacity)),
            DataType::Int8 => Self::Int8(Vec::with_capacity(capacity)),
            DataType::Int16 => Self::Int16(Vec::with_capacity(capacity)),
            DataType::Int32 => Self::Int32(Vec::with_capacity(capacity)),
            DataType::Int64 => Self::Int64(Vec::with_capacity(capacity)),
            DataType::Fp32 => Self::Fp32(Vec::with_capacity(capacity)),
            DataType::Fp64 => Self::Fp64(Vec::with_capacity(capacity)),
            DataType::Fp16 => Self::Fp16(Vec::with_capacity(capacity)),
            DataType::Bf16 => Self::Bf16(Vec::with_capacity(capacity)),
            DataType::Bytes => Self::Bytes(Vec::with_capacity(capacity)),
        }
    }

    /// The element type.
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Bool,
            Self::Uint8(_) => DataType::Uint8,
            Self::Uint16(_) => DataType::Uint16,
            Self::Uint32(_) => DataType::Uint32,
            Self::Uint64(_) => DataType::Uint64,
            Self::Int8(_) => DataType::Int8,
            Self::Int16(_) => DataType::Int16,
            Self::Int32(_) => DataType::Int32,
            Self::Int64(_) => DataType::Int64,
            Self::Fp16(_) => DataType::Fp16,
            Self::Bf16(_) => DataType::Bf16,
            Self::Fp32(_) => DataType::Fp32,
            Self::Fp64(_) => DataType::Fp64,
            Self::Bytes(_) => DataType::Bytes,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        with_elements!(self, elements => elements.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element as a number; `None` for texts. 64-bit integers beyond 2⁵³ are rounded.
    pub fn number(&self, index: usize) -> Option<f64> {
        Some(match self {
            Self::Bool(v) => f64::from(u8::from(*v.get(index)?)),
            Self::Uint8(v) => f64::from(*v.get(index)?),
            Self::Uint16(v) => f64::from(*v.get(index)?),
            Self::Uint32(v) => f64::from(*v.get(index)?),
            Self::Uint64(v) => *v.get(index)? as f64,
            Self::Int8(v) => f64::from(*v.get(index)?),
            Self::Int16(v) => f64::from(*v.get(index)?),
            Self::Int32(v) => f64::from(*v.get(index)?),
            Self::Int64(v) => *v.get(index)? as f64,
            Self::Fp16(v) => v.get(index)?.to_f64(),
            Self::Bf16(v) => v.get(index)?.to_f64(),
            Self::Fp32(v) => f64::from(*v.get(index)?),
            Self::Fp64(v) => *v.get(index)?,
            Self::Bytes(_) => return None,
        })
    }

    /// The element as a person would write it: the text itself, or the shortest form of the number.
    pub fn text(&self, index: usize) -> Option<String> {
        with_elements!(self, elements => elements.get(index).map(ToString::to_string))
    }
}

impl Serialize for Tensor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut tensor = serializer.serialize_struct("Tensor", 4)?;
        tensor.serialize_field("name", &self.name)?;
        tensor.serialize_field("datatype", &self.data_type())?;
        tensor.serialize_field("shape", &self.shape)?;
        // serde_json writes non-finite floats as null by itself.
        match &self.data {
            TensorData::Bool(v) => tensor.serialize_field("data", v),
            TensorData::Uint8(v) => tensor.serialize_field("data", v),
            TensorData::Uint16(v) => tensor.serialize_field("data", v),
            TensorData::Uint32(v) => tensor.serialize_field("data", v),
            TensorData::Uint64(v) => tensor.serialize_field("data", v),
            TensorData::Int8(v) => tensor.serialize_field("data", v),
            TensorData::Int16(v) => tensor.serialize_field("data", v),
            TensorData::Int32(v) => tensor.serialize_field("data", v),
            TensorData::Int64(v) => tensor.serialize_field("data", v),
            TensorData::Fp16(v) => tensor.serialize_field("data", &wide(v)),
            TensorData::Bf16(v) => tensor.serialize_field("data", &wide(v)),
            TensorData::Fp32(v) => tensor.serialize_field("data", v),
            TensorData::Fp64(v) => tensor.serialize_field("data", v),
            TensorData::Bytes(v) => tensor.serialize_field("data", v),
        }?;
        tensor.end()
    }
}

fn wide<T: Copy + Into<f32>>(halves: &[T]) -> Vec<f32> {
    halves.iter().map(|half| (*half).into()).collect()
}

impl<'de> Deserialize<'de> for Tensor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            name: String,
            datatype: DataType,
            shape: Vec<usize>,
            data: serde_json::Value,
            #[serde(default, rename = "parameters")]
            _parameters: IgnoredAny,
        }
        let wire = Wire::deserialize(deserializer)?;
        let data = elements(wire.datatype, wire.data).map_err(de::Error::custom)?;
        Self::new(wire.name, wire.shape, data).map_err(de::Error::custom)
    }
}

fn elements(data_type: DataType, data: serde_json::Value) -> Result<TensorData, String> {
    fn list<T: de::DeserializeOwned>(data: serde_json::Value) -> Result<Vec<T>, String> {
        serde_json::from_value(data).map_err(|error| error.to_string())
    }
    fn floats(data: serde_json::Value) -> Result<impl Iterator<Item = f64>, String> {
        let values: Vec<Option<f64>> = list(data)?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)))
    }
    Ok(match data_type {
        DataType::Bool => TensorData::Bool(list(data)?),
        DataType::Uint8 => TensorData::Uint8(list(data)?),
        DataType::Uint16 => TensorData::Uint16(list(data)?),
        DataType::Uint32 => TensorData::Uint32(list(data)?),
        DataType::Uint64 => TensorData::Uint64(list(data)?),
        DataType::Int8 => TensorData::Int8(list(data)?),
        DataType::Int16 => TensorData::Int16(list(data)?),
        DataType::Int32 => TensorData::Int32(list(data)?),
        DataType::Int64 => TensorData::Int64(list(data)?),
        DataType::Fp16 => TensorData::Fp16(floats(data)?.map(f16::from_f64).collect()),
        DataType::Bf16 => TensorData::Bf16(floats(data)?.map(bf16::from_f64).collect()),
        DataType::Fp32 => TensorData::Fp32(floats(data)?.map(|v| v as f32).collect()),
        DataType::Fp64 => TensorData::Fp64(floats(data)?.collect()),
        DataType::Bytes => TensorData::Bytes(list(data)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_form_is_the_protocols() {
        let tensor = Tensor::new("x", vec![2, 1], TensorData::Fp32(vec![0.1, f32::NAN])).unwrap();
        let json = serde_json::to_string(&tensor).unwrap();
        assert_eq!(json, r#"{"name":"x","datatype":"FP32","shape":[2,1],"data":[0.1,null]}"#);
        let back: Tensor = serde_json::from_str(&json).unwrap();
        assert!(matches!(back.data, TensorData::Fp32(v) if v[0] == 0.1 && v[1].is_nan()));
    }

    #[test]
    fn half_precision_comes_back_from_documents() {
        let halves = [0.1, -0.0, 65504.0, 6e-8].map(f16::from_f64).to_vec();
        let wider = [0.1, -0.0, 3.38e38, 1e-40].map(bf16::from_f64).to_vec();
        for data in [TensorData::Fp16(halves), TensorData::Bf16(wider)] {
            let tensor = Tensor::new("x", vec![4], data).unwrap();
            let json = serde_json::to_string(&tensor).unwrap();
            assert_eq!(serde_json::from_str::<Tensor>(&json).unwrap(), tensor, "{json}");
        }
    }

    #[test]
    fn a_shape_that_does_not_hold_the_elements_is_refused() {
        for shape in [vec![3], vec![], vec![usize::MAX, 2]] {
            assert!(Tensor::new("x", shape, TensorData::Int64(vec![1, 2])).is_err());
        }
        let json = r#"{"name":"x","datatype":"INT8","shape":[1],"data":[300]}"#;
        assert!(serde_json::from_str::<Tensor>(json).is_err());
    }

    proptest! {
        #[test]
        fn doubles_survive_json_bit_for_bit(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let tensor = Tensor::new("x", vec![1], TensorData::Fp64(vec![value])).unwrap();
            let json = serde_json::to_string(&tensor).unwrap();
            prop_assert_eq!(serde_json::from_str::<Tensor>(&json).unwrap(), tensor);
        }
    }
}
