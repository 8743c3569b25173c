//! Bringing closed windows from a runner into the history, each exactly once.
//!
//! The windows, their hours and days, and the cursor are one transaction; only then does the runner hear that it may
//! forget them. Two processes that pull at once cannot count anything twice: a batch is stored only if the cursor still
//! stands where the batch was asked from.

use crate::embedded::Attached;
use crate::judge::watched;
use crate::{App, Error, Result};
use flightdeck_core::{Name, Timestamp};
use flightdeck_drift::WindowCounts;
use flightdeck_protocol::{Refuse, WindowBatch};
use flightdeck_sqlite::Act;
use flightdeck_store::cursor::{self, GapRecord};
use flightdeck_store::endpoint::{self, EndpointRecord};
use flightdeck_store::monitor;
use flightdeck_store::rollup;
use flightdeck_store::window::{self, WindowRecord};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// Windows asked for at once.
const BATCH: usize = 500;
/// Single windows are kept this long behind the newest one, in seconds; hours and days live longer.
const WINDOWS_KEPT_SECONDS: i64 = 2 * 86_400;

impl App {
    /// Brings what the runners have closed, and judges it. Answers how many windows were new; none of a runner that
    /// cannot be asked: what is known already can be read all the same. All are asked at once, so that one that is away
    /// holds up nobody.
    pub async fn pull(&self) -> Result<u64> {
        let mut visits = JoinSet::new();
        for name in self.runner_names()? {
            let app = self.clone();
            visits.spawn(async move { app.pull_of(&name).await });
        }
        Ok(visits.join_all().await.into_iter().sum())
    }

    /// Brings what one runner has closed; nothing when it cannot be asked.
    pub(crate) async fn pull_of(&self, runner: &Name) -> u64 {
        self.visit(runner).await.unwrap_or_else(|error| {
            tracing::debug!(%error, %runner, "the runner cannot be asked");
            0
        })
    }

    pub(crate) async fn visit(&self, runner: &Name) -> Result<u64> {
        let attached = self.attach_to(runner).await?;
        self.pull_from(&attached).await
    }

    /// Closes the runner's open windows now, brings them, and judges up to this moment instead of waiting for the end of
    /// the rule's step.
    pub async fn flush(&self, runner: &Name) -> Result<u64> {
        let attached = self.attach_to(runner).await?;
        attached.control.flush().await?;
        let new = self.pull_from(&attached).await?;
        self.judge_all(runner, true)?;
        Ok(new)
    }

    pub(crate) async fn pull_from(&self, attached: &Attached) -> Result<u64> {
        let runner = attached.name.clone();
        let producer = &attached.handshake.runner_id;
        let mut total = 0;
        loop {
            let position = self.read(|c| cursor::position(c, producer))?;
            let batch = attached.control.windows(position, BATCH).await?;
            if batch.windows.is_empty() && batch.gaps.is_empty() {
                break;
            }
            if refuse_unreadable(attached, &batch).await? {
                continue;
            }
            if let Some(new) = self.store_batch(&runner, (producer, position), &batch)? {
                total += new;
                attached.control.ack(batch.cursor).await?;
            }
            if !batch.more {
                break;
            }
        }
        self.keep_figures(attached, &runner).await?;
        self.judge_all(&runner, false)?;
        if total > 0 {
            self.forget_old(&runner)?;
        }
        Ok(total)
    }

    /// Stores a batch; `None` when another process stored it meanwhile.
    fn store_batch(
        &self,
        runner: &Name,
        (producer, position): (&str, u64),
        batch: &WindowBatch,
    ) -> Result<Option<u64>> {
        self.inner.history.record(|act| {
            if cursor::position(act, producer)? != position {
                return Ok(None);
            }
            let mut new = 0;
            for sent in &batch.windows {
                new += u64::from(store_window(act, runner, sent)?);
            }
            for gap in &batch.gaps {
                let reason =
                    serde_json::to_value(gap.reason).ok().and_then(|v| v.as_str().map(str::to_owned));
                let gap = GapRecord {
                    endpoint: gap.endpoint.clone(),
                    from: gap.from,
                    to: gap.to,
                    reason: reason.unwrap_or_default(),
                };
                cursor::add_gap(act, runner, &gap)?;
            }
            cursor::advance(act, producer, batch.cursor)?;
            let touched: BTreeSet<&Name> = batch.windows.iter().map(|sent| &sent.key.endpoint).collect();
            for endpoint in touched {
                act.changed("window", &format!("{runner}/{endpoint}"))?;
            }
            Ok(Some(new))
        })
    }

