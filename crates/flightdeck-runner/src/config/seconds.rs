//! A length of time as people write it in a file.

use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// Seconds, whole or with a fraction, at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Seconds(f64);

const MOST: f64 = 86_400.0;

impl Seconds {
    pub(super) const fn new(seconds: u32) -> Self {
        Self(seconds as f64)
    }

    #[cfg(test)]
    pub(crate) const fn fraction(seconds: f64) -> Self {
        Self(seconds)
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if (0.0..=MOST).contains(&seconds) {
            return Ok(Self(seconds));
        }
        Err(serde::de::Error::custom(format!("{seconds} is not between 0 and {MOST} seconds")))
    }
}
