//! Labels sent and pulled, outcomes and samples read.

use super::read;
use crate::app::App;
use crate::control::blocking;
use crate::data::unhurried;
use crate::http::{Answer, Call, json};
use crate::problem::Problem;
use crate::state::{Label, Sample};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use flightdeck_protocol::{Ack, Acked, Outcomes};
use std::sync::Arc;

/// Labels or samples in one answer at most.
const MAX_PAGE: u64 = 1000;

pub(crate) async fn send_labels(app: Arc<App>, mut call: Call) -> Answer {
    let endpoint = app.endpoint(call.name()?.as_str())?;
    let body = call.bytes().await?;
    let lines = unhurried(&body, read::labels)?;
    let take = move || {
        // What was answered a moment ago is known by now.
        endpoint.recorder.write(&app.database, &endpoint.name);
        let now = app.now();
        Ok(app.database.record(|act| Label::take(act, &endpoint.name, &lines, now))?)
    };
    json(&blocking(take).await?)
}

pub(crate) async fn labels(app: Arc<App>, call: Call) -> Answer {
    let (after, limit) = page(&call)?;
    json(&blocking(move || Ok(app.database.read(|c| Label::after(c, after, limit))?)).await?)
}

pub(crate) async fn ack_labels(app: Arc<App>, mut call: Call) -> Answer {
    let Ack { cursor } = call.json().await?;
    let removed = blocking(move || Ok(app.database.record(|act| Label::forget(act, cursor))?)).await?;
    json(&Acked { removed })
}

pub(crate) async fn outcomes(app: Arc<App>, call: Call) -> Answer {
    let endpoint = app.endpoint(call.name()?.as_str())?;
    let read = move || Ok(app.database.read(|c| Label::outcomes(c, &endpoint.name))?);
    json(&Outcomes { outcomes: blocking(read).await? })
}

/// JSON lines, of which each says where to go on.
pub(crate) async fn samples(app: Arc<App>, call: Call) -> Answer {
    let endpoint = app.endpoint(call.name()?.as_str())?;
    let (after, limit) = page(&call)?;
    let read = move || {
        endpoint.recorder.write(&app.database, &endpoint.name);
        let lines = app.database.read(|c| Sample::after(c, &endpoint.name, after, limit))?;
        let mut text = Vec::new();
        for line in lines {
            let written = serde_json::to_writer(&mut text, &line);
            written.map_err(|error| Problem::internal("write a sample", &error))?;
            text.push(b'\n');
        }
        Ok(text)
    };
    let mut response = Response::new(Body::from(blocking(read).await?));
    let kind = HeaderValue::from_static("application/jsonl");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn page(call: &Call) -> Result<(u64, usize), Problem> {
    let after = call.number("after")?.unwrap_or(0);
    let limit = call.number("limit")?.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    Ok((after, limit as usize))
}
