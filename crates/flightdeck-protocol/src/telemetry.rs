//! What an endpoint keeps of its traffic beyond counts, and labels that come later.

use flightdeck_core::{Digest, Name, Timestamp, VersionRole};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// What an endpoint keeps beyond counts. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Rows as they were sent, with what was answered, for those who may read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sampling>,
    /// Ids of requests with their predictions, so that labels can be joined to them later.
    #[serde(skip_serializing_if = "is_off")]
    pub ids: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_off(ids: &bool) -> bool {
    !*ids
}

/// How much is kept of the rows, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// The share of the requests that is kept: above 0, at most 1.
    pub share: Share,
    /// Kept for so many days at most.
    pub days: u32,
    /// Kept up to so many bytes at most; the oldest make room.
    pub max_bytes: u64,
}

/// A share in parts of a million; a number between 0 and 1 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

const MILLION: u32 = 1_000_000;

impl Share {
    /// A share between 0 and 1; `None` for anything else.
    pub fn new(share: f64) -> Option<Self> {
        let parts = (share * f64::from(MILLION)).round();
        (0.0..=1.0).contains(&share).then_some(Self(parts as u32))
    }

    /// In parts of a million.
    pub const fn per_million(self) -> u32 {
        self.0
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / f64::from(MILLION))
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        Self::new(share).ok_or_else(|| de::Error::custom("a share is a number between 0 and 1"))
    }
}

/// Sampling that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SamplingError {
    /// Nothing would be kept.
    #[error("the share of requests to keep must be above 0 and at most 1, and at least a millionth")]
    Share,
    /// Not a time.
    #[error("samples are kept for 1 to 365 days, not {0}")]
    Days(u32),
    /// Not a size.
    #[error("samples may have 64 KiB to 1 TiB, not {0} bytes")]
    Bytes(u64),
}

impl Telemetry {
    /// Whether nothing is kept beyond counts.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this can be done.
    pub fn check(&self) -> Result<(), SamplingError> {
        let Some(Sampling { share, days, max_bytes }) = self.sample else { return Ok(()) };
        if share.per_million() == 0 {
            return Err(SamplingError::Share);
        }
        if !(1..=365).contains(&days) {
            return Err(SamplingError::Days(days));
        }
        if !(1 << 16..=1 << 40).contains(&max_bytes) {
            return Err(SamplingError::Bytes(max_bytes));
        }
        Ok(())
    }
}

/// What became true of a request: a line of `POST /endpoints/{name}/labels`. The id of a row in a request with several rows
/// is `ID#ROW`, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelLine {
    /// The request's id.
    pub id: String,
    /// The class, or the number as text.
    pub label: String,
    /// When it became known; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What became of labels that were sent; all of them together are the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelsTaken {
    /// New ones whose prediction is known: they are in the outcomes.
    pub joined: u64,
    /// New ones whose prediction is not known here. They are kept for whoever pulls them.
    pub unknown: u64,
    /// Of the joined ones: a day or more after the prediction.
    pub late: u64,
    /// Said before, and the same.
    pub duplicate: u64,
    /// Said before, and different: what was said first stays.
    pub conflicting: u64,
}

/// `GET /labels?after=CURSOR&limit=N`: labels after the cursor, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelBatch {
    /// The labels.
    pub labels: Vec<LabelRecord>,
    /// Where to go on; acknowledging it lets the runner forget everything up to here.
    pub cursor: u64,
    /// Whether there is more.
    pub more: bool,
    /// How many labels found no room, since the runner's state began.
    pub dropped: u64,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRecord {
    /// The endpoint.
    pub endpoint: Name,
    /// The request's id.
    pub id: String,
    /// The label.
    pub label: String,
    /// When it became known.
    pub at: Timestamp,
    /// When the runner was told.
    pub received_at: Timestamp,
}

/// `GET /endpoints/{name}/outcomes`: predictions and what became true, as counts by the window of the prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Counts, oldest window first.
    pub outcomes: Vec<Outcome>,
}

/// How often one label met one prediction in one window. Of numbers only the errors are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Who predicted.
    pub version: Digest,
    /// In which role.
    pub role: VersionRole,
    /// The start of the window of the prediction.
    pub start: Timestamp,
    /// What became true; `None` for numbers.
    pub label: Option<String>,
    /// What was predicted; `None` for numbers.
    pub predicted: Option<String>,
    /// How often.
    pub rows: u64,
    /// For numbers: the sum of prediction minus truth, of its absolute value and of its square.
    pub errors: Option<Errors>,
}

/// Sums of errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Of prediction minus truth.
    pub sum: f64,
    /// Of its absolute value.
    pub sum_abs: f64,
    /// Of its square.
    pub sum_squares: f64,
}

/// A request that was kept: a line of `GET /endpoints/{name}/samples`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleLine {
    /// Where to go on.
    pub cursor: u64,
    /// When it was answered.
    pub at: Timestamp,
    /// Who answered.
    pub version: Digest,
    /// In which role.
    pub role: VersionRole,
    /// The request's id, where it had one.
    pub id: Option<String>,
    /// Inputs as tensors of the Open Inference Protocol.
    pub inputs: serde_json::Value,
    /// Outputs likewise.
    pub outputs: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_numbers_and_sampling_is_bounded() {
        let telemetry: Telemetry = serde_json::from_str(
            r#"{"sample": {"share": 0.01, "days": 7, "max_bytes": 1000000}, "ids": true}"#,
        )
        .unwrap();
        assert_eq!(telemetry.sample.unwrap().share.per_million(), 10_000);
        assert_eq!(telemetry.check(), Ok(()));
        assert_eq!(serde_json::to_string(&telemetry).unwrap().matches("\"share\":0.01").count(), 1);
        assert_eq!(serde_json::to_string(&Telemetry::default()).unwrap(), "{}");
        for wrong in ["1.5", "-0.1", "null"] {
            assert!(serde_json::from_str::<Share>(wrong).is_err(), "{wrong}");
        }
        let with = |sample| Telemetry { sample: Some(sample), ids: false }.check();
        let sampling = telemetry.sample.unwrap();
        assert_eq!(with(Sampling { share: Share(0), ..sampling }), Err(SamplingError::Share));
        assert_eq!(with(Sampling { days: 0, ..sampling }), Err(SamplingError::Days(0)));
        assert_eq!(with(Sampling { max_bytes: 5, ..sampling }), Err(SamplingError::Bytes(5)));
    }
}
