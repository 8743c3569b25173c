//! The counts of a window: what leaves a runner instead of rows.
//!
//! Merging is addition, exact and in any order, and refused between different edges. Their bytes are `codec`, who
//! fills them is `counter`.

use crate::baseline::{Baseline, ColumnBaseline};
use crate::edges::total;
use crate::latency::Latency;
use crate::moments::Moments;
use flightdeck_core::Digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What was counted in a window, or in several added ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowCounts {
    /// The edges that the counts stand on.
    pub edge_set: Digest,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Rows that were answered.
    pub rows: u64,
    /// How long requests took.
    pub latency: Latency,
    /// The columns, in the baseline's order.
    pub columns: Vec<ColumnCounts>,
}

/// What was counted of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnCounts {
    /// Numbers between the edges, out of range in the first and last; or kept values, known rest, new.
    pub counts: Vec<u64>,
    /// Missing values.
    pub nulls: u64,
    /// NaN.
    pub nan: u64,
    /// Positive infinities.
    pub positive_infinite: u64,
    /// Negative infinities.
    pub negative_infinite: u64,
    /// Values of the wrong type.
    pub type_errors: u64,
    /// Smallest finite number.
    pub min: Option<f64>,
    /// Largest finite number.
    pub max: Option<f64>,
    /// Sums of the finite numbers.
    pub moments: Moments,
}

/// Counts on different edges cannot be added.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("counts on edge set {found} cannot be added to counts on edge set {expected}")]
pub struct EdgeSetMismatch {
    /// The edges that were added to.
    pub expected: Digest,
    /// The edges of the counts that were refused; equal when the counts do not have the shape of their edges.
    pub found: Digest,
}

impl WindowCounts {
    /// No counts, on the edges of a baseline.
    pub fn empty(baseline: &Baseline) -> Self {
        Self {
            edge_set: baseline.edge_set,
            requests: 0,
            errors: 0,
            rows: 0,
            latency: Latency::default(),
            columns: baseline.columns.iter().map(ColumnCounts::empty).collect(),
        }
    }

    /// Adds another window's counts. Refused, with nothing added, when they stand on other edges.
    pub fn merge(&mut self, other: &Self) -> Result<(), EdgeSetMismatch> {
        let shape =
            |counts: &Self| counts.columns.iter().map(|column| column.counts.len()).collect::<Vec<_>>();
        if self.edge_set != other.edge_set || shape(self) != shape(other) {
            return Err(EdgeSetMismatch { expected: self.edge_set, found: other.edge_set });
        }
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.rows = self.rows.saturating_add(other.rows);
        self.latency.merge(&other.latency);
        self.columns.iter_mut().zip(&other.columns).for_each(|(mine, theirs)| mine.merge(theirs));
        Ok(())
    }

    /// Whether they stand on this baseline's edges and have their shape.
    pub fn fit(&self, baseline: &Baseline) -> Result<(), EdgeSetMismatch> {
        let shaped = self.columns.len() == baseline.columns.len()
            && self
                .columns
                .iter()
                .zip(&baseline.columns)
                .all(|(counts, column)| counts.counts.len() == column.bins());
        if self.edge_set == baseline.edge_set && shaped {
            Ok(())
        } else {
            Err(EdgeSetMismatch { expected: baseline.edge_set, found: self.edge_set })
        }
    }
}

impl ColumnCounts {
    /// No counts, in the bins of a column.
    pub fn empty(column: &ColumnBaseline) -> Self {
        Self { counts: vec![0; column.bins()], ..Self::default() }
    }

    /// Values that were neither missing, non-finite nor of the wrong type.
    pub fn values(&self) -> u64 {
        total(&self.counts)
    }

    /// Missing values, NaN included.
    pub fn missing(&self) -> u64 {
        self.nulls.saturating_add(self.nan)
    }

    /// All that was counted, whatever it was.
    pub fn rows(&self) -> u64 {
        let others = [self.missing(), self.positive_infinite, self.negative_infinite, self.type_errors];
        self.values().saturating_add(total(&others))
    }

    /// Share of rows without a value, NaN included; `None` without rows.
    pub fn null_rate(&self) -> Option<f64> {
        let rows = self.rows();
        (rows > 0).then(|| self.missing() as f64 / rows as f64)
    }

    /// Adds counts of the same bins.
    pub(crate) fn merge(&mut self, other: &Self) {
        let add = |mine: &mut u64, theirs: u64| *mine = mine.saturating_add(theirs);
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| add(mine, *theirs));
        add(&mut self.nulls, other.nulls);
        add(&mut self.nan, other.nan);
        add(&mut self.positive_infinite, other.positive_infinite);
        add(&mut self.negative_infinite, other.negative_infinite);
        add(&mut self.type_errors, other.type_errors);
        self.min = [self.min, other.min].into_iter().flatten().reduce(f64::min);
        self.max = [self.max, other.max].into_iter().flatten().reduce(f64::max);
        self.moments.merge(&other.moments);
    }
}
