//! The data plane: the Open Inference Protocol, and predictions by column name. One way through for both.

mod elements;
mod infer;
mod input;
mod metadata;
mod named;
mod predict;
mod request;
mod table;
mod times;

pub(crate) use infer::infer;
pub(crate) use metadata::{live, model_metadata, model_ready, ready, server_metadata};
pub(crate) use predict::predict;

use crate::app::App;
use crate::http::Call;
use crate::problem::Problem;
use crate::serving::{Endpoint, Served};
use axum::http::StatusCode;
use flightdeck_core::Tensor;
use flightdeck_protocol::{EventTime, Phase};
use std::sync::Arc;
use std::time::Instant;

/// The version that answers a request.
pub(crate) fn served(app: &App, call: &Call) -> Result<Arc<Served>, Problem> {
    let name = call.param("name");
    let endpoint = app.endpoints.get(name).ok_or_else(|| Problem::unknown("model", name))?;
    let served = endpoint.served().ok_or_else(|| not_ready(&endpoint))?;
    let asked = call.param("version");
    if asked.is_empty() || asked == served.version_text {
        return Ok(served);
    }
    Err(Problem::unknown("version", asked).hint("Leave the version out to ask the one that serves now."))
}

fn not_ready(endpoint: &Endpoint) -> Problem {
    let condition = endpoint.condition();
    match condition.error.filter(|_| condition.phase == Phase::Failed) {
        Some(error) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "model-failed", error.error),
        None => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "the model is still being loaded"),
    }
}

/// Inputs that fit the signature, with how many rows they are and when those happened.
pub(crate) struct Rows {
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) count: usize,
    pub(crate) times: Option<EventTime>,
}

/// Refuses early what would be refused anyway: the body is not read for it.
pub(crate) fn refuse_early(app: &App, served: &Served) -> Result<(), Problem> {
    if served.lane.is_full() || served.counting.is_overfull() {
        served.counting.failed(None, app.now());
        return Err(Problem::overload());
    }
    Ok(())
}

/// Reads a body. One that takes long does not keep the requests of other connections waiting.
pub(crate) fn unhurried<T>(body: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    const LONG_BYTES: usize = 256 << 10;
    if body.len() > LONG_BYTES { tokio::task::block_in_place(|| read(body)) } else { read(body) }
}

/// Windows that the rows of one request may belong to: each takes memory until it is closed.
const MAX_WINDOWS: usize = 1024;

/// The one way through: room in the queue, counted, run, counted again.
pub(crate) async fn run(
    app: &App,
    served: &Served,
    asked: Rows,
    start: Instant,
) -> Result<Vec<Tensor>, Problem> {
    let Rows { inputs, count: rows, times } = asked;
    if let Some(times) = &times {
        times::check(times, rows, app.now())?;
    }
    let counting = &served.counting;
    let spans = counting.spans(rows, times.as_ref(), app.now());
    if spans.as_ref().is_some_and(|spans| spans.is_scattered(MAX_WINDOWS)) {
        let message = format!("the rows belong to more than {MAX_WINDOWS} windows");
        return Err(Problem::bad("event-time", message)
            .hint("Send fewer rows at once, or deploy with longer windows."));
    }
    let spans = spans.as_ref();
    let place = served.lane.admit(rows).inspect_err(|_| counting.failed(spans, app.now()))?;
    counting.seen(&inputs, spans);
    let outputs = place.run(inputs).await;
    match &outputs {
        Ok(_) => counting.answered(spans, rows, start.elapsed().as_micros() as u64),
        Err(_) => counting.failed(spans, app.now()),
    }
    outputs
}
