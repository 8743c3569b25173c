//! What an endpoint should be, and what it is.

use crate::{ErrorBody, Serving, Telemetry};
use flightdeck_core::{Digest, Name, Signature, Timestamp, TrafficPolicy, VersionRole};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// `PUT /endpoints/{name}`: what the endpoint should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointDesired {
    /// Which versions answer or see the traffic. A canary takes the same inputs as the champion. A shadow takes the same
    /// columns or fewer, found by name where its tensors are others.
    ///
    /// To promote a challenger is to send a policy in which it is the champion. What is loaded stays loaded, so that all
    /// roles change in one step; the champion before is kept warm, and sending its policy again goes back at once.
    pub policy: TrafficPolicy,
    /// How long a counting window is: 1 to 3600 seconds, of which an hour is a whole multiple.
    #[serde(default = "minute")]
    pub window_seconds: u32,
    /// Whether rows are counted at their own event time instead of their arrival.
    #[serde(default)]
    pub replay: bool,
    /// How its models run. A change loads them anew, and switches to them when they are warm.
    #[serde(default, skip_serializing_if = "Serving::is_default")]
    pub serving: Serving,
    /// What it keeps of its traffic beyond counts. By default nothing.
    #[serde(default, skip_serializing_if = "Telemetry::is_default")]
    pub telemetry: Telemetry,
}

const fn minute() -> u32 {
    60
}

/// The header with which a client stays with one version while canaries answer a share: requests with equal values are
/// answered by the same version, on every runner, for as long as the policy stays. Larger shares keep who they had.
pub const STICKY_KEY: &str = "flightdeck-key";

/// An hour in seconds.
const HOUR: u32 = 3600;

/// A length that a counting window cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a counting window cannot last {seconds} seconds: an hour must be a whole number of windows. The nearest lengths \
     are {} and {} seconds", .nearest[0], .nearest[1]
)]
pub struct WindowLengthError {
    /// What was asked for.
    pub seconds: u32,
    /// The two nearest lengths that are possible.
    pub nearest: [u32; 2],
}

/// Whether a counting window may last `seconds`. Windows are added up to hours, so none may lie in two of them.
pub fn check_window_seconds(seconds: u32) -> Result<(), WindowLengthError> {
    let lengths: Vec<u32> = (1..=HOUR).filter(|length| HOUR.is_multiple_of(*length)).collect();
    match lengths.binary_search(&seconds) {
        Ok(_) => Ok(()),
        Err(place) => {
            let above = place.clamp(1, lengths.len() - 1);
            Err(WindowLengthError { seconds, nearest: [lengths[above - 1], lengths[above]] })
        }
    }
}

/// `GET /endpoints`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointList {
    /// All endpoints by name.
    pub endpoints: Vec<EndpointState>,
}

/// What an endpoint is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Its name.
    pub name: Name,
    /// What it should be.
    pub desired: EndpointDesired,
    /// Whether it serves.
    pub phase: Phase,
    /// Why it does not serve, when it should and cannot. While it is ready: why a challenger is left out since the
    /// runner's start.
    pub error: Option<ErrorBody>,
    /// The versions that it has now: the champion first, then canaries, then shadows.
    pub versions: Vec<ServedVersion>,
    /// The champion before the last change.
    pub previous: Option<Digest>,
    /// Its own address: `http://host:port/v2/models/NAME`.
    pub url: String,
    /// Where rows by column name are answered.
    pub predict_url: String,
    /// `host:port` of gRPC; `None` where it is not served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<String>,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// What the check before the switch found, for the first version that was not loaded yet; only in the answer to the
    /// change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight: Option<Preflight>,
}

/// Whether an endpoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is loaded and warm-up is under way; nothing is answered yet.
    Loading,
    /// It answers.
    Ready,
    /// It cannot answer; `error` says why.
    Failed,
}

/// A version that an endpoint serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServedVersion {
    /// The version.
    pub version: Digest,
    /// What it is to the traffic.
    pub role: VersionRole,
    /// What it takes and gives.
    pub signature: Signature,
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// How long loading took, in milliseconds.
    pub load_ms: f64,
    /// What a person should know of how it runs: that it is not batched, that its process was restarted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ErrorBody>,
}

/// What a trial in a child process found before a version was let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preflight {
    /// How long loading took, in milliseconds.
    pub load_ms: f64,
    /// The most memory that the trial used, in bytes.
    pub peak_bytes: u64,
    /// Golden rows against the outputs recorded at import; `None` when the package has none.
    pub comparison: Option<Comparison>,
}

/// Outputs of the same rows from two places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Rows compared.
    pub rows: u64,
    /// Rows with a value beyond the tolerance, or another label.
    pub beyond: u64,
    /// The largest absolute difference of numbers; `None` when there were none.
    pub max_abs: Option<f64>,
    /// Whether they agree.
    pub verdict: Verdict,
    /// Where the first difference lies, in one sentence.
    pub first: Option<String>,
}

/// Whether outputs agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the tolerance everywhere.
    Agree,
    /// Beyond it somewhere.
    Differ,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_fill_hours() {
        for seconds in [1, 2, 45, 60, 300, 1800, 3600] {
            assert_eq!(check_window_seconds(seconds), Ok(()), "{seconds}");
        }
        let cases = [
            (0, [1, 2]),
            (7, [6, 8]),
            (61, [60, 72]),
            (3599, [1800, 3600]),
            (3601, [1800, 3600]),
            (7200, [1800, 3600]),
            (u32::MAX, [1800, 3600]),
        ];
        for (seconds, nearest) in cases {
            assert_eq!(check_window_seconds(seconds), Err(WindowLengthError { seconds, nearest }));
        }
        let said = check_window_seconds(7).unwrap_err().to_string();
        assert!(said.contains("7 seconds") && said.ends_with("6 and 8 seconds"), "{said}");
    }
}
