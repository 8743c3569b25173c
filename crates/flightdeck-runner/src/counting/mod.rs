//! Counting rows on the way to the model: cheap, in shards, and never waited for.
//!
//! A request counts into the shard of its thread. Once a second the closer empties the shards into the open windows,
//! writes those down, and closes the ones that are over. A request's rows are counted once they are accepted; what was
//! refused is not.

mod closer;
mod plan;
mod shard;
mod spans;
#[cfg(test)]
mod tests;

pub(crate) use closer::Closer;
pub(crate) use spans::Spans;

use crate::serving::Watched;
use arc_swap::ArcSwap;
use axum::http::StatusCode;
use flightdeck_core::{Digest, Name, Resolution, Signature, Tensor, Timestamp, VersionRole, WindowKey};
use flightdeck_drift::{Baseline, Latency, WindowCounts};
use flightdeck_protocol::EventTime;
use plan::Plan;
use shard::{MAX_SLOTS, MOST_SLOTS, Piece, Shard, Shards};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Windows that may be open at once. Only replayed rows with scattered times can have so many.
const MAX_OPEN: usize = 4096;

/// The counts of one version on one endpoint.
pub(crate) struct Counting {
    key: WindowKey,
    replay: bool,
    plan: Plan,
    shards: Shards,
    open: Mutex<Open>,
    /// How many windows are open, for those who must not wait for the lock.
    open_count: AtomicUsize,
    /// Rows that belong to no window. Not behind the lock of `open`, which is held while windows are written.
    untimed: Mutex<Totals>,
    watched: Mutex<Watched>,
    pub(crate) refusals: Refusals,
    /// The figures as they stood when the shards were last emptied, for whoever must not touch what requests use.
    told: ArcSwap<Totals>,
}

/// Requests that were not answered with a prediction, since the start.
#[derive(Default)]
pub(crate) struct Refusals {
    /// They were wrong.
    client: AtomicU64,
    /// They could not be answered.
    server: AtomicU64,
    /// Of both: there was too much to do.
    shed: AtomicU64,
}

/// Windows that are not closed yet.
#[derive(Default)]
pub(crate) struct Open {
    pub(crate) windows: BTreeMap<Timestamp, WindowCounts>,
    /// Those that changed since they were last written down.
    pub(crate) dirty: BTreeSet<Timestamp>,
    /// The newest row time.
    pub(crate) newest: Option<Timestamp>,
    totals: Totals,
}

/// Figures since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) rows: u64,
    pub(crate) latency: Latency,
    /// Of a shadow.
    pub(crate) watched: Watched,
    pub(crate) refused: Refused,
}

/// How many requests were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) client: u64,
    pub(crate) server: u64,
    pub(crate) shed: u64,
}

/// What is counted, and for whom.
pub(crate) struct Subject<'a> {
    pub(crate) endpoint: &'a Name,
    pub(crate) version: Digest,
    pub(crate) role: VersionRole,
    pub(crate) signature: &'a Signature,
    pub(crate) baseline: &'a Baseline,
    pub(crate) window_seconds: u32,
    pub(crate) replay: bool,
}

impl Counting {
    pub(crate) fn new(subject: &Subject<'_>) -> Self {
        let key = WindowKey {
            endpoint: subject.endpoint.clone(),
            version: subject.version,
            role: subject.role,
            edge_set: subject.baseline.edge_set,
            slice: None,
            resolution: Resolution(subject.window_seconds),
            start: Timestamp::from_ms(0),
        };
        Self {
            key,
            replay: subject.replay,
            plan: Plan::new(subject.signature, subject.baseline),
            shards: Shards::new(subject.baseline),
            open: Mutex::default(),
            open_count: AtomicUsize::new(0),
            untimed: Mutex::default(),
            watched: Mutex::default(),
            refusals: Refusals::default(),
            told: ArcSwap::default(),
        }
    }

    /// Whether these are the counts of that subject: its windows would have the same keys.
    pub(crate) fn is_of(&self, subject: &Subject<'_>) -> bool {
        let key = &self.key;
        key.version == subject.version
            && key.role == subject.role
            && key.endpoint == *subject.endpoint
            && key.resolution.seconds() == subject.window_seconds
            && self.replay == subject.replay
    }

    pub(crate) const fn version(&self) -> Digest {
        self.key.version
    }

    pub(crate) const fn role(&self) -> VersionRole {
        self.key.role
    }

    /// Notes what only shadows have.
    pub(crate) fn watched(&self, note: impl FnOnce(&mut Watched)) {
        note(&mut lock(&self.watched));
    }

    /// The windows that the rows of a request belong to. Event times count on endpoints that replay, elsewhere arrival.
    ///
    /// Rows without a time have no place in a history that is replayed: today's would end it before it has begun. They are
    /// answered, and counted in the figures alone.
    pub(crate) fn spans(&self, rows: usize, times: Option<&EventTime>, now: Timestamp) -> Option<Spans> {
        match times {
            None if self.replay => None,
            times => {
                Some(Spans::new(rows, times.filter(|_| self.replay), now, self.key.resolution.seconds()))
            }
        }
    }

    /// Whether so many windows are open that rows with further times have to wait.
    pub(crate) fn is_overfull(&self) -> bool {
        self.replay && self.open_count.load(Ordering::Relaxed) >= MAX_OPEN
    }

