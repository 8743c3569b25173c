//! Words for what was found: how a feature stands, and how large a move is.
//!
//! Evidence decides whether something drifted, severity how loudly it is said; neither follows from the other.

use crate::baseline::ColumnBaseline;
use crate::counts::ColumnCounts;
use crate::distances::{FEWEST_VALUES, compared};
use crate::measures::psi;
use serde::{Deserialize, Serialize};

/// How a feature of an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// An alert is open.
    Alert,
    /// Unusual in this window; on the chart only.
    Watch,
    /// Nothing.
    None,
    /// Too few rows to say anything.
    NotEnoughData,
}

/// How large a move is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No move beyond sampling noise.
    #[default]
    None,
    /// Adjusted PSI below 0.1.
    Small,
    /// Adjusted PSI from 0.1 to 0.25.
    Moderate,
    /// Adjusted PSI above 0.25.
    Large,
}

impl Severity {
    /// The band of an adjusted PSI.
    pub fn of(psi_adjusted: f64) -> Self {
        match psi_adjusted {
            psi if psi > 0.25 => Self::Large,
            psi if psi >= 0.1 => Self::Moderate,
            psi if psi > 0.0 => Self::Small,
            _ => Self::None,
        }
    }
}

/// How large the move of a column is: that of its values or that between values, missing ones and wrong types, whichever
/// is larger. Nothing is large in fewer than 30 rows.
pub(crate) fn severity_of(column: &ColumnBaseline, counts: &ColumnCounts) -> Severity {
    let band = |rows: u64, a: &[u64], b: &[u64]| {
        let adjusted = psi(a, b).filter(|_| rows >= FEWEST_VALUES).map(|(_, adjusted)| adjusted);
        adjusted.map_or(Severity::None, Severity::of)
    };
    let (a, b) = compared(column, counts);
    let of_values = band(counts.values(), &a, &b);
    let before = [column.counted_values(), column.missing(), 0];
    of_values.max(band(counts.rows(), &before, &[counts.values(), counts.missing(), counts.type_errors]))
}
