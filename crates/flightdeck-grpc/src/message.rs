//! The tensors of a whole message: of a request and of an answer, for the server and for a client.

use crate::inference::model_infer_request::InferInputTensor;
use crate::inference::model_infer_response::InferOutputTensor;
use crate::inference::{InferTensorContents, ModelInferRequest, ModelInferResponse};
use crate::{MessageError, contents};
use bytes::Bytes;
use flightdeck_core::{DataType, Tensor, TensorData, raw};

/// More dimensions than any tensor has.
const MAX_DIMENSIONS: usize = 32;

/// Takes the input tensors out of a request: all raw, or all typed.
pub fn inputs(request: &mut ModelInferRequest) -> Result<Vec<Tensor>, MessageError> {
    let (inputs, raw) =
        (std::mem::take(&mut request.inputs), std::mem::take(&mut request.raw_input_contents));
    if raw.is_empty() {
        return inputs.into_iter().enumerate().map(|(place, input)| typed(place, input)).collect();
    }
    if let Some(place) = inputs.iter().position(|input| input.contents.as_ref().is_some_and(is_given)) {
        return Err(MessageError::Both { place });
    }
    if raw.len() != inputs.len() {
        let (raw, tensors) = (raw.len(), inputs.len());
        return Err(MessageError::Count { field: "raw_input_contents", raw, tensors });
    }
    let read = |(place, (input, bytes)): (usize, (InferInputTensor, Bytes))| {
        let at = At { list: "inputs", place };
        at.raw(input.name, &input.datatype, &input.shape, &bytes)
    };
    inputs.into_iter().zip(raw).enumerate().map(read).collect()
}

/// Output tensors as clients read them: raw contents in the same order.
pub fn outputs<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> (Vec<InferOutputTensor>, Vec<Bytes>) {
    let output = |tensor: &Tensor| InferOutputTensor {
        name: tensor.name.clone(),
        datatype: tensor.data_type().as_str().to_owned(),
        shape: sizes(tensor),
        ..InferOutputTensor::default()
    };
    tensors.into_iter().map(|tensor| (output(tensor), bytes(tensor))).unzip()
}

/// A request of a client, with raw contents.
pub fn request(model: &str, version: &str, tensors: &[Tensor]) -> ModelInferRequest {
    let input = |tensor: &Tensor| InferInputTensor {
        name: tensor.name.clone(),
        datatype: tensor.data_type().as_str().to_owned(),
        shape: sizes(tensor),
        ..InferInputTensor::default()
    };
    ModelInferRequest {
        model_name: model.to_owned(),
        model_version: version.to_owned(),
        inputs: tensors.iter().map(input).collect(),
        raw_input_contents: tensors.iter().map(bytes).collect(),
        ..ModelInferRequest::default()
    }
}

/// Tensors with typed contents; `None` when one of them has half precision.
pub fn tensors(tensors: &[Tensor]) -> Option<Vec<InferInputTensor>> {
    let input = |tensor: &Tensor| {
        Some(InferInputTensor {
            name: tensor.name.clone(),
            datatype: tensor.data_type().as_str().to_owned(),
            shape: sizes(tensor),
            contents: Some(contents::write(&tensor.data)?),
            ..InferInputTensor::default()
        })
    };
    tensors.iter().map(input).collect()
}

/// The output tensors of an answer that a client received.
pub fn answer(response: ModelInferResponse) -> Result<Vec<Tensor>, MessageError> {
    let ModelInferResponse { outputs, raw_output_contents: raw, .. } = response;
    if raw.len() != outputs.len() {
        let (raw, tensors) = (raw.len(), outputs.len());
        return Err(MessageError::Count { field: "raw_output_contents", raw, tensors });
    }
    let read = |(place, (output, bytes)): (usize, (InferOutputTensor, Bytes))| {
        let at = At { list: "outputs", place };
        at.raw(output.name, &output.datatype, &output.shape, &bytes)
    };
    outputs.into_iter().zip(raw).enumerate().map(read).collect()
}

fn sizes(tensor: &Tensor) -> Vec<i64> {
    tensor.shape.iter().map(|size| *size as i64).collect()
}

fn bytes(tensor: &Tensor) -> Bytes {
    let mut bytes = Vec::with_capacity(raw::size(&tensor.data));
    raw::write(&tensor.data, &mut bytes);
    bytes.into()
}

fn is_given(contents: &InferTensorContents) -> bool {
    *contents != InferTensorContents::default()
}

fn typed(place: usize, input: InferInputTensor) -> Result<Tensor, MessageError> {
    let at = At { list: "inputs", place };
    let (data_type, shape) = (at.data_type(&input.datatype)?, at.shape(&input.shape)?);
    let data = contents::read(data_type, input.contents.unwrap_or_default());
    at.tensor(input.name, shape, data.map_err(|reason| at.error("contents", reason))?)
}

/// A tensor's place, for what is said of it.
#[derive(Clone, Copy)]
struct At {
    list: &'static str,
    place: usize,
}

impl At {
    fn error(self, part: &'static str, reason: impl Into<String>) -> MessageError {
        MessageError::Tensor { list: self.list, place: self.place, part, reason: reason.into() }
    }

