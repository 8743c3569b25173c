//! What the server and its models are, and whether they are ready.

use super::{Ask, choose};
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use axum::http::StatusCode;
use flightdeck_protocol::oip::{ModelMetadata, ServerMetadata, TensorMetadata};
use serde_json::json as value;
use std::sync::Arc;

/// What is served beyond the protocol's core.
pub(crate) const EXTENSIONS: [&str; 4] =
    ["binary_tensor_data", "model_configuration", "parameters", "statistics"];

pub(crate) async fn server_metadata(_app: Arc<App>, _call: Call) -> Answer {
    let extensions = EXTENSIONS.map(str::to_owned).to_vec();
    json(&ServerMetadata { name: "flightdeck".into(), version: env!("CARGO_PKG_VERSION").into(), extensions })
}

pub(crate) async fn live(_app: Arc<App>, _call: Call) -> Answer {
    json(&value!({ "live": true }))
}

pub(crate) async fn ready(app: Arc<App>, _call: Call) -> Answer {
    if app.is_ready() {
        return json(&value!({ "live": true, "ready": true }));
    }
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not-ready",
        "not every model of this server can answer",
    ))
}

pub(crate) async fn model_metadata(app: Arc<App>, call: Call) -> Answer {
    let chosen = choose(&app, &Ask::of(&call))?;
    let model = &chosen.served.model;
    let inputs = model.signature.inputs.iter().map(|input| TensorMetadata {
        name: input.name.clone(),
        datatype: input.data_type,
        shape: input.shape.clone(),
    });
    let outputs = model.signature.outputs.iter().map(|output| TensorMetadata {
        name: output.name.clone(),
        datatype: output.data_type,
        shape: output.shape.clone(),
    });
    json(&ModelMetadata {
        name: call.param("name").into(),
        versions: chosen.versions(),
        platform: "onnxruntime_onnx".into(),
        inputs: inputs.collect(),
        outputs: outputs.collect(),
    })
}

pub(crate) async fn model_ready(app: Arc<App>, call: Call) -> Answer {
    let chosen = choose(&app, &Ask::of(&call))?;
    if let Some(trouble) = chosen.served.model.lane.trouble() {
        return Err(trouble);
    }
    json(&value!({ "name": call.param("name"), "ready": true }))
}
