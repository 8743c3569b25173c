//! The answer to an inference, written straight from the outputs: their elements in JSON, or as bytes after it.

use super::check_outputs;
use super::fit::shown;
use crate::http::Answer;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, header};
use flightdeck_core::{DataType, Signature, Tensor, raw};
use serde::{Serialize, Serializer};

/// How many bytes of a body are JSON, where tensors follow it as bytes.
pub(super) const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// Which outputs a request wants, and in which form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// In this order, each with its own form if it has one; all outputs when there is none.
    pub(crate) outputs: Vec<(String, Option<bool>)>,
    /// Whether those that say nothing are wanted as bytes.
    pub(crate) binary: bool,
}

/// What an answer says before the elements.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    pub(super) model_name: &'a str,
    pub(super) model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) outputs: Vec<Shown<'a>>,
}

/// An output in the form that is wanted.
pub(super) struct Shown<'a> {
    tensor: &'a Tensor,
    binary: bool,
}

impl Wanted {
    /// Refuses outputs that the version does not have, and a form that an output cannot have.
    pub(super) fn check(&self, signature: &Signature) -> Result<(), Problem> {
        check_outputs(self.outputs.iter().map(|(name, _)| name.as_str()), signature)?;
        let half = signature.outputs.iter().find(|output| {
            matches!(output.data_type, DataType::Fp16 | DataType::Bf16)
                && self.forms(&output.name).any(|binary| !binary)
        });
        let Some(output) = half else { return Ok(()) };
        let (name, data_type) = (shown(&output.name), output.data_type);
        let message = format!(
            "output \"{name}\" is {data_type}, which travels only as binary: ask for it with binary_data"
        );
        Err(Problem::bad("binary-only", message))
    }

    /// The forms in which an output is wanted.
    fn forms(&self, name: &str) -> impl Iterator<Item = bool> {
        let all = self.outputs.is_empty().then_some(self.binary);
        let named = self.outputs.iter().filter(move |(wanted, _)| wanted == name);
        all.into_iter().chain(named.map(|(_, binary)| binary.unwrap_or(self.binary)))
    }

    /// Those of the outputs that are wanted.
    pub(super) fn of<'a>(&self, outputs: &'a [Tensor]) -> Vec<Shown<'a>> {
        if self.outputs.is_empty() {
            return outputs.iter().map(|tensor| Shown { tensor, binary: self.binary }).collect();
        }
        let find = |(name, binary): &(String, Option<bool>)| {
            let tensor = outputs.iter().find(|tensor| tensor.name == *name)?;
            Some(Shown { tensor, binary: binary.unwrap_or(self.binary) })
        };
        self.outputs.iter().filter_map(find).collect()
    }
}

impl Head<'_> {
    /// The answer of status 200.
    pub(super) fn answer(&self) -> Answer {
        let bytes = self.outputs.iter().map(Shown::bytes).sum::<usize>();
        let mut body = Vec::with_capacity(bytes + 256);
        serde_json::to_writer(&mut body, self)
            .map_err(|error| Problem::internal("write the answer", &error))?;
        let json = body.len();
        let binary = || self.outputs.iter().filter(|output| output.binary);
        binary().for_each(|output| raw::write(&output.tensor.data, &mut body));
        let mut response = Response::new(Body::from(body));
        let kind = if binary().next().is_some() {
            response.headers_mut().insert(JSON_LENGTH, HeaderValue::from(json));
            "application/octet-stream"
        } else {
            "application/json"
        };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok(response)
    }
}

impl Shown<'_> {
    /// What it will take, about: most numbers are printed in less than a dozen characters.
    fn bytes(&self) -> usize {
        128 + if self.binary { raw::size(&self.tensor.data) } else { self.tensor.data.len() * 12 }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Described<'a> {
            name: &'a str,
            datatype: DataType,
            shape: &'a [usize],
            parameters: Parameters,
        }
        #[derive(Serialize)]
        struct Parameters {
            binary_data_size: usize,
        }
        let Self { tensor, binary } = *self;
        if !binary {
            return tensor.serialize(serializer);
        }
        let parameters = Parameters { binary_data_size: raw::size(&tensor.data) };
        Described { name: &tensor.name, datatype: tensor.data_type(), shape: &tensor.shape, parameters }
            .serialize(serializer)
    }
}
