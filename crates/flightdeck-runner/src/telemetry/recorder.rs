//! Ids with predictions, and sampled requests, on their way from an answer to the disk.
//!
//! Off unless the endpoint says otherwise, and then a request only leaves handles on what it has anyway. Whatever finds no
//! room or cannot be written is dropped and counted: neither is owed to anybody, as counts are.

use crate::serving::{Model, predicted};
use crate::state::{By, Kept, Label, Predicted, Sample};
use arc_swap::ArcSwapOption;
use flightdeck_core::{Name, Tensor, Timestamp, VersionRole};
use flightdeck_protocol::{Sampling, Telemetry};
use flightdeck_sqlite::{Act, Database, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What may wait to be written.
const MAX_WAITING: usize = 10_000;
const MAX_WAITING_BYTES: usize = 16 << 20;
/// Longer ids are nobody's.
pub(super) const MAX_ID: usize = 256;

/// What an endpoint keeps beyond counts.
#[derive(Default)]
pub(crate) struct Recorder {
    is_on: AtomicBool,
    telemetry: ArcSwapOption<Telemetry>,
    turn: AtomicU64,
    waiting: Mutex<Waiting>,
    /// Held while what waited is written: whoever reads afterwards finds it.
    writing: Mutex<()>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    records: Vec<Record>,
    bytes: usize,
}

/// An answer.
pub(crate) struct Answered<'a> {
    pub(crate) model: &'a Arc<Model>,
    pub(crate) role: VersionRole,
    pub(crate) id: Option<&'a str>,
    pub(crate) inputs: &'a Arc<Vec<Tensor>>,
    pub(crate) outputs: &'a Arc<Vec<Tensor>>,
    pub(crate) rows: usize,
    /// The start of its window.
    pub(crate) start: Timestamp,
    pub(crate) at: Timestamp,
}

struct Record {
    model: Arc<Model>,
    role: VersionRole,
    id: Option<String>,
    is_expected: bool,
    /// Only of a sampled request.
    inputs: Option<Arc<Vec<Tensor>>>,
    outputs: Arc<Vec<Tensor>>,
    rows: usize,
    start: Timestamp,
    at: Timestamp,
}

impl Recorder {
    /// From now on this is kept.
    pub(crate) fn set(&self, telemetry: &Telemetry) {
        let on = !telemetry.is_default();
        self.telemetry.store(on.then(|| Arc::new(telemetry.clone())));
        self.is_on.store(on, Relaxed);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    pub(crate) fn sampling(&self) -> Option<Sampling> {
        self.telemetry.load().as_ref().and_then(|telemetry| telemetry.sample)
    }

    /// Requests that found no room or could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Keeps of an answer what the endpoint says.
    pub(crate) fn keep(&self, answered: &Answered<'_>) {
        let telemetry = self.telemetry.load();
        let Some(telemetry) = telemetry.as_ref() else { return };
        let is_sampled = telemetry.sample.is_some_and(|sampling| self.is_turn(sampling));
        let id = answered.id.filter(|id| telemetry.ids && (1..=MAX_ID).contains(&id.len()));
        if !is_sampled && id.is_none() {
            return;
        }
        let inputs = is_sampled.then(|| Arc::clone(answered.inputs));
        let bytes: usize =
            inputs.iter().flat_map(|inputs| inputs.iter()).chain(&**answered.outputs).map(size).sum();
        let record = Record {
            model: Arc::clone(answered.model),
            role: answered.role,
            id: id.map(str::to_owned),
            is_expected: id.is_some(),
            inputs,
            outputs: Arc::clone(answered.outputs),
            rows: answered.rows,
            start: answered.start,
            at: answered.at,
        };
        let mut waiting = lock(&self.waiting);
        if waiting.records.len() < MAX_WAITING && waiting.bytes + bytes <= MAX_WAITING_BYTES {
            waiting.bytes += bytes;
            waiting.records.push(record);
        } else {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Writes down what waits. Afterwards everything that was answered before is there, or counted as dropped.
    pub(crate) fn write(&self, database: &Database, endpoint: &Name) {
        let _writing = lock(&self.writing);
        let Waiting { records, .. } = std::mem::take(&mut *lock(&self.waiting));
        if records.is_empty() {
            return;
        }
        let written =
            database.record(|act| records.iter().try_for_each(|record| record.write(act, endpoint)));
        if let Err(error) = written {
            self.dropped.fetch_add(records.len() as u64, Relaxed);
            tracing::warn!(%endpoint, "ids and samples cannot be written, they are dropped: {error}");
        }
    }

    /// Spreads the share evenly: multiples of the golden ratio never come close to each other.
    fn is_turn(&self, sampling: Sampling) -> bool {
        let turn = self.turn.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(turn) * 1_000_000) >> 64) < u128::from(sampling.share.per_million())
    }
}

impl Record {
    fn write(&self, act: &Act<'_>, endpoint: &Name) -> Result<()> {
        let version = self.model.version.to_string();
        let by = By { endpoint, version: &version, role: self.role, at: self.at, start: self.start };
        if let Some(id) = self.id.as_ref().filter(|_| self.is_expected) {
            let rows = predicted(&self.model.signature, &self.outputs, self.rows);
            let one = rows.len() == 1;
            for (row, (label, value)) in rows.into_iter().enumerate() {
                let id = if one { id.clone() } else { format!("{id}#{row}") };
                Label::expect(act, &by, &Predicted { id, label, value })?;
            }
        }
        let Some(inputs) = &self.inputs else { return Ok(()) };
        // What JSON cannot carry, such as half precision, is not sampled.
        let texts = serde_json::to_string(&**inputs).ok().zip(serde_json::to_string(&*self.outputs).ok());
        let Some((inputs, outputs)) = texts else { return Ok(()) };
        Sample::keep(act, &by, &Kept { id: self.id.clone(), inputs, outputs })
    }
}

/// About what a tensor takes.
fn size(tensor: &Tensor) -> usize {
    tensor.shape.iter().product::<usize>() * 8 + 64
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flightdeck_protocol::Share;

    #[test]
    fn the_share_is_kept_to_the_request() {
        let recorder = Recorder::default();
        let turns = |share: f64| {
            let sampling = Sampling { share: Share::new(share).unwrap(), days: 1, max_bytes: 1 << 20 };
            (0..100_000).filter(|_| recorder.is_turn(sampling)).count()
        };
        assert_eq!(turns(1.0), 100_000);
        for share in [0.5, 0.1, 0.01] {
            let found = turns(share) as f64;
            assert!((found - share * 100_000.0).abs() <= 5.0, "{share}: {found}");
        }
    }
}
