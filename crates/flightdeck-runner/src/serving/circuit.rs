//! When a model that broke is tried again: with growing pauses, and after three failures in a row only now and then.

use crate::problem::Problem;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open the circuit.
const FAILURES: u32 = 3;
/// The pause after the first failure. It doubles with each further one.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause of an open circuit; it doubles up to the longest with each trial that fails.
const OPEN: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(1);

const WORKS: u8 = 0;
/// It broke and will be back soon: requests wait for it.
const PAUSES: u8 = 1;
/// It broke too often: requests are refused.
const IS_OPEN: u8 = 2;

/// How a model fares.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    state: AtomicU8,
    /// Whether requests may wait while it is mended; if not, they are tried until the circuit is open.
    pauses: bool,
    /// Failures in a row.
    failures: AtomicU32,
    repairs: AtomicU64,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// The last failure, while the model does not work.
    why: Option<Problem>,
    until: Option<Instant>,
}

impl Circuit {
    /// For a model that is mended by somebody: requests wait for that.
    pub(crate) fn pausing() -> Self {
        Self { pauses: true, ..Self::default() }
    }

    /// Whether it can be asked, or soon.
    pub(crate) fn admits(&self) -> bool {
        if self.state.load(Ordering::Relaxed) != IS_OPEN {
            return true;
        }
        // What nobody mends is tried again when its pause is over.
        let is_over = !self.pauses && self.pause().is_none_or(|pause| pause.is_zero());
        if is_over {
            self.mended();
        }
        is_over
    }

    /// What a request is told that is refused: why, and when to come back.
    pub(crate) fn refusal(&self) -> Problem {
        let trouble = self.lock();
        let wait =
            trouble.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        let why = trouble.why.clone().unwrap_or_else(|| super::engine::broken("it does not answer"));
        why.after(wait)
    }

    /// Why it does not work, while it does not.
    pub(crate) fn trouble(&self) -> Option<Problem> {
        let is_broken = self.state.load(Ordering::Relaxed) != WORKS;
        self.lock().why.clone().filter(|_| is_broken)
    }

    /// How often it was mended.
    pub(crate) fn repairs(&self) -> u64 {
        self.repairs.load(Ordering::Relaxed)
    }

    /// A run came to an end: failures before it were not in a row with the next one.
    pub(crate) fn worked(&self) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// It broke. Returns whether that opened the circuit.
    pub(crate) fn broke(&self, why: Problem) -> bool {
        let mut trouble = self.lock();
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let opens = failures >= FAILURES;
        let (first, doubled) = if opens { (OPEN, failures - FAILURES) } else { (PAUSE, failures - 1) };
        let pause = first.saturating_mul(1 << doubled.min(8)).min(LONGEST);
        tracing::error!(failures, pause_ms = pause.as_millis() as u64, "{}", why.message);
        trouble.until = Some(Instant::now() + scattered(pause));
        trouble.why = Some(why);
        let state = match (opens, self.pauses) {
            (true, _) => IS_OPEN,
            (false, true) => PAUSES,
            (false, false) => WORKS,
        };
        self.state.store(state, Ordering::Relaxed);
        opens
    }

    /// It does not answer at all: nobody waits for it.
    pub(crate) fn open(&self, why: Problem) {
        self.failures.fetch_max(FAILURES - 1, Ordering::Relaxed);
        self.broke(why);
    }

    /// How long until it may be tried again; `None` while it works.
    pub(crate) fn pause(&self) -> Option<Duration> {
        if self.state.load(Ordering::Relaxed) == WORKS {
            return None;
        }
        self.lock().until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// It can be asked again. A failure now opens the circuit again if it was open.
    pub(crate) fn mended(&self) {
        let _trouble = self.lock();
        self.repairs.fetch_add(1, Ordering::Relaxed);
        self.state.store(WORKS, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Three quarters to five quarters of it: models that broke together are not started together.
fn scattered(pause: Duration) -> Duration {
    let share = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
    pause.mul_f64(0.75 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::engine::broken;
    use super::*;

    #[test]
    fn r18_the_third_failure_in_a_row_opens_the_circuit() {
        let circuit = Circuit::pausing();
        assert!(circuit.admits() && circuit.pause().is_none() && circuit.trouble().is_none());
        assert!(!circuit.broke(broken("one")));
        let first = circuit.pause().unwrap();
        assert!(first > Duration::from_millis(50) && first <= Duration::from_millis(125), "{first:?}");
        circuit.mended();
        assert!(!circuit.broke(broken("two")) && circuit.admits());
        assert!(circuit.pause().unwrap() > first);
        circuit.mended();
        assert!(circuit.broke(broken("three")) && !circuit.admits());
        assert_eq!(circuit.trouble().unwrap().message, "the model failed: three");
        assert!(circuit.refusal().retry_after.unwrap() >= 1);
        // Half open: tried again, and one failure is enough.
        circuit.mended();
        assert!(circuit.admits() && circuit.trouble().is_none());
        let pause = circuit.pause();
        assert_eq!(pause, None);
        assert!(circuit.broke(broken("four")) && circuit.pause().unwrap() > Duration::from_millis(2900));
        circuit.mended();
        circuit.worked();
        assert!(!circuit.broke(broken("five")), "a run that worked ends the row");
        assert_eq!(circuit.repairs(), 4);
    }
}
