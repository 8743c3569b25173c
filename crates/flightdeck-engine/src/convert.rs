//! Between our tensors and ONNX Runtime's values. Numbers going in are borrowed, what comes out is copied once.

use crate::runtime::{RuntimeError, TensorInfo};
use flightdeck_core::{DataType, Tensor, TensorData};
use ort::session::SessionInputValue;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor as Value, TensorRef};

/// The value of an input, borrowed from the tensor.
pub(crate) fn input_value(tensor: &Tensor) -> Result<SessionInputValue<'_>, RuntimeError> {
    let shape = tensor.shape.as_slice();
    let value = match &tensor.data {
        TensorData::Bool(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Uint8(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Uint16(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Uint32(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Uint64(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Int8(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Int16(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Int32(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Int64(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Fp16(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Bf16(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Fp32(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Fp64(v) => TensorRef::from_array_view((shape, v.as_slice())).map(Into::into),
        TensorData::Bytes(v) => Value::from_string_array((shape, v.as_slice())).map(Into::into),
    };
    value.map_err(|error| RuntimeError::Inputs(format!("input \"{}\": {error}", tensor.name)))
}

/// An output, copied out of the value.
pub(crate) fn output_tensor(info: &TensorInfo, value: &DynValue) -> Result<Tensor, RuntimeError> {
    let (shape, data) = match info.data_type {
        DataType::Bool => numbers(value).map(|(shape, v)| (shape, TensorData::Bool(v))),
        DataType::Uint8 => numbers(value).map(|(shape, v)| (shape, TensorData::Uint8(v))),
        DataType::Uint16 => numbers(value).map(|(shape, v)| (shape, TensorData::Uint16(v))),
        DataType::Uint32 => numbers(value).map(|(shape, v)| (shape, TensorData::Uint32(v))),
        DataType::Uint64 => numbers(value).map(|(shape, v)| (shape, TensorData::Uint64(v))),
        DataType::Int8 => numbers(value).map(|(shape, v)| (shape, TensorData::Int8(v))),
        DataType::Int16 => numbers(value).map(|(shape, v)| (shape, TensorData::Int16(v))),
        DataType::Int32 => numbers(value).map(|(shape, v)| (shape, TensorData::Int32(v))),
        DataType::Int64 => numbers(value).map(|(shape, v)| (shape, TensorData::Int64(v))),
        DataType::Fp16 => numbers(value).map(|(shape, v)| (shape, TensorData::Fp16(v))),
        DataType::Bf16 => numbers(value).map(|(shape, v)| (shape, TensorData::Bf16(v))),
        DataType::Fp32 => numbers(value).map(|(shape, v)| (shape, TensorData::Fp32(v))),
        DataType::Fp64 => numbers(value).map(|(shape, v)| (shape, TensorData::Fp64(v))),
        DataType::Bytes => value.try_extract_strings().map(|(shape, v)| (sizes(shape), TensorData::Bytes(v))),
    }
    .map_err(|error| RuntimeError::Run(error.to_string()))?;
    Tensor::new(&info.name, shape, data).map_err(|error| RuntimeError::Run(error.to_string()))
}

fn numbers<T: PrimitiveTensorElementType + Clone>(value: &DynValue) -> ort::Result<(Vec<usize>, Vec<T>)> {
    let (shape, elements) = value.try_extract_tensor::<T>()?;
    Ok((sizes(shape), elements.to_vec()))
}

fn sizes(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect()
}
