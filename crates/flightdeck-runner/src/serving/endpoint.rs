//! A named address: who answers and watches there now, those that are leaving, and what it should be.

use crate::counting::{Counting, Subject, Totals};
use crate::serving::Lineup;
use crate::state::StoredEndpoint;
use crate::telemetry::Recorder;
use arc_swap::ArcSwapOption;
use flightdeck_core::{Digest, Name, Timestamp, VersionRole};
use flightdeck_protocol::{ErrorBody, Phase};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An endpoint.
pub(crate) struct Endpoint {
    pub(crate) name: Name,
    lineup: ArcSwapOption<Lineup>,
    condition: Mutex<Condition>,
    ledger: Mutex<Ledger>,
    pub(crate) recorder: Recorder,
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
    /// Counts of versions that requests may still be using.
    leaving: Vec<Arc<Counting>>,
    /// What versions that are gone had counted.
    past: Vec<(Digest, VersionRole, Totals)>,
}

impl Endpoint {
    pub(crate) fn new(condition: Condition) -> Self {
        let recorder = Recorder::default();
        recorder.set(&condition.stored.desired.telemetry);
        Self {
            name: condition.stored.name.clone(),
            lineup: ArcSwapOption::empty(),
            condition: Mutex::new(condition),
            ledger: Mutex::default(),
            recorder,
            last_window: AtomicI64::new(i64::MIN),
        }
    }

    /// Who answers and watches now.
    pub(crate) fn lineup(&self) -> Option<Arc<Lineup>> {
        self.lineup.load_full()
    }

    /// Lets others, or nobody, answer and watch from now on, all of them in one step.
    pub(crate) fn serve(&self, next: Option<Arc<Lineup>>) {
        // Under the ledger's lock, so that whoever lists versions sees each of them once.
        let mut ledger = lock(&self.ledger);
        let stay: Vec<Arc<Counting>> = next.iter().flat_map(|next| countings(next)).collect();
        let old = self.lineup.swap(next);
        ledger.leaving.extend(old.iter().flat_map(|old| countings(old)));
        ledger.leaving.retain(|counting| !stay.iter().any(|stays| Arc::ptr_eq(stays, counting)));
    }

    /// The counts of a version in a role. One key has one place to count: a version that comes back while its last
    /// windows are open goes on with them.
    pub(crate) fn counting(&self, subject: &Subject<'_>) -> Arc<Counting> {
        let ledger = lock(&self.ledger);
        let current = self.lineup();
        let current = current.iter().flat_map(|lineup| countings(lineup));
        let mut known = ledger.leaving.iter().cloned().chain(current);
        known.find(|counting| counting.is_of(subject)).unwrap_or_else(|| Arc::new(Counting::new(subject)))
    }

    pub(crate) fn condition(&self) -> Condition {
        lock(&self.condition).clone()
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        self.recorder.set(&condition.stored.desired.telemetry);
        *lock(&self.condition) = condition;
    }

    /// All counts that may still grow: of those that are leaving, with whether they are no longer in use, and of the
    /// versions that are there.
    pub(crate) fn countings(&self) -> Vec<(Arc<Counting>, bool)> {
        self.countings_of(&lock(&self.ledger))
    }

    fn countings_of(&self, ledger: &Ledger) -> Vec<(Arc<Counting>, bool)> {
        let leaving = ledger.leaving.iter().map(|counting| {
            let out_of_use = Arc::strong_count(counting) == 1;
            (Arc::clone(counting), out_of_use)
        });
        let mut all: Vec<_> = leaving.collect();
        let current = self.lineup();
        all.extend(current.iter().flat_map(|lineup| countings(lineup)).map(|counting| (counting, false)));
        all
    }

    /// Forgets counts that are out of use and complete. Whoever asks has one handle on them.
    pub(crate) fn part_with(&self, counting: &Arc<Counting>) {
        let mut ledger = lock(&self.ledger);
        let place = ledger.leaving.iter().position(|other| Arc::ptr_eq(other, counting));
        // Somebody may have taken them up again meanwhile.
        if let Some(place) = place.filter(|_| Arc::strong_count(counting) <= 2) {
            ledger.leaving.swap_remove(place);
            add(&mut ledger.past, (counting.version(), counting.role(), counting.totals()));
        }
    }

    /// What each version counted in each role since the start.
    pub(crate) fn totals(&self) -> Vec<(Digest, VersionRole, Totals)> {
        self.summed(Counting::totals)
    }

    /// The same as of a second ago, without touching what requests use.
    pub(crate) fn told(&self) -> Vec<(Digest, VersionRole, Totals)> {
        self.summed(|counting| Totals::clone(&counting.told()))
    }

    fn summed(&self, totals: impl Fn(&Counting) -> Totals) -> Vec<(Digest, VersionRole, Totals)> {
        // Both under one lock: what moves from one to the other meanwhile is in exactly one of them.
        let (mut all, current) = {
            let ledger = lock(&self.ledger);
            (ledger.past.clone(), self.countings_of(&ledger))
        };
        for (counting, _) in &current {
            add(&mut all, (counting.version(), counting.role(), totals(counting)));
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
        lock(&self.ledger).leaving.is_empty() && self.lineup.load().is_none()
    }
}

/// One entry for each version and role, however often it came and went.
fn add(all: &mut Vec<(Digest, VersionRole, Totals)>, (version, role, totals): (Digest, VersionRole, Totals)) {
    match all.iter_mut().find(|(v, r, _)| *v == version && *r == role) {
        Some((_, _, sum)) => sum.add(&totals),
        None => all.push((version, role, totals)),
    }
}

fn countings(lineup: &Lineup) -> Vec<Arc<Counting>> {
    lineup.served().map(|served| Arc::clone(&served.counting)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
