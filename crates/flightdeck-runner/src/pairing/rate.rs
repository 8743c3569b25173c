//! How often the pairing code may be tried at all, right or wrong.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries that may come at once.
const BURST: u32 = 10;
const EVERY: Duration = Duration::from_secs(1);

/// A bucket of tries that fills again.
#[derive(Debug)]
pub(crate) struct Rate(Mutex<(u32, Instant)>);

impl Rate {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((BURST, Instant::now())))
    }

    /// Whether one more try is allowed.
    pub(crate) fn allows(&self) -> bool {
        self.allows_at(Instant::now())
    }

    fn allows_at(&self, now: Instant) -> bool {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = &mut *bucket;
        let fresh = now.saturating_duration_since(*since).as_secs().min(BURST.into()) as u32;
        if fresh > 0 {
            *left = (*left + fresh).min(BURST);
            *since = if *left == BURST { now } else { *since + EVERY * fresh };
        }
        if *left == 0 {
            return false;
        }
        *left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k6_ten_at_once_and_then_one_a_second() {
        let (rate, start) = (Rate::new(), Instant::now());
        let allowed = |at: Duration| (0..100).filter(|_| rate.allows_at(start + at)).count();
        assert_eq!(allowed(Duration::ZERO), 10);
        assert_eq!(allowed(Duration::from_millis(900)), 0);
        assert_eq!(allowed(Duration::from_millis(2100)), 2);
        assert_eq!(allowed(Duration::from_hours(1)), 10);
    }
}
