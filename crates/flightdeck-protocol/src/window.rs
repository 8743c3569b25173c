//! Windows of counts on their way from a runner to a history.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flightdeck_core::{Name, Origin, Timestamp, WindowKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Encoded counts; base64 in JSON. `flightdeck-drift` reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(pub Vec<u8>);

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| de::Error::custom("expected base64"))
    }
}

/// `GET /windows?after=CURSOR&limit=N`: what was closed after the cursor, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowBatch {
    /// Closed windows.
    pub windows: Vec<WindowRecord>,
    /// Times that were lost.
    pub gaps: Vec<Gap>,
    /// Where to go on; acknowledging it lets the runner forget everything up to here.
    pub cursor: u64,
    /// Whether there is more.
    pub more: bool,
}

/// A closed window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRecord {
    /// Who closed it and which one it was.
    pub origin: Origin,
    /// What it counts.
    pub key: WindowKey,
    /// The counts.
    pub counts: Counts,
    /// When it was closed.
    pub closed_at: Timestamp,
}

/// Rows of this time may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Who noticed it; received twice it is one gap.
    pub origin: Origin,
    /// Where rows may be missing.
    pub endpoint: Name,
    /// From when, by the runner's clock.
    pub from: Timestamp,
    /// Until when, by the runner's clock.
    pub to: Timestamp,
    /// Why.
    pub reason: GapReason,
    /// How many rows are missing; `None` when nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// Why rows may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The runner was killed; counts since its last checkpoint are lost.
    Killed,
    /// Closed windows could not be stored.
    Storage,
    /// Nobody acknowledged windows until they had more than their share of the disk: the oldest were dropped.
    Budget,
    /// A window was set aside because it is damaged, or because whoever pulled it refused it again and again.
    Quarantined,
    /// The runner's state was damaged, and what could be read of it was taken over.
    Damaged,
    /// A reason that this program does not know yet.
    #[serde(other)]
    Other,
}

/// `POST /windows/refuse`: whoever pulled this record cannot use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The record.
    pub origin: Origin,
    /// Why, as a kebab-case word.
    pub code: String,
}

/// What becomes of a record that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// How often it was refused.
    pub times: u64,
    /// Whether it is out of the way now: a gap has taken its place.
    pub quarantined: bool,
}

/// `POST /windows/ack`: everything up to the cursor is safe elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// From a [`WindowBatch`].
    pub cursor: u64,
}

/// What an acknowledgement let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acked {
    /// Windows and gaps that the runner forgot.
    pub removed: u64,
}

/// `POST /flush`: open windows were closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flushed {
    /// How many.
    pub windows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_not_known_yet_is_still_a_gap() {
        assert_eq!(serde_json::from_str::<GapReason>("\"flood\"").unwrap(), GapReason::Other);
        assert_eq!(serde_json::from_str::<GapReason>("\"budget\"").unwrap(), GapReason::Budget);
    }

    #[test]
    fn counts_travel_as_base64() {
        let json = serde_json::to_string(&Counts(vec![0, 255, 16])).unwrap();
        assert_eq!(json, "\"AP8Q\"");
        assert_eq!(serde_json::from_str::<Counts>(&json).unwrap(), Counts(vec![0, 255, 16]));
        assert!(serde_json::from_str::<Counts>("\"?\"").is_err());
    }
}
