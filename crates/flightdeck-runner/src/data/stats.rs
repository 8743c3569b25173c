//! What models did since they were loaded, in the shape of the protocol's statistics.

use super::{Ask, choose};
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::serving::{Served, Spent};
use serde_json::{Value, json as value};
use std::sync::Arc;

/// `GET …/stats`: of the version that is named, else of every version that answers there.
pub(crate) async fn model_stats(app: Arc<App>, call: Call) -> Answer {
    let name = call.param("name");
    let chosen = choose(&app, &Ask::of(&call))?;
    let all: Vec<Value> = match call.param("version") {
        "" => chosen.lineup.answering().map(|served| figures(name, served)).collect(),
        _ => vec![figures(name, &chosen.served)],
    };
    json(&value!({ "model_stats": all }))
}

/// `GET /v2/models/stats`.
pub(crate) async fn stats(app: Arc<App>, _call: Call) -> Answer {
    let endpoints = app.endpoints.all();
    let lineups = endpoints.iter().filter_map(|endpoint| Some((&endpoint.name, endpoint.lineup()?)));
    let figures = lineups.flat_map(|(name, lineup)| {
        lineup.answering().map(|served| figures(name.as_str(), served)).collect::<Vec<_>>()
    });
    json(&value!({ "model_stats": figures.collect::<Vec<_>>() }))
}

fn figures(name: &str, served: &Served) -> Value {
    let model = &served.model;
    let read = model.statistics().read();
    let spent = |spent: Spent| value!({ "count": spent.count, "ns": spent.ns });
    value!({
        "name": name,
        "version": model.version_text,
        "last_inference": read.last_inference_ms,
        "inference_count": read.inference_count,
        "execution_count": read.execution_count,
        "inference_stats": {
            "success": spent(read.success),
            "fail": spent(read.fail),
            "queue": spent(read.queue),
            "compute_input": spent(read.compute_input),
            "compute_infer": spent(read.compute_infer),
            "compute_output": spent(read.compute_output),
        },
        "batch_stats": [],
    })
}
