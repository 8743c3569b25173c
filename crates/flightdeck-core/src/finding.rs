//! Something a person should look at.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Info,
    /// Should be looked at before the version serves.
    Warning,
    /// The version cannot be deployed as it is.
    Blocking,
}

/// Something a person should look at, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A stable kebab-case name, from the closed list in `docs/json.md`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl Finding {
    /// A finding from its parts.
    pub fn new(code: &str, severity: Severity, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.into(), severity, message: message.into(), hint: hint.into() }
    }
}
