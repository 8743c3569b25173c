//! The body of every answer that is not a success.

use serde::{Deserialize, Serialize};

/// An error as it travels. Clients of the Open Inference Protocol read `error` alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong, in one sentence.
    pub error: String,
    /// A stable kebab-case name.
    #[serde(default)]
    pub code: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
