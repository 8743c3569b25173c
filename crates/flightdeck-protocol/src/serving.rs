//! How an endpoint runs its models.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use thiserror::Error;

/// Settings of an endpoint that hold for all of its versions. Those that are not given have their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serving {
    /// Whether requests may share a run. Together with others, a row's answer may differ in its last bits.
    #[serde(skip_serializing_if = "is_true")]
    pub batch: bool,
    /// Rows of one run at most: 1 to 65,536. The runner chooses by the model's speed where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u32>,
    /// Where the models run.
    #[serde(skip_serializing_if = "Isolation::is_in_process")]
    pub isolation: Isolation,
    /// Memory that a version may have when it is tried and, in a process of its own, while it serves: address space in
    /// bytes, from 256 MiB on. 8 GiB where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// How long one run may take, in seconds: 1 to 3600. 30 where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_seconds: Option<u32>,
}

/// Where a model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In the server: fast, and a model that crashes takes the server with it.
    #[default]
    InProcess,
    /// In a process of its own, with limits: a model that crashes, hangs or wants too much memory fails alone and is started
    /// again.
    Process,
}

impl Isolation {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    const fn is_in_process(&self) -> bool {
        matches!(self, Self::InProcess)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

const MAX_ROWS: RangeInclusive<u64> = 1..=65_536;
const MEMORY_BYTES: RangeInclusive<u64> = 256 << 20..=1 << 44;
const RUN_SECONDS: RangeInclusive<u64> = 1..=3600;

/// A setting that is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is {given}: it must be {} to {}", .allowed.start(), .allowed.end())]
pub struct ServingError {
    /// Which.
    pub name: &'static str,
    /// What was asked for.
    pub given: u64,
    /// What is possible.
    pub allowed: RangeInclusive<u64>,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            batch: true,
            max_rows: None,
            isolation: Isolation::InProcess,
            memory_bytes: None,
            run_seconds: None,
        }
    }
}

impl Serving {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The first setting that is not possible.
    pub fn check(&self) -> Result<(), ServingError> {
        let settings = [
            ("max_rows", self.max_rows.map(u64::from), MAX_ROWS),
            ("memory_bytes", self.memory_bytes, MEMORY_BYTES),
            ("run_seconds", self.run_seconds.map(u64::from), RUN_SECONDS),
        ];
        for (name, given, allowed) in settings {
            if let Some(given) = given.filter(|given| !allowed.contains(given)) {
                return Err(ServingError { name, given, allowed });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EndpointDesired;
    use flightdeck_core::{Digest, TrafficPolicy};
    use serde_json::json;

    #[test]
    fn an_endpoint_of_the_earlier_form_has_the_defaults_and_keeps_its_form() {
        let policy = TrafficPolicy::champion(Digest::from_bytes([7; 32]));
        let earlier = json!({"policy": policy, "window_seconds": 60, "replay": false});
        let read: EndpointDesired = serde_json::from_value(earlier.clone()).unwrap();
        assert_eq!(read.serving, Serving::default());
        assert_eq!(serde_json::to_value(&read).unwrap(), earlier);
    }

    #[test]
    fn only_what_is_set_is_written() {
        let serving: Serving =
            serde_json::from_value(json!({"batch": false, "isolation": "process", "run_seconds": 2}))
                .unwrap();
        assert_eq!((serving.batch, serving.isolation), (false, Isolation::Process));
        let written = serde_json::to_value(serving).unwrap();
        assert_eq!(written, json!({"batch": false, "isolation": "process", "run_seconds": 2}));
        assert_eq!(serde_json::to_value(Serving::default()).unwrap(), json!({}));
        assert!(serde_json::from_value::<Serving>(json!({"bach": false})).is_err());
    }

    #[test]
    fn impossible_settings_are_named() {
        let few = Serving { max_rows: Some(0), ..Serving::default() };
        assert_eq!(few.check().unwrap_err().to_string(), "max_rows is 0: it must be 1 to 65536");
        let small = Serving { memory_bytes: Some(1), ..Serving::default() };
        assert_eq!(small.check().unwrap_err().name, "memory_bytes");
        let long = Serving { run_seconds: Some(3601), ..Serving::default() };
        assert_eq!(long.check().unwrap_err().name, "run_seconds");
        let good = Serving { max_rows: Some(64), memory_bytes: Some(1 << 30), ..Serving::default() };
        assert_eq!(good.check(), Ok(()));
    }
}
