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
    /// Requests answered or failed. What shadows saw is in their own line of `versions` only.
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
    /// Rows it answered; of a shadow, rows it computed.
    pub rows: u64,
    /// Rows that a shadow did not look at, because too much was waiting for it. Its windows have their requests as errors.
    #[serde(default)]
    pub dropped: u64,
    /// Rows that a shadow failed at. Its windows have their requests as errors.
    #[serde(default)]
    pub failed: u64,
    /// How a shadow agrees with the champion; `None` for versions that answer, and while there is nothing to compare.
    #[serde(default)]
    pub agreement: Option<Agreement>,
}

/// How often a shadow and the champion agreed, since the runner's start or since this champion answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The champion that it is compared with.
    pub champion: Digest,
    /// Rows that both answered.
    pub rows: u64,
    /// Rows with the same label (a model without labels predicts the class of its highest score). For models that predict
    /// numbers: rows whose numbers differ by 1e-6 plus a hundred-thousandth of the champion's at most, because batching
    /// alone changes last bits.
    pub equal: u64,
    /// The mean absolute difference of the predicted numbers, or of the scores when the classes are the same; `None`
    /// where there are no numbers to compare.
    pub mean_abs: Option<f64>,
}

/// A window that is not closed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWindow {
    /// What it counts.
    pub key: WindowKey,
    /// The counts so far.
    pub counts: Counts,
}
