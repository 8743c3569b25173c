//! Which models there are, how each is served and what it did, in the shapes that other servers' clients read.

use super::{Ask, choose};
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use crate::serving::{Endpoint, Model, Served};
use axum::http::StatusCode;
use flightdeck_core::{DataType, Signature};
use flightdeck_protocol::Phase;
use serde_json::{Value, json as value};
use std::sync::Arc;

/// `GET /v2/models`.
pub(crate) async fn models(app: Arc<App>, _call: Call) -> Answer {
    let names: Vec<String> = app.endpoints.all().iter().map(|endpoint| endpoint.name.to_string()).collect();
    json(&value!({ "models": names }))
}

/// `POST /v2/repository/index`. The body may say `{"ready": true}`, and may be empty.
pub(crate) async fn repository_index(app: Arc<App>, mut call: Call) -> Answer {
    let body = call.bytes().await?;
    let wrong = |error: serde_json::Error| Problem::bad("bad-json", error.to_string());
    let asked: Value = if body.trim_ascii().is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).map_err(wrong)?
    };
    let only_ready = asked["ready"] == true;
    let all = app.endpoints.all();
    let entries = all.iter().flat_map(|endpoint| entries(endpoint));
    json(&entries.filter(|entry| !only_ready || entry["state"] == "READY").collect::<Vec<_>>())
}

/// One entry for each version that answers; one without a version where none does.
fn entries(endpoint: &Endpoint) -> Vec<Value> {
    let name = endpoint.name.as_str();
    if let Some(lineup) = endpoint.lineup() {
        let entry = |served: &Served| value!({ "name": name, "version": served.model.version_text, "state": "READY", "reason": "" });
        return lineup.answering().map(entry).collect();
    }
    let condition = endpoint.condition();
    let (state, reason) = match condition.phase {
        Phase::Failed => ("UNAVAILABLE", condition.error.map_or_else(String::new, |error| error.error)),
        _ => ("LOADING", String::new()),
    };
    vec![value!({ "name": name, "version": "", "state": state, "reason": reason })]
}

/// `GET …/config`.
pub(crate) async fn model_config(app: Arc<App>, call: Call) -> Answer {
    let chosen = choose(&app, &Ask::of(&call))?;
    json(&config(call.param("name"), &chosen.served.model))
}

fn config(name: &str, model: &Model) -> Value {
    let signature = &model.signature;
    // Where rows share runs, sizes are given without them.
    let batches = is_batched(signature);
    let skip = usize::from(batches);
    let tensor = |name: &str, data_type: DataType, shape: &[i64]| {
        let dims = shape.get(skip..).unwrap_or_default();
        value!({ "name": name, "data_type": word(data_type), "dims": dims })
    };
    let inputs = signature.inputs.iter().map(|input| tensor(&input.name, input.data_type, &input.shape));
    let outputs =
        signature.outputs.iter().map(|output| tensor(&output.name, output.data_type, &output.shape));
    value!({
        "name": name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "max_batch_size": if batches { model.lane.max_rows() } else { 0 },
        "version_policy": { "specific": { "versions": [model.version_text] } },
        "input": inputs.collect::<Vec<_>>(),
        "output": outputs.collect::<Vec<_>>(),
        "instance_group": [{ "name": name, "kind": "KIND_CPU", "count": 1 }],
        "default_model_filename": "model.onnx",
        "parameters": {},
    })
}

/// Whether requests may share a run.
pub(crate) fn is_batched(signature: &Signature) -> bool {
    let mut inputs = signature.inputs.iter().map(|input| input.batch_axis == Some(0));
    let mut outputs = signature.outputs.iter().map(|output| output.shape.first() == Some(&-1));
    !signature.inputs.is_empty() && inputs.all(|batched| batched) && outputs.all(|batched| batched)
}

/// The word of a model configuration for an element type.
fn word(data_type: DataType) -> String {
    match data_type {
        DataType::Bytes => "TYPE_STRING".into(),
        other => format!("TYPE_{other}"),
    }
}

/// What other servers of the protocol have and this one does not, in a sentence; `None` where nobody has it.
pub(crate) fn not_served(path: &str) -> Option<Problem> {
    let names = |word: &str| path.split('/').any(|part| part == word);
    let (what, hint) = if names("systemsharedmemory") || names("cudasharedmemory") {
        ("shared memory is not served", "Send tensors in the body, as JSON or as binary.")
    } else if names("repository") && (names("load") || names("unload")) {
        ("models are not loaded by clients of the protocol", "Deploy them with Flightdeck.")
    } else if path.starts_with("/v2/") && (names("generate") || names("generate_stream")) {
        ("the generate extension is not served", "Send tensors to the address that ends in /infer.")
    } else if path.starts_with("/v2/") && (names("trace") || names("logging")) {
        (
            "settings of tracing and logging are not changed by clients",
            "They stand in the server's configuration.",
        )
    } else {
        return None;
    };
    path.starts_with("/v2/").then(|| Problem::new(StatusCode::NOT_FOUND, "not-served", what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r15_what_other_servers_have_is_refused_in_a_sentence() {
        let paths = [
            "/v2/systemsharedmemory/status",
            "/v2/systemsharedmemory/region/a/register",
            "/v2/cudasharedmemory/region/a/register",
            "/v2/repository/models/e/load",
            "/v2/repository/models/e/unload",
            "/v2/models/e/generate",
            "/v2/models/e/versions/1/generate_stream",
            "/v2/models/e/trace/setting",
            "/v2/logging",
        ];
        for path in paths {
            let problem = not_served(path).unwrap();
            assert!(problem.status == StatusCode::NOT_FOUND && problem.hint.is_some(), "{path}");
        }
        for path in ["/", "/v2/nothing", "/generate", "/systemsharedmemory", "/v2/repository/models"] {
            assert_eq!(not_served(path), None, "{path}");
        }
    }

    #[test]
    fn words_are_those_of_model_configurations() {
        assert_eq!([DataType::Bytes, DataType::Fp32].map(word), ["TYPE_STRING", "TYPE_FP32"]);
    }
}
