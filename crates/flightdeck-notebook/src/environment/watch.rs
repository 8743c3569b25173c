//! How long work is followed and stopped.

use flightdeck_core::{Cancel, Progress};

/// Who follows a piece of long work, and how it is stopped.
pub struct Watch<'a> {
    /// Hears how far it is.
    pub progress: &'a mut (dyn FnMut(Progress) + Send),
    /// Hears each line that an installer prints.
    pub line: &'a mut (dyn FnMut(&str) + Send),
    /// Asks it to stop.
    pub cancel: &'a Cancel,
}
