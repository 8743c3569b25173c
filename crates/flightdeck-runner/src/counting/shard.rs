//! Counters of one thread each: a lock that nobody else wants, most of the time.

use flightdeck_core::Timestamp;
use flightdeck_drift::{Baseline, Counter, WindowCounts};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Windows that a shard keeps counters for.
pub(super) const MAX_SLOTS: usize = 32;
/// Windows that it keeps counters for while the open windows are being written.
pub(super) const MOST_SLOTS: usize = 256;
/// How often an untouched counter is passed over before it is given up: making one costs more than keeping it.
const RESTS: u8 = 20;

/// All shards of one version.
pub(super) struct Shards(Box<[Mutex<Shard>]>);

/// The counters of one thread.
pub(super) struct Shard {
    baseline: Arc<Baseline>,
    slots: Vec<Slot>,
    newest: Option<Timestamp>,
}

struct Slot {
    start: Timestamp,
    counter: Counter,
    /// Rows of requests that are counted in another window.
    further_rows: u64,
    touched: bool,
    rests: u8,
}

/// Counts that a shard let go.
pub(super) struct Piece {
    pub(super) start: Timestamp,
    pub(super) counts: WindowCounts,
}

static NEXT: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    /// Threads are numbered as they come, so that workers get shards of their own.
    static NUMBER: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
}

impl Shards {
    pub(super) fn new(baseline: &Baseline) -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let baseline = Arc::new(baseline.clone());
        let shard = || Shard { baseline: Arc::clone(&baseline), slots: Vec::new(), newest: None };
        Self((0..count).map(|_| Mutex::new(shard())).collect())
    }

    /// Works on the shard of this thread.
    pub(super) fn mine<T>(&self, work: impl FnOnce(&mut Shard) -> T) -> T {
        let number = NUMBER.with(Cell::get);
        work(&mut lock(&self.0[number % self.0.len()]))
    }

    /// Takes everything counted, and the newest row time.
    pub(super) fn take(&self) -> (Vec<Piece>, Option<Timestamp>) {
        let (mut pieces, mut newest) = (Vec::new(), None);
        for shard in &self.0 {
            let mut shard = lock(shard);
            shard.slots.retain_mut(|slot| {
                slot.rests = if slot.touched { 0 } else { slot.rests + 1 };
                slot.rests < RESTS
            });
            pieces.extend(shard.slots.iter_mut().filter(|slot| slot.touched).map(Slot::take));
            newest = newest.max(shard.newest);
        }
        (pieces, newest)
    }
}

impl Shard {
    /// The counter of the window that starts then.
    pub(super) fn counter(&mut self, start: Timestamp) -> &mut Counter {
        let slot = self.slot(start);
        slot.touched = true;
        &mut slot.counter
    }

    pub(super) fn further_rows(&mut self, start: Timestamp, rows: u64) {
        let slot = self.slot(start);
        slot.touched = true;
        slot.further_rows += rows;
    }

    pub(super) fn note_time(&mut self, at: Timestamp) {
        self.newest = self.newest.max(Some(at));
    }

    /// How many windows it keeps counters for.
    pub(super) const fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Lets all counters go.
    pub(super) fn evict(&mut self) -> Vec<Piece> {
        self.slots.drain(..).filter(|slot| slot.touched).map(|mut slot| slot.take()).collect()
    }

    fn slot(&mut self, start: Timestamp) -> &mut Slot {
        let found = self.slots.iter().rposition(|slot| slot.start == start);
        let place = found.unwrap_or(self.slots.len());
        if found.is_none() {
            let counter = Counter::new(&self.baseline);
            self.slots.push(Slot { start, counter, further_rows: 0, touched: false, rests: 0 });
        }
        &mut self.slots[place]
    }
}

impl Slot {
    fn take(&mut self) -> Piece {
        let mut counts = self.counter.take();
        counts.rows += std::mem::take(&mut self.further_rows);
        self.touched = false;
        Piece { start: self.start, counts }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
