//! What was done on a runner, and by whom.

use flightdeck_core::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /audit?after=SEQ`: rows after a sequence number, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The rows.
    pub rows: Vec<AuditRow>,
    /// Whether there is more.
    pub more: bool,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its place in the log, from 1.
    pub seq: u64,
    /// When, by the runner's clock.
    pub at: Timestamp,
    /// The key id of who did it.
    pub actor: String,
    /// What was done, as a kebab-case word.
    pub action: String,
    /// To what.
    pub object: String,
    /// The circumstances, as JSON.
    #[serde(default)]
    pub detail: serde_json::Value,
}
