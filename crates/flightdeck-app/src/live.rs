//! What an endpoint is doing now, or was doing when its runner last answered.

use crate::views::{AgreementView, GapView, LatencyView, LiveVersion, LiveView};
use crate::{App, Error, Result};
use flightdeck_core::{Digest, Timestamp, VersionRole};
use flightdeck_protocol::LiveFigures;
use flightdeck_store::endpoint::EndpointRecord;
use flightdeck_store::{cursor, runner, version};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a runner that answers may take to tell its figures.
const PATIENCE: Duration = Duration::from_secs(10);

/// Over how long a request rate is taken, in milliseconds.
const RATE_MS: i64 = 60_000;

/// The counters of the last minute, from which a rate is told.
#[derive(Default)]
pub(crate) struct Rates(Mutex<HashMap<String, VecDeque<(Timestamp, u64)>>>);

impl Rates {
    /// Requests of the last minute, from the counters seen within it; `None` until there are two. A shorter time is not
    /// extrapolated: what is told was sent.
    fn seen(&self, endpoint: &str, at: Timestamp, requests: u64) -> Option<f64> {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = rates.entry(endpoint.to_owned()).or_default();
        // A runner that was started again counts from 0.
        if seen.back().is_some_and(|(_, before)| *before > requests) {
            seen.clear();
        }
        while seen.front().is_some_and(|(then, _)| at.as_ms() - then.as_ms() > RATE_MS) {
            seen.pop_front();
        }
        seen.push_back((at, requests));
        match (seen.front(), seen.back()) {
            (Some((first, before)), Some((last, now))) if last > first => Some(
                (now - before) as f64 * RATE_MS as f64 / (last.as_ms() - first.as_ms()).max(RATE_MS) as f64,
            ),
            _ => None,
        }
    }
}

impl App {
    /// The figures of an endpoint; those of before, with their age, when its runner is away.
    pub async fn live(&self, address: &str) -> Result<LiveView> {
        let record = self.endpoint(address)?;
        let attached = self.attach_to(&record.runner).await.ok();
        let now = self.now();
        let fresh = match &attached {
            Some(attached) => {
                let asked = attached.control.live(&record.endpoint);
                tokio::time::timeout(PATIENCE, asked).await.ok().and_then(std::result::Result::ok)
            }
            None => None,
        };
        let reachable = fresh.is_some();
        let (figures, as_of) = match (fresh, &record.figures) {
            (Some(figures), _) => (figures, now),
            (None, Some((document, at))) => (known(document)?, *at),
            (None, None) => {
                let hint = "Start it";
                return Err(Error::failed(
                    "runner-away",
                    format!("The runner {} does not answer", record.runner),
                    hint,
                ));
            }
        };
        let requests_per_min =
            if reachable { self.inner.rates.seen(&record.address(), now, figures.requests) } else { None };
        let base = match attached {
            Some(attached) => attached.control.base().to_owned(),
            None => self.read(|c| runner::find(c, &record.runner))?.and_then(|r| r.url).unwrap_or_default(),
        };
        self.live_view(&record, &base, &figures, Now { as_of, reachable, requests_per_min })
    }

    fn live_view(
        &self,
        record: &EndpointRecord,
        base: &str,
        figures: &LiveFigures,
        now: Now,
    ) -> Result<LiveView> {
        // The runner also counts what answered or watched before; it is told by the figures of all, not as being there.
        let there = |seen: &&flightdeck_protocol::LiveVersion| match seen.role {
            VersionRole::Champion => seen.version == record.digest,
            VersionRole::Shadow => Some(seen.version) == record.shadow(),
            VersionRole::Canary => Some(seen.version) == record.canary().map(|(version, _)| version),
        };
        let versions = figures.versions.iter().filter(there).map(|seen| {
            let known = self.read(|c| version::by_digest(c, &seen.version))?;
            Ok(LiveVersion {
                version: known.first().map(|known| known.version),
                digest: seen.version,
                role: seen.role,
                share: seen.share,
                rows: seen.rows,
                agreement: seen.agreement.map(|agreement| AgreementView {
                    rows: agreement.rows,
                    equal: Some(agreement.equal),
                    mean_abs: agreement.mean_abs,
                }),
            })
        });
        let latency = figures.latency_us;
        Ok(LiveView {
            address: record.address(),
            endpoint: record.endpoint.clone(),
            runner: record.runner.clone(),
            grpc: Some(crate::runners::grpc(base)),
            serving: crate::serving::view(record),
            url: format!("{base}/v2/models/{}", record.endpoint),
            predict_url: format!(
                "{base}{}/endpoints/{}/predict",
                flightdeck_protocol::PREFIX,
                record.endpoint
            ),
            requests: figures.requests,
            rows: figures.rows,
            errors: figures.errors,
            requests_per_min: now.requests_per_min,
            latency_us: LatencyView { p50: latency.p50, p90: latency.p90, p99: latency.p99 },
            versions: versions.collect::<Result<_>>()?,
            previous: self.version_number(record.previous.as_ref())?,
            last_window: figures.last_window,
            window_seconds: record.window_seconds,
            replay: record.replay,
            as_of: now.as_of,
            reachable: now.reachable,
            gaps: self.gaps(record)?,
        })
    }

    fn version_number(&self, digest: Option<&Digest>) -> Result<Option<u32>> {
        let Some(digest) = digest else { return Ok(None) };
        let known = self.read(|c| version::by_digest(c, digest))?;
        Ok(known.first().map(|known| known.version))
    }

    fn gaps(&self, record: &EndpointRecord) -> Result<Vec<GapView>> {
        let gaps = self.read(|c| cursor::gaps(c, &record.runner, &record.endpoint))?;
        Ok(gaps.into_iter().map(|gap| GapView { from: gap.from, to: gap.to, reason: gap.reason }).collect())
    }
}

/// When and how the figures were got.
#[derive(Clone, Copy)]
struct Now {
    as_of: Timestamp,
    reachable: bool,
    requests_per_min: Option<f64>,
}

fn known(document: &str) -> Result<LiveFigures> {
    serde_json::from_str(document).map_err(|error| {
        Error::failed("library-error", format!("Kept figures cannot be read: {error}"), "Start the runner")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_taken_over_the_last_minute_and_starts_anew_with_the_runner() {
        let rates = Rates::default();
        let seen = |second: i64, requests| rates.seen("r/e", Timestamp::from_ms(second * 1000), requests);
        assert_eq!(seen(0, 100), None);
        assert_eq!(seen(30, 130), Some(30.0), "30 were sent, whatever the pace");
        assert_eq!(seen(60, 160), Some(60.0));
        assert_eq!(seen(90, 160), Some(30.0), "30 requests since second 30");
        assert_eq!(seen(91, 5), None, "it was started again");
    }
}