    /// Counts the values of accepted rows.
    pub(crate) fn seen(&self, tensors: &[Tensor], spans: Option<&Spans>) {
        let Some(spans) = spans else { return };
        let slots = self.shards.mine(|shard| {
            for (start, rows) in spans.iter() {
                self.plan.count(shard.counter(start), tensors, rows);
            }
            shard.note_time(spans.newest());
            shard.slots()
        });
        self.relieve(slots);
    }

    /// Counts that they were answered.
    pub(crate) fn answered(&self, spans: Option<&Spans>, rows: usize, latency_us: u64) {
        let Some(spans) = spans else {
            let mut totals = lock(&self.untimed);
            totals.requests += 1;
            totals.rows += rows as u64;
            return totals.latency.add(latency_us);
        };
        let slots = self.shards.mine(|shard| {
            let mut spans = spans.iter();
            if let Some((start, rows)) = spans.next() {
                shard.counter(start).answered(rows.len() as u64, latency_us);
            }
            // A request is one request, also when its rows belong to several windows.
            spans.for_each(|(start, rows)| shard.further_rows(start, rows.len() as u64));
            shard.slots()
        });
        self.relieve(slots);
    }

    /// Counts a request that failed or was refused as overload, before its rows were read or after.
    pub(crate) fn failed(&self, spans: Option<&Spans>, now: Timestamp) {
        if spans.is_none() && self.replay {
            let mut totals = lock(&self.untimed);
            totals.requests += 1;
            totals.errors += 1;
            return;
        }
        let start = spans.map_or_else(|| now.floor(self.key.resolution.seconds()), Spans::start);
        let slots = self.shards.mine(|shard| {
            shard.counter(start).failed();
            shard.slots()
        });
        self.relieve(slots);
    }

    /// Empties the shards into the open windows.
    pub(crate) fn gather(&self) {
        let (pieces, newest) = self.shards.take();
        let mut open = lock(&self.open);
        open.newest = open.newest.max(newest);
        self.keep(&mut open, pieces);
        let mut totals = open.totals.clone();
        totals.add(&lock(&self.untimed));
        totals.watched = lock(&self.watched).clone();
        totals.refused = self.refusals.told();
        self.told.store(Arc::new(totals));
    }

    /// Empties a shard that keeps counters for too many windows. While windows are being written it may keep some more:
    /// a request waits for that only when its rows are scattered over hundreds of windows.
    fn relieve(&self, slots: usize) {
        if slots <= MAX_SLOTS {
            return;
        }
        let mut open = match self.open.try_lock() {
            Ok(open) => open,
            Err(TryLockError::WouldBlock) if slots <= MOST_SLOTS => return,
            Err(_) => lock(&self.open),
        };
        let pieces = self.shards.mine(Shard::evict);
        self.keep(&mut open, pieces);
    }

    /// The open windows, for the closer and for whoever shows them. Held while windows are written.
    pub(crate) fn open(&self) -> MutexGuard<'_, Open> {
        lock(&self.open)
    }

    /// The key of the window that starts then.
    pub(crate) fn key(&self, start: Timestamp) -> WindowKey {
        WindowKey { start, ..self.key.clone() }
    }

    /// When the window that starts then ends.
    pub(crate) fn end(&self, start: Timestamp) -> Timestamp {
        start.plus_seconds(self.key.resolution.seconds().into())
    }

    /// Whether a window is over: by the clock a second after its end, for replayed rows when their time has moved two
    /// windows past its end.
    pub(crate) fn is_over(&self, start: Timestamp, newest: Option<Timestamp>, now: Timestamp) -> bool {
        let seconds = i64::from(self.key.resolution.seconds());
        if self.replay {
            newest.is_some_and(|newest| newest >= start.plus_seconds(3 * seconds))
        } else {
            now >= start.plus_seconds(seconds + 1)
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        self.gather();
        Totals::clone(&self.told())
    }

    /// The figures of a second ago at most; nothing that a request needs is locked for it.
    pub(crate) fn told(&self) -> Arc<Totals> {
        self.told.load_full()
    }

    fn keep(&self, open: &mut Open, pieces: Vec<Piece>) {
        for Piece { start, counts } in pieces {
            open.totals.count(&counts);
            open.dirty.insert(start);
            match open.windows.get_mut(&start) {
                None => {
                    open.windows.insert(start, counts);
                }
                Some(window) => {
                    if let Err(error) = window.merge(&counts) {
                        tracing::error!("counts were lost: {error}");
                    }
                }
            }
        }
        self.open_count.store(open.windows.len(), Ordering::Relaxed);
    }
}

impl Refusals {
    /// Counts an answer that was a refusal.
    pub(crate) fn count(&self, status: StatusCode) {
        let class = if status.is_client_error() { &self.client } else { &self.server };
        class.fetch_add(1, Ordering::Relaxed);
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            self.shed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn told(&self) -> Refused {
        let [client, server, shed] =
            [&self.client, &self.server, &self.shed].map(|count| count.load(Ordering::Relaxed));
        Refused { client, server, shed }
    }
}

impl Totals {
    fn count(&mut self, counts: &WindowCounts) {
        self.requests += counts.requests;
        self.errors += counts.errors;
        self.rows += counts.rows;
        self.latency.merge(&counts.latency);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.rows += other.rows;
        self.latency.merge(&other.latency);
        self.watched.add(&other.watched);
        self.refused.client += other.refused.client;
        self.refused.server += other.refused.server;
        self.refused.shed += other.refused.shed;
    }
}

/// What is counted for a version that came without a baseline: requests, rows and time, no columns.
pub(crate) fn no_baseline() -> Baseline {
    flightdeck_drift::freeze(&[], None)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
