//! A named address: the version that answers there now, those that are leaving, and what it should be.

use crate::counting::{Counting, Totals};
use crate::serving::Lane;
use crate::state::StoredEndpoint;
use arc_swap::ArcSwapOption;
use flightdeck_core::{Digest, Name, Signature, Timestamp, VersionRole};
use flightdeck_drift::Baseline;
use flightdeck_protocol::{ErrorBody, Phase};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A version that answers, with everything a request needs. Never changes: a change is another one of these.
pub(crate) struct Served {
    pub(crate) version: Digest,
    /// The digest's digits, as answers carry them.
    pub(crate) version_text: String,
    pub(crate) signature: Arc<Signature>,
    pub(crate) baseline: Arc<Baseline>,
    pub(crate) lane: Arc<Lane>,
    pub(crate) counting: Counting,
    pub(crate) loaded_at: Timestamp,
    pub(crate) load_ms: f64,
}

/// An endpoint.
pub(crate) struct Endpoint {
    pub(crate) name: Name,
    served: ArcSwapOption<Served>,
    condition: Mutex<Condition>,
    ledger: Mutex<Ledger>,
    last_window: AtomicI64,
}

/// What an endpoint should be and how it fares.
#[derive(Clone)]
pub(crate) struct Condition {
    pub(crate) stored: StoredEndpoint,
    pub(crate) phase: Phase,
    pub(crate) error: Option<ErrorBody>,
}

#[derive(Default)]
struct Ledger {
    /// Versions that requests may still be using.
    leaving: Vec<Arc<Served>>,
    /// What versions that are gone had counted.
    past: Vec<(Digest, VersionRole, Totals)>,
}

impl Endpoint {
    pub(crate) fn new(condition: Condition) -> Self {
        Self {
            name: condition.stored.name.clone(),
            served: ArcSwapOption::empty(),
            condition: Mutex::new(condition),
            ledger: Mutex::default(),
            last_window: AtomicI64::new(i64::MIN),
        }
    }

    /// The version that answers now.
    pub(crate) fn served(&self) -> Option<Arc<Served>> {
        self.served.load_full()
    }

    /// Lets another version, or none, answer from now on.
    pub(crate) fn serve(&self, next: Option<Arc<Served>>) {
        // Under the ledger's lock, so that whoever lists versions sees each of them once.
        let mut ledger = lock(&self.ledger);
        if let Some(old) = self.served.swap(next) {
            ledger.leaving.push(old);
        }
    }

    pub(crate) fn condition(&self) -> Condition {
        lock(&self.condition).clone()
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        *lock(&self.condition) = condition;
    }

    /// All versions that may still count: the one that answers, and those that are leaving with whether they are
    /// no longer in use.
    pub(crate) fn counting_versions(&self) -> Vec<(Arc<Served>, bool)> {
        let ledger = lock(&self.ledger);
        let leaving = ledger.leaving.iter().map(|served| {
            let out_of_use = Arc::strong_count(served) == 1;
            (Arc::clone(served), out_of_use)
        });
        let mut all: Vec<_> = leaving.collect();
        all.extend(self.served().map(|served| (served, false)));
        all
    }

    /// Forgets a version that is out of use and counted to the end.
    pub(crate) fn part_with(&self, served: &Arc<Served>) {
        let mut ledger = lock(&self.ledger);
        ledger.leaving.retain(|other| !Arc::ptr_eq(other, served));
        ledger.past.push((served.version, served.counting.role(), served.counting.totals()));
    }

    /// What each version counted since the start.
    pub(crate) fn totals(&self) -> Vec<(Digest, VersionRole, Totals)> {
        let mut all: Vec<(Digest, VersionRole, Totals)> = Vec::new();
        let past = lock(&self.ledger).past.clone();
        let current = self.counting_versions();
        let current = current.iter().map(|(s, _)| (s.version, s.counting.role(), s.counting.totals()));
        for (version, role, totals) in past.into_iter().chain(current) {
            match all.iter_mut().find(|(v, r, _)| *v == version && *r == role) {
                Some((_, _, sum)) => sum.add(&totals),
                None => all.push((version, role, totals)),
            }
        }
        all
    }

    pub(crate) fn closed(&self, start: Timestamp) {
        self.last_window.fetch_max(start.as_ms(), Ordering::Relaxed);
    }

    pub(crate) fn last_window(&self) -> Option<Timestamp> {
        let start = self.last_window.load(Ordering::Relaxed);
        (start != i64::MIN).then(|| Timestamp::from_ms(start))
    }

    /// Whether nothing of it is left to count.
    pub(crate) fn is_gone(&self) -> bool {
        lock(&self.ledger).leaving.is_empty() && self.served.load().is_none()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
