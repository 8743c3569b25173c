//! An alert as a value: what it is about, since when, and the counts that it can be told from.

use crate::counts::ColumnCounts;
use crate::severity::Severity;
use flightdeck_core::Timestamp;
use serde::{Deserialize, Serialize};

/// A feature that drifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The feature.
    pub feature: String,
    /// The start of the step that evidence has been rising since.
    pub since: Timestamp,
    /// The start of the step that raised it.
    pub opened_at: Timestamp,
    /// The start of the step after which traffic was as in the baseline again.
    pub closed_at: Option<Timestamp>,
    /// The largest severity so far.
    pub severity: Severity,
    /// Whether it was raised again because it had become more severe.
    pub escalated: bool,
    /// What was counted from `since` until it was raised.
    pub counts: ColumnCounts,
}

impl Alert {
    pub(crate) fn new(
        feature: &str,
        at: (Timestamp, Timestamp),
        severity: Severity,
        counts: ColumnCounts,
    ) -> Self {
        let (since, opened_at) = at;
        let feature = feature.to_owned();
        Self { feature, since, opened_at, closed_at: None, severity, escalated: false, counts }
    }

    /// Rows that it was raised from.
    pub fn rows(&self) -> u64 {
        self.counts.rows()
    }
}
