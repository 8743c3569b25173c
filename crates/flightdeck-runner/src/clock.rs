//! The system's clock, the only place where it is read.

use flightdeck_core::{Clock, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time as the system tells it.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the world's clock comes in")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp::from_ms(since.map_or(0, |since| since.as_millis() as i64))
    }
}
