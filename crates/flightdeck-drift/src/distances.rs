//! How far the counts of a window lie from a baseline column: the familiar numbers, each with its definition.
//!
//! These are for people to look at. What decides is `monitor`.

use crate::baseline::{ColumnBaseline, Counted, NumericBaseline};
use crate::counts::ColumnCounts;
use crate::edges::{is_atom, merge_bins, total};
use crate::measures::{Homogeneity, homogeneity, homogeneity_merged, ks_binned, measures};
use serde::{Deserialize, Serialize};

/// No distance is told from fewer values.
pub const FEWEST_VALUES: u64 = 30;

/// Distances of a column's counts from its baseline. What is not defined is `None`, never NaN.
///
/// PSI to L∞ and χ² are over canonical(10) for numbers, over kept values, known rest and new for values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distances {
    /// Values that were compared.
    pub values: u64,
    /// Population stability index, zero shares taken as 1e-4.
    pub psi: Option<f64>,
    /// The same with half a row added to every bin.
    pub psi_jeffreys: Option<f64>,
    /// PSI less what sampling noise alone gives.
    pub psi_adjusted: Option<f64>,
    /// Jensen-Shannon distance, 0 to 1.
    pub js_distance_base2: Option<f64>,
    /// Jensen-Shannon distance, 0 to 0.8326.
    pub js_distance_nats: Option<f64>,
    /// Hellinger distance, 0 to 1.
    pub hellinger: Option<f64>,
    /// Total variation distance, 0 to 1.
    pub tvd: Option<f64>,
    /// Largest difference of one bin's share.
    pub l_inf: Option<f64>,
    /// Kolmogorov-Smirnov statistic over the frozen edges: a lower bound of the exact one. Numbers only.
    pub ks: Option<f64>,
    /// The exact statistic is at most `ks + ks_error`.
    pub ks_error: Option<f64>,
    /// Wasserstein-1 distance in the column's unit, values taken as spread evenly inside a bin. Numbers only.
    pub wasserstein: Option<f64>,
    /// χ² of homogeneity; for values, cells expected below 5 merged.
    pub chi2: Option<f64>,
    /// Its degrees of freedom.
    pub dof: Option<u64>,
    /// Its p-value.
    pub p: Option<f64>,
    /// Share of rows without a value.
    pub null_rate: Option<f64>,
    /// Share of numbers outside the baseline's range, infinities included.
    pub out_of_range: Option<f64>,
    /// Share of values that the baseline did not have.
    pub new_values: Option<f64>,
}

/// Distances of counts from a column's baseline.
pub fn distances(baseline: &ColumnBaseline, counts: &ColumnCounts) -> Distances {
    let (a, b) = compared(baseline, counts);
    let all = measures(&a, &b);
    let test = test(baseline, &a, &b);
    let mut told = Distances {
        values: counts.values(),
        psi: all.map(|m| m.psi),
        psi_jeffreys: all.map(|m| m.psi_jeffreys),
        psi_adjusted: all.map(|m| m.psi_adjusted),
        js_distance_base2: all.map(|m| m.js_distance_base2),
        js_distance_nats: all.map(|m| m.js_distance_nats),
        hellinger: all.map(|m| m.hellinger),
        tvd: all.map(|m| m.tvd),
        l_inf: all.map(|m| m.l_inf),
        chi2: test.map(|t| t.stat),
        dof: test.map(|t| t.dof),
        p: test.map(|t| t.p),
        null_rate: counts.null_rate(),
        out_of_range: out_of_range(baseline, counts),
        new_values: new_values(baseline, counts),
        ..Distances::default()
    };
    if let Counted::Numeric(numeric) = &baseline.counted {
        told.ks = ks_binned(&numeric.counts, &counts.counts);
        told.ks_error = told.ks.map(|_| ks_error(numeric));
        told.wasserstein = wasserstein(numeric, counts);
    }
    told
}

/// Both sides in the bins that PSI and χ² are over.
pub(crate) fn compared(baseline: &ColumnBaseline, counts: &ColumnCounts) -> (Vec<u64>, Vec<u64>) {
    match &baseline.counted {
        Counted::Numeric(n) => (merge_bins(&n.counts, &n.coarse), merge_bins(&counts.counts, &n.coarse)),
        Counted::Categorical(_) => (baseline.counts(), counts.counts.clone()),
    }
}

fn test(baseline: &ColumnBaseline, a: &[u64], b: &[u64]) -> Option<Homogeneity> {
    match baseline.counted {
        Counted::Numeric(_) => homogeneity(a, b),
        Counted::Categorical(_) => homogeneity_merged(a, b),
    }
}

/// Share of numbers outside the baseline's range; `None` for values and without numbers.
pub(crate) fn out_of_range(baseline: &ColumnBaseline, counts: &ColumnCounts) -> Option<f64> {
    let Counted::Numeric(numeric) = &baseline.counted else { return None };
    let infinite = counts.positive_infinite.saturating_add(counts.negative_infinite);
    let all = counts.values().saturating_add(infinite);
    let last = counts.counts.len().checked_sub(1).filter(|last| *last > 0 && !numeric.edges.is_empty())?;
    (all > 0).then(|| total(&[counts.counts[0], counts.counts[last], infinite]) as f64 / all as f64)
}

/// Share of values that the baseline did not have; `None` for numbers and without values.
pub(crate) fn new_values(baseline: &ColumnBaseline, counts: &ColumnCounts) -> Option<f64> {
    let Counted::Categorical(_) = baseline.counted else { return None };
    let values = counts.values();
    counts.counts.last().filter(|_| values > 0).map(|new| *new as f64 / values as f64)
}

/// Between two edges the distributions can differ by what the baseline has there, and by nothing where only one
/// double lies.
fn ks_error(numeric: &NumericBaseline) -> f64 {
    let spread = numeric.counts.iter().enumerate().filter(|(bin, _)| !is_atom(&numeric.edges, *bin));
    let most = spread.map(|(_, count)| *count).max().unwrap_or(0);
    most as f64 / total(&numeric.counts).max(1) as f64
}

/// ∫|F−G|dx with both running straight through a bin. The first and last bin end at the smallest and largest number.
fn wasserstein(numeric: &NumericBaseline, counts: &ColumnCounts) -> Option<f64> {
    let (n, m) = (total(&numeric.counts) as f64, counts.values() as f64);
    if n < 1.0 || m < 1.0 || counts.counts.len() != numeric.counts.len() {
        return None;
    }
    let first = *numeric.edges.first()?;
    let (min, max) = (counts.min.unwrap_or(first), counts.max.unwrap_or(first));
    let (mut low, mut below, mut sum) = (min.min(first), 0.0, 0.0);
    for (bin, (a, b)) in numeric.counts.iter().zip(&counts.counts).enumerate() {
        let high = numeric.edges.get(bin).copied().unwrap_or_else(|| max.max(low));
        let upto = below + *a as f64 / n - *b as f64 / m;
        sum += (high - low) * mean_abs(below, upto);
        (low, below) = (high, upto);
    }
    sum.is_finite().then_some(sum)
}

/// The mean of |x| while x runs from one number to another.
fn mean_abs(from: f64, to: f64) -> f64 {
    if from * to >= 0.0 {
        f64::midpoint(from.abs(), to.abs())
    } else {
        (from * from + to * to) / (2.0 * (from.abs() + to.abs()))
    }
}
