//! `GET /metrics`: figures for Prometheus.
//!
//! Everything is read from counters that are kept anyway, as of the closer's last second: a scrape locks nothing that a
//! request waits for. Labels come from the configuration of endpoints; nothing that a request says becomes one.

mod process;
mod text;

use crate::app::App;
use crate::control::blocking;
use crate::counting::Totals;
use crate::http::{Answer, Call};
use crate::state::{Outbox, Spooled};
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
    match app.database.read(Outbox::spooled) {
        Ok(spooled) => outbox(page, &spooled, app.now()),
        // The rest of the page is true all the same.
        Err(error) => tracing::warn!("the outbox cannot be measured: {error}"),
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
