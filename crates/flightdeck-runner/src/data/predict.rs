//! Predictions by column name, from JSON or CSV.

use super::{Ask, Rows, choose, fit, named, refuse_early, run, table, unhurried};
use crate::app::App;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use flightdeck_core::assemble;
use flightdeck_protocol::PredictResponse;
use std::sync::Arc;
use std::time::Instant;

pub(crate) async fn predict(app: Arc<App>, mut call: Call) -> Answer {
    let start = Instant::now();
    let chosen = choose(&app, &Ask::of(&call))?;
    refuse_early(&app, &chosen.served)?;
    let model = &chosen.served.model;
    let body = call.bytes().await?;
    let table = unhurried(&body, |body| table::read(body, &model.signature))
        .inspect_err(|problem| chosen.refused(problem))?;
    let inputs = assemble(&model.signature, &table.columns, &table.rows)
        .map_err(|error| Problem::bad("bad-row", error.to_string()))
        .inspect_err(|problem| chosen.refused(problem))?;
    let rows = table.rows.len();
    let asked = fit(inputs, &model.signature).inspect_err(|problem| chosen.refused(problem))?;
    let asked = Rows { times: table.times, ..asked };
    let outputs = run(&app, &chosen, asked, start).await?;
    let predictions = named::predictions(&model.signature, &outputs, rows)?;
    json(&PredictResponse { predictions, model_version: model.version })
}
