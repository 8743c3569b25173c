//! `GET /metrics`: figures for Prometheus.
//!
//! Everything is read from counters that are kept anyway, as of the closer's last second: a scrape locks nothing that a
//! request waits for. Labels come from the configuration of endpoints; nothing that a request says becomes one.

mod histogram;
mod process;
mod text;
mod triton;

pub(crate) use histogram::Histogram;
pub(crate) use process::most_files;

use crate::app::App;
use crate::control::blocking;
use crate::counting::Totals;
use crate::http::{Answer, Call};
use crate::serving::{Figures, Model, Served};
use crate::state::{Outbox, Spooled, telemetry_counts};
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use flightdeck_core::{Timestamp, VersionRole};
use flightdeck_drift::Latency;
use std::sync::Arc;
use text::{Buckets, Kind, Labels, Page};

/// Upper bounds of request times: 2^6 µs to 2^25 µs (34 s). Powers of two, because there the counts are exact.
const BOUNDS: std::ops::RangeInclusive<u32> = 6..=25;

pub(crate) async fn metrics(app: Arc<App>, call: Call) -> Answer {
    let mut page = Page::for_scraper(&call.headers);
    let (kind, text) = blocking(move || {
        write(&app, &mut page);
        Ok(page.finish())
    })
    .await?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

fn write(app: &App, page: &mut Page) {
    page.family("flightdeck_build", Kind::Info, "The program.");
    page.info("flightdeck_build", &[("version", env!("CARGO_PKG_VERSION"))]);
    let seen = seen(app);
    requests(page, &seen);
    durations(page, &seen);
    let loaded = loaded(app);
    queues(page, &loaded);
    if app.settings.metrics.triton_names {
        triton::write(page, &loaded);
    }
    match app.database.read(Outbox::spooled) {
        Ok(spooled) => outbox(page, &spooled, app.now()),
        // The rest of the page is true all the same.
        Err(error) => tracing::warn!("the outbox cannot be measured: {error}"),
    }
    telemetry(page, app);
    if let Some(traces) = &app.traces {
        let name = "flightdeck_spans_dropped";
        page.family(name, Kind::Counter, "Spans that no collector took.");
        page.count(name, &[], traces.dropped());
    }
    process::write(page, app.started.as_ms() as f64 / 1000.0);
}

/// One version in its role at an endpoint.
struct Seen {
    endpoint: String,
    version: String,
    role: VersionRole,
    totals: Totals,
}

impl Seen {
    fn labels(&self) -> [(&'static str, &str); 3] {
        [("endpoint", &self.endpoint), ("version", &self.version), ("role", self.role.as_str())]
    }
}

fn seen(app: &App) -> Vec<Seen> {
    let endpoints = app.endpoints.all().into_iter().flat_map(|endpoint| {
        let name = endpoint.name.to_string();
        endpoint.told().into_iter().map(move |(version, role, totals)| Seen {
            endpoint: name.clone(),
            version: version.short(),
            role,
            totals,
        })
    });
    endpoints.collect()
}

/// A loaded version in its role, and what it did since it was loaded.
struct Loaded {
    endpoint: String,
    model: Arc<Model>,
    version: String,
    role: VersionRole,
    figures: Figures,
    waiting_rows: usize,
}

impl Loaded {
    fn labels(&self) -> [(&'static str, &str); 3] {
        [("endpoint", &self.endpoint), ("version", &self.version), ("role", self.role.as_str())]
    }

    /// As other servers of the protocol name them.
    fn model_labels(&self) -> [(&'static str, &str); 2] {
        [("model", &self.endpoint), ("version", &self.version)]
    }
}

fn loaded(app: &App) -> Vec<Loaded> {
    let endpoints = app.endpoints.all();
    let loaded = endpoints.iter().flat_map(|endpoint| {
        let lineup = endpoint.lineup();
        let served: Vec<Served> = lineup.iter().flat_map(|lineup| lineup.served().cloned()).collect();
        served.into_iter().map(|Served { model, counting }| Loaded {
            endpoint: endpoint.name.to_string(),
            version: model.version.short(),
            role: counting.role(),
            figures: model.statistics().read(),
            waiting_rows: model.lane.waiting_rows(),
            model,
        })
    });
    loaded.collect()
}

fn queues(page: &mut Page, loaded: &[Loaded]) {
    let name = "flightdeck_runs";
    page.family(name, Kind::Counter, "Runs of the model; requests that wait together share one.");
    for model in loaded {
        page.count(name, &model.labels(), model.figures.execution_count);
    }
    let name = "flightdeck_queue_rows";
    page.family(name, Kind::Gauge, "Rows that wait for a run.");
    for model in loaded {
        page.gauge(name, &model.labels(), model.waiting_rows as f64);
    }
    let name = "flightdeck_queue_seconds";
    page.family(name, Kind::Histogram, "How long requests waited for their run.");
    for model in loaded {
        let waits = &model.model.statistics().waits;
        page.histogram(name, &model.labels(), &waits.read(model.figures.queue.ns));
    }
}

fn requests(page: &mut Page, seen: &[Seen]) {
    let name = "flightdeck_requests";
    page.family(
        name,
        Kind::Counter,
        "Requests by what they were answered with. A shadow's are those that it was shown.",
    );
    for seen in seen {
        let Totals { requests, errors, refused, .. } = &seen.totals;
        let classes =
            [("2xx", requests.saturating_sub(*errors)), ("4xx", refused.client), ("5xx", refused.server)];
        for (class, count) in classes {
            let [endpoint, version, role] = seen.labels();
            page.count(name, &[endpoint, version, role, ("code", class)], count);
        }
    }
    let name = "flightdeck_rows";
    page.family(name, Kind::Counter, "Rows that were answered.");
    for seen in seen {
        page.count(name, &seen.labels(), seen.totals.rows);
    }
    let name = "flightdeck_shed";
    page.family(name, Kind::Counter, "Requests that were refused because there was too much to do.");
    for seen in seen {
        page.count(name, &seen.labels(), seen.totals.refused.shed);
    }
}

fn durations(page: &mut Page, seen: &[Seen]) {
    let name = "flightdeck_request_seconds";
    page.family(name, Kind::Histogram, "How long answered requests took, from their head to their outputs.");
    for seen in seen {
        page.histogram(name, &seen.labels(), &buckets(&seen.totals.latency));
    }
}

fn buckets(latency: &Latency) -> Buckets {
    let bound = |power: u32| ((1_u64 << power) as f64 / 1e6, latency.below(1 << power));
    Buckets {
        cumulative: BOUNDS.map(bound).collect(),
        count: latency.requests(),
        sum: latency.sum_us() / 1e6,
    }
}

/// What became of labels and samples.
fn telemetry(page: &mut Page, app: &App) {
    let Ok(counts) = app.database.read(telemetry_counts) else { return };
    let name = "flightdeck_telemetry";
    page.family(name, Kind::Counter, "Labels and samples by what became of them.");
    for (endpoint, what, count) in counts {
        page.count(name, &[("endpoint", &endpoint), ("what", &what)], count);
    }
    for endpoint in app.endpoints.all().iter().filter(|endpoint| endpoint.recorder.dropped() > 0) {
        let labels = [("endpoint", endpoint.name.as_str()), ("what", "waiting-dropped")];
        page.count(name, &labels, endpoint.recorder.dropped());
    }
}

fn outbox(page: &mut Page, spooled: &Spooled, now: Timestamp) {
    let age = spooled.oldest.map_or(0.0, |oldest| (now.as_ms() - oldest.as_ms()).max(0) as f64 / 1000.0);
    let gauges = [
        (
            "flightdeck_outbox_windows",
            "Windows and gaps that nobody has acknowledged yet.",
            spooled.records as f64,
        ),
        ("flightdeck_outbox_bytes", "What they take.", spooled.bytes as f64),
        ("flightdeck_outbox_oldest_seconds", "How long the oldest of them has waited.", age),
    ];
    for (name, help, value) in gauges {
        page.family(name, Kind::Gauge, help);
        page.gauge(name, &[], value);
    }
    let counters = [
        ("flightdeck_outbox_acknowledged", "Windows and gaps that were acknowledged.", spooled.acknowledged),
        ("flightdeck_outbox_dropped", "Windows that found no room and became gaps.", spooled.dropped),
        ("flightdeck_outbox_gaps", "Times in which rows may be missing.", spooled.gaps),
        ("flightdeck_outbox_quarantined", "Windows that were set aside.", spooled.quarantined),
    ];
    let nothing: &Labels<'_> = &[];
    for (name, help, value) in counters {
        page.family(name, Kind::Counter, help);
        page.count(name, nothing, value);
    }
}
