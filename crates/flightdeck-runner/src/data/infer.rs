//! `POST …/infer` of the Open Inference Protocol.

use super::{Ask, choose, refuse_early, request, run, unhurried};
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use flightdeck_core::Tensor;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// The answer, borrowed from what it is made of.
#[derive(Serialize)]
struct Response<'a> {
    model_name: &'a str,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    outputs: &'a [Tensor],
}

pub(crate) async fn infer(app: Arc<App>, mut call: Call) -> Answer {
    let start = Instant::now();
    let chosen = choose(&app, &Ask::of(&call))?;
    refuse_early(&app, &chosen.served)?;
    let model = &chosen.served.model;
    if call.headers.contains_key("inference-header-content-length") {
        return Err(Problem::bad("binary", "binary tensors are not served, send JSON (binary_data=False)"));
    }
    let body = call.bytes().await?;
    let asked = unhurried(&body, |body| request::read(body, &model.signature))
        .inspect_err(|problem| chosen.refused(problem))?;
    let outputs = run(&app, &chosen, asked.rows, start).await?;
    let selected = selected(&outputs, &asked.outputs);
    json(&Response {
        model_name: call.param("name"),
        model_version: &model.version_text,
        id: asked.id.as_deref(),
        outputs: selected.as_deref().unwrap_or(&outputs),
    })
}

/// The outputs that were asked for, in that order; `None` for all when none were named.
fn selected(outputs: &[Tensor], names: &[String]) -> Option<Vec<Tensor>> {
    let find = |name: &String| outputs.iter().find(|tensor| tensor.name == *name).cloned();
    (!names.is_empty()).then(|| names.iter().filter_map(find).collect())
}
