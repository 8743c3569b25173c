//! What identifies a window of counts. The counts themselves live in `flightdeck-drift`.

use crate::{Digest, Name, Timestamp, VersionRole};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a window counts: windows with equal keys are added.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WindowKey {
    /// The endpoint on its runner.
    pub endpoint: Name,
    /// The version that saw the rows.
    pub version: Digest,
    /// What the version was to them.
    pub role: VersionRole,
    /// The frozen edges that the counts stand on.
    pub edge_set: Digest,
    /// `column=value` when only rows of one slice are counted.
    pub slice: Option<String>,
    /// How long the window is.
    pub resolution: Resolution,
    /// When it starts: the row times it holds are in `[start, start + resolution)`.
    pub start: Timestamp,
}

/// Who closed a window and which one it was: the primary key wherever windows are stored, so that receiving one twice
/// changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The runner that counted, a random 128-bit id in hexadecimal.
    pub producer: String,
    /// Counts the starts of that runner on this state; a reinstalled runner gets a new producer id.
    pub boot_epoch: u32,
    /// Counts the windows closed since that start.
    #[ts(type = "number")]
    pub sequence: u64,
}

/// The length of a window in seconds, 1 second to 1 day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct Resolution(pub u32);

impl Resolution {
    /// What counting windows last unless an endpoint says otherwise.
    pub const MINUTE: Self = Self(60);
    /// What minutes are rolled up to first.
    pub const HOUR: Self = Self(3_600);
    /// What hours are rolled up to.
    pub const DAY: Self = Self(86_400);

    /// Its length in seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}