    fn raw(self, name: String, word: &str, shape: &[i64], bytes: &[u8]) -> Result<Tensor, MessageError> {
        let (data_type, shape) = (self.data_type(word)?, self.shape(shape)?);
        let data = raw::read(data_type, &shape, bytes);
        self.tensor(name, shape, data.map_err(|error| self.error("raw contents", error.to_string()))?)
    }

    fn tensor(self, name: String, shape: Vec<usize>, data: TensorData) -> Result<Tensor, MessageError> {
        Tensor::new(name, shape, data).map_err(|error| self.error("shape", error.to_string()))
    }

    fn data_type(self, word: &str) -> Result<DataType, MessageError> {
        ALL.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
            let shown: String = word.chars().take(40).collect();
            self.error("datatype", format!("\"{}\" is no datatype", shown.escape_debug()))
        })
    }

    fn shape(self, stated: &[i64]) -> Result<Vec<usize>, MessageError> {
        if stated.len() > MAX_DIMENSIONS {
            return Err(self.error("shape", format!("{} dimensions", stated.len())));
        }
        let size = |size: &i64| match usize::try_from(*size) {
            Ok(size) if size > 0 => Ok(size),
            _ => Err(self.error("shape", format!("{size} is no size"))),
        };
        stated.iter().map(size).collect()
    }
}

const ALL: [DataType; 14] = [
    DataType::Fp32,
    DataType::Fp64,
    DataType::Int64,
    DataType::Int32,
    DataType::Bytes,
    DataType::Bool,
    DataType::Uint8,
    DataType::Uint16,
    DataType::Uint32,
    DataType::Uint64,
    DataType::Int8,
    DataType::Int16,
    DataType::Fp16,
    DataType::Bf16,
];

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    fn pair() -> Vec<Tensor> {
        let data = TensorData::Fp32(vec![1.0, f32::NAN]);
        let texts = TensorData::Bytes(vec!["a".into(), String::new()]);
        vec![
            Tensor::new("x", vec![2, 1], data).unwrap(),
            Tensor::new("c", vec![2], texts).unwrap(),
            Tensor::new("h", vec![1], TensorData::Fp16(vec![f16::from_f32(0.5)])).unwrap(),
            Tensor::new("b", vec![1], TensorData::Bf16(vec![bf16::from_f32(0.5)])).unwrap(),
        ]
    }

    #[test]
    fn raw_and_typed_say_the_same() {
        let tensors_there = pair();
        let mut raw = request("m", "", &tensors_there);
        assert_eq!(format!("{:?}", inputs(&mut raw).unwrap()), format!("{tensors_there:?}"));
        let whole = &tensors_there[..2];
        let inputs_typed = tensors(whole).unwrap();
        let mut typed = ModelInferRequest { inputs: inputs_typed, ..ModelInferRequest::default() };
        assert_eq!(format!("{:?}", inputs(&mut typed).unwrap()), format!("{whole:?}"));
        assert_eq!(tensors(&tensors_there), None);
        let (outputs, raw_output_contents) = outputs(&tensors_there);
        let response = ModelInferResponse { outputs, raw_output_contents, ..ModelInferResponse::default() };
        assert_eq!(format!("{:?}", answer(response).unwrap()), format!("{tensors_there:?}"));
    }

    #[test]
    fn r5_both_kinds_of_contents_and_wrong_counts_are_refused() {
        let tensors_there = pair();
        let mut both = request("m", "", &tensors_there);
        both.inputs[1].contents = contents::write(&tensors_there[1].data);
        assert_eq!(inputs(&mut both), Err(MessageError::Both { place: 1 }));
        for wrong in [1, 5] {
            let mut counted = request("m", "", &tensors_there);
            counted.raw_input_contents.resize(wrong, Bytes::new());
            assert!(matches!(inputs(&mut counted), Err(MessageError::Count { .. })), "{wrong}");
        }
        // Empty contents are none.
        let mut empty = request("m", "", &tensors_there);
        empty.inputs[0].contents = Some(InferTensorContents::default());
        assert!(inputs(&mut empty).is_ok());
    }

    #[test]
    fn r1_shapes_that_claim_too_much_allocate_nothing() {
        let shapes: [&[i64]; 6] = [&[-1, 1], &[0], &[1 << 62, 2], &[1 << 62, 4, 4], &[i64::MAX], &[1; 70]];
        for shape in shapes {
            let mut raw = request("m", "", &pair()[..1]);
            raw.inputs[0].shape = shape.to_vec();
            assert!(matches!(inputs(&mut raw), Err(MessageError::Tensor { place: 0, .. })), "{shape:?}");
            let inputs_typed = tensors(&pair()[..1]).unwrap();
            let mut typed = ModelInferRequest { inputs: inputs_typed, ..ModelInferRequest::default() };
            typed.inputs[0].shape = shape.to_vec();
            assert!(inputs(&mut typed).is_err(), "{shape:?}");
        }
        let mut word = request("m", "", &pair()[..1]);
        word.inputs[0].datatype = "FP99".into();
        assert_eq!(inputs(&mut word).unwrap_err().code(), "bad-datatype");
    }
}
