//! The data plane: the Open Inference Protocol, and predictions by column name. One way through for both.

mod about;
mod ahead;
mod answer;
mod binary;
mod catalogue;
mod elements;
mod fit;
mod infer;
mod input;
mod metadata;
mod named;
mod predict;
mod request;
mod stats;
mod table;
mod times;

pub(crate) use about::{docs, openapi, proto};
pub(crate) use catalogue::{is_batched, model_config, models, not_served, repository_index};
pub(crate) use fit::{check_outputs, fit};
pub(crate) use infer::infer;
pub(crate) use metadata::{EXTENSIONS, live, model_metadata, model_ready, ready, server_metadata};
pub(crate) use predict::predict;
pub(crate) use stats::{model_stats, stats};
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use {
    binary::Split,
    request::{Request, read as read_request},
};

use crate::app::App;
use crate::counting::{Counting, Spans};
use crate::http::Call;
use crate::problem::{DEADLINE, Problem};
use crate::serving::{Endpoint, Lineup, Seen, Served};
use crate::telemetry::Answered;
use axum::http::{HeaderValue, StatusCode};
use flightdeck_core::Tensor;
use flightdeck_protocol::{EventTime, Phase, STICKY_KEY};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Who answers a request, and who watches.
pub(crate) struct Chosen {
    pub(crate) served: Served,
    /// Where more is kept of the traffic than counts; and the id that the request goes by there.
    recorded: Option<(Arc<Endpoint>, OnceLock<String>)>,
    lineup: Arc<Lineup>,
}

impl Chosen {
    /// The versions that may be asked for by name.
    pub(crate) fn versions(&self) -> Vec<String> {
        self.lineup.answering().map(|served| served.model.version_text.clone()).collect()
    }

    /// What the request calls itself.
    pub(crate) fn has_id(&self, id: Option<&str>) {
        if let (Some((_, own)), Some(id)) = (&self.recorded, id) {
            let _ = own.set(id.to_owned());
        }
    }

    /// Counts that a request to it is refused before it was run.
    pub(crate) fn refused(&self, problem: &Problem) {
        self.served.counting.refusals.count(problem.status);
    }
}

/// Who is asked for a prediction, in whatever way it was said.
pub(crate) struct Ask<'a> {
    /// The endpoint.
    pub(crate) name: &'a str,
    /// A version's digits; empty for whichever the policy gives.
    pub(crate) version: &'a str,
    /// Requests with the same key are answered by the same version.
    pub(crate) key: Option<&'a [u8]>,
}

impl<'a> Ask<'a> {
    /// What a path and its headers ask for.
    pub(crate) fn of(call: &'a Call) -> Self {
        let key = call.headers.get(STICKY_KEY).map(HeaderValue::as_bytes);
        Self { name: call.param("name"), version: call.param("version"), key }
    }
}

/// The version that answers a request: the one that it names, or the one that the policy gives it.
pub(crate) fn choose(app: &App, ask: &Ask<'_>) -> Result<Chosen, Problem> {
    let Ask { name, version: asked, key } = *ask;
    let endpoint = app.endpoints.get(name).ok_or_else(|| Problem::unknown("model", name))?;
    let lineup = endpoint.lineup().ok_or_else(|| not_ready(&endpoint))?;
    let served = if asked.is_empty() {
        Some(lineup.choose(key))
    } else {
        lineup.answering().find(|served| served.model.version_text == asked)
    };
    let unknown =
        || Problem::unknown("version", asked).hint("Leave the version out to ask the one that serves now.");
    let served = served.ok_or_else(unknown)?.clone();
    let recorded = endpoint.recorder.is_on().then_some((endpoint, OnceLock::new()));
    Ok(Chosen { served, recorded, lineup })
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
    /// When the answer is of no use any more.
    pub(crate) deadline: Option<Instant>,
}

/// A request that is counted as failed unless it is answered, also when its client leaves.
struct Unanswered<'a> {
    app: &'a App,
    counting: &'a Counting,
    spans: Option<&'a Spans>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.counting.failed(self.spans, self.app.now());
    }
}

/// Refuses early what would be refused anyway: the body is not read for it.
pub(crate) fn refuse_early(app: &App, served: &Served) -> Result<(), Problem> {
    let Served { model, counting } = served;
    let refused = if counting.is_overfull() {
        model.statistics().shed();
        Err(Problem::overload())
    } else {
        model.lane.check()
    };
    refused.inspect_err(|problem| {
        counting.failed(None, app.now());
        counting.refusals.count(problem.status);
    })
}

/// Reads a body. One that takes long does not keep the requests of other connections waiting.
pub(crate) fn unhurried<T>(body: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    const LONG_BYTES: usize = 256 << 10;
    if body.len() > LONG_BYTES { tokio::task::block_in_place(|| read(body)) } else { read(body) }
}

/// Windows that the rows of one request may belong to: each takes memory until it is closed.
const MAX_WINDOWS: usize = 1024;

/// The one way through: room in the queue, counted, run, counted again, shown to the shadows.
pub(crate) async fn run(
    app: &App,
    chosen: &Chosen,
    asked: Rows,
    start: Instant,
) -> Result<Arc<Vec<Tensor>>, Problem> {
    let outputs = answer(app, chosen, asked, start).await;
    outputs.inspect_err(|problem| chosen.refused(problem))
}

async fn answer(
    app: &App,
    chosen: &Chosen,
    asked: Rows,
    start: Instant,
) -> Result<Arc<Vec<Tensor>>, Problem> {
    let Served { model, counting } = &chosen.served;
    let Rows { inputs, count: rows, times, deadline } = asked;
    if let Some(times) = &times {
        times::check(times, rows, app.now())?;
    }
    let spans = counting.spans(rows, times.as_ref(), app.now());
    if spans.as_ref().is_some_and(|spans| spans.is_scattered(MAX_WINDOWS)) {
        let message = format!("the rows belong to more than {MAX_WINDOWS} windows");
        return Err(Problem::bad("event-time", message)
            .hint("Send fewer rows at once, or deploy with longer windows."));
    }
    let spans = spans.as_ref();
    let unanswered = Unanswered { app, counting, spans };
    let place = model.lane.admit(rows)?;
    let inputs = Arc::new(inputs);
    counting.seen(&inputs, spans);
    let outputs = place.run(Arc::clone(&inputs), deadline).await.map(Arc::new);
    let took = start.elapsed();
    match &outputs {
        Ok(_) => {
            std::mem::forget(unanswered);
            counting.answered(spans, rows, took.as_micros() as u64);
            model.statistics().succeeded(took, app.now().as_ms());
        }
        Err(problem) if problem.code == DEADLINE => model.statistics().late(),
        Err(_) => model.statistics().failed(took),
    }
    if let (Some((endpoint, id)), Ok(outputs)) = (&chosen.recorded, &outputs) {
        let at = app.now();
        let start = spans.map_or(at, Spans::start);
        let (inputs, id, role) = (&inputs, id.get().map(String::as_str), counting.role());
        endpoint.recorder.keep(&Answered { model, role, id, inputs, outputs, rows, start, at });
    }
    if !chosen.lineup.shadows.is_empty() {
        let is_champion = Arc::ptr_eq(model, &chosen.lineup.champion.model);
        let answer = outputs.as_ref().ok().filter(|_| is_champion).map(Arc::clone);
        let asked = Arc::clone(model);
        let spans = spans.cloned().map(Arc::new);
        chosen.lineup.show(&Seen { asked, inputs, rows, spans, at: app.now(), answer });
    }
    outputs
}
