//! The world that the use cases are given: a clock, and somewhere to tell what happens.

use crate::views::Event;
use flightdeck_core::{Clock, Timestamp};

/// What a shell (window, command line, test) provides.
pub trait Host: Clock + 'static {
    /// Something happened that a person may want to see. Called from any thread; must not block.
    fn emit(&self, event: Event);
}

/// A host for a command line: the system's clock, and nobody to tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Clock for Quiet {
    fn now(&self) -> Timestamp {
        system_now()
    }
}

impl Host for Quiet {
    fn emit(&self, _event: Event) {}
}

/// The system's clock.
#[expect(clippy::disallowed_methods, reason = "this is where the clock comes in")]
pub fn system_now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_ms(since.map_or(0, |since| since.as_millis() as i64))
}