    /// Keeps what the runner says of each endpoint, so that there is something to show when it is away.
    async fn keep_figures(&self, attached: &Attached, runner: &Name) -> Result<()> {
        for record in self.endpoints_on(runner)? {
            let Ok(mut figures) = attached.control.live(&record.endpoint).await else { continue };
            figures.open.clear();
            let Ok(document) = serde_json::to_string(&figures) else { continue };
            if record.figures.as_ref().is_some_and(|(known, _)| *known == document) {
                continue;
            }
            let at = self.now();
            self.inner
                .history
                .record(|act| endpoint::keep_figures(act, runner, &record.endpoint, &document, at))?;
        }
        Ok(())
    }

    pub(crate) fn endpoints_on(&self, runner: &Name) -> Result<Vec<EndpointRecord>> {
        Ok(self.read(endpoint::all)?.into_iter().filter(|record| record.runner == *runner).collect())
    }

    /// Forgets what is past its time, counted back from the newest hour of each endpoint.
    fn forget_old(&self, runner: &Name) -> Result<()> {
        for record in self.endpoints_on(runner)? {
            let extent = self.read(|c| rollup::extent(c, runner, &record.endpoint, &record.digest))?;
            let Some([_, newest]) = extent else { continue };
            // A row from the future is no reason to forget the present, nor is anything forgotten that was not judged.
            let newest = newest.min(self.now());
            let judged = self.read(|c| monitor::state(c, watched(&record)))?;
            let newest = judged.map_or(newest, |(next, _)| newest.min(next));
            let before: Timestamp = newest.plus_seconds(-WINDOWS_KEPT_SECONDS);
            self.inner.history.record(|act| {
                window::forget(act, runner, &record.endpoint, before)?;
                rollup::forget(act, runner, &record.endpoint, newest)
            })?;
        }
        Ok(())
    }
}

/// Tells the runner of windows whose counts cannot be read here. Told a few times it sets them aside, so that those behind
/// them come through: then there is something else to pull. Until then it is an error, which a newer version of this
/// program may mend.
async fn refuse_unreadable(attached: &Attached, batch: &WindowBatch) -> Result<bool> {
    let mut refused = false;
    for sent in &batch.windows {
        let Err(error) = decode(&sent.counts.0) else { continue };
        let refuse = Refuse { origin: sent.origin.clone(), code: "counts-unreadable".into() };
        if !attached.control.refuse(&refuse).await?.quarantined {
            return Err(error);
        }
        refused = true;
    }
    Ok(refused)
}

fn store_window(act: &Act<'_>, runner: &Name, sent: &flightdeck_protocol::WindowRecord) -> Result<bool> {
    let record = WindowRecord {
        origin: sent.origin.clone(),
        runner: runner.clone(),
        key: sent.key.clone(),
        counts: sent.counts.0.clone(),
    };
    if !window::add(act, &record)? {
        return Ok(false);
    }
    rollup::add(act, &record, sum)?;
    Ok(true)
}

/// Adds two encoded counts.
fn sum(a: &[u8], b: &[u8]) -> Result<Vec<u8>> {
    let mut counts = decode(a)?;
    counts.merge(&decode(b)?).map_err(|error| unreadable(&error))?;
    Ok(counts.encode())
}

pub(crate) fn decode(bytes: &[u8]) -> Result<WindowCounts> {
    WindowCounts::decode(bytes).map_err(|error| unreadable(&error))
}

fn unreadable(error: &impl std::fmt::Display) -> Error {
    let hint = "Bring desktop and runner to the same version";
    Error::failed("counts-unreadable", format!("Counts of a window cannot be read: {error}"), hint)
}
