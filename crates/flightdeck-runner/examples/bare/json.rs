//! JSON in, JSON out.

use crate::model::{Elements, Model, Output};
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
    data: Vec<f32>,
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
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Floats(&'a [f32]),
    Integers(&'a [i64]),
}

pub(crate) fn infer(model: &Model, body: &[u8]) -> Result<Response<Body>, Box<dyn Error>> {
    let request: Request = serde_json::from_slice(body)?;
    let input = request.inputs.first().ok_or("no input")?;
    let body = model.run(&input.shape, &input.data, |outputs| {
        let outputs = outputs.iter().map(tensor).collect();
        serde_json::to_vec(&Answer { model_name: "m", model_version: "1", outputs })
    })??;
    Ok(Response::builder().header("content-type", "application/json").body(Body::from(body))?)
}

fn tensor<'a>(output: &'a Output<'a>) -> Tensor<'a> {
    let data = match output.elements {
        Elements::Floats(values) => Data::Floats(values),
        Elements::Integers(values) => Data::Integers(values),
    };
    Tensor { name: output.name, datatype: output.data_type(), shape: &output.shape, data }
}
