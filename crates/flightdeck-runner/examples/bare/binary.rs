//! Binary tensors in, binary tensors out.

use crate::model::{Model, Output, floats};
use axum::body::Body;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::error::Error;

#[derive(Deserialize)]
struct Request {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    shape: Vec<usize>,
}

#[derive(Serialize)]
struct Answer<'a> {
    model_name: &'static str,
    model_version: &'static str,
    outputs: Vec<Tensor<'a>>,
}

#[derive(Serialize)]
struct Tensor<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: &'a [i64],
    parameters: Size,
}

#[derive(Serialize)]
struct Size {
    binary_data_size: usize,
}

pub(crate) fn infer(
    model: &Model,
    header: Option<usize>,
    body: &[u8],
) -> Result<Response<Body>, Box<dyn Error>> {
    let split = header.and_then(|length| body.split_at_checked(length));
    let (header, raw) = split.ok_or("the header is longer than the body")?;
    let request: Request = serde_json::from_slice(header)?;
    let input = request.inputs.first().ok_or("no input")?;
    let (header, body) = model.run(&input.shape, &floats(raw), answer)??;
    let answer = Response::builder()
        .header("content-type", "application/octet-stream")
        .header("inference-header-content-length", header);
    Ok(answer.body(Body::from(body))?)
}

fn answer(outputs: &[Output<'_>]) -> serde_json::Result<(usize, Vec<u8>)> {
    let mut raw = Vec::new();
    let mut tensors = Vec::new();
    for output in outputs {
        let before = raw.len();
        output.write(&mut raw);
        let parameters = Size { binary_data_size: raw.len() - before };
        tensors.push(Tensor {
            name: output.name,
            datatype: output.data_type(),
            shape: &output.shape,
            parameters,
        });
    }
    let mut body = serde_json::to_vec(&Answer { model_name: "m", model_version: "1", outputs: tensors })?;
    let header = body.len();
    body.extend(raw);
    Ok((header, body))
}
