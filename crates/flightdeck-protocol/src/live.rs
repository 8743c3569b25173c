//! What an endpoint is doing now.

use crate::Counts;
use flightdeck_core::{Digest, Name, Timestamp, VersionRole, WindowKey};
use serde::{Deserialize, Serialize};

/// `GET /endpoints/{name}/live`: figures since the runner's start, open windows included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveFigures {
    /// The endpoint.
    pub endpoint: Name,
    /// Since when these figures count: the start of the runner.
    pub since: Timestamp,
    /// Requests answered or failed.
    pub requests: u64,
    /// Rows counted.
    pub rows: u64,
    /// Requests that failed in the server or were refused as overload.
    pub errors: u64,
    /// How long answers took, in microseconds.
    pub latency_us: LatencyUs,
    /// The versions that saw rows.
    pub versions: Vec<LiveVersion>,
    /// When the newest closed window started.
    pub last_window: Option<Timestamp>,
    /// Windows that are still open, as they stand now.
    pub open: Vec<OpenWindow>,
}

/// Quantiles in microseconds; `None` while there are no answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LatencyUs {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
}

/// What a version had of the traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveVersion {
    /// The version.
    pub version: Digest,
    /// What it was to the traffic.
    pub role: VersionRole,
    /// Its share of the answers that the policy gives it, in percent.
    pub share: f64,
    /// Rows it saw.
    pub rows: u64,
}

/// A window that is not closed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWindow {
    /// What it counts.
    pub key: WindowKey,
    /// The counts so far.
    pub counts: Counts,
}
