//! Two tables side by side, once and exactly: no sketch, no state.
//!
//! Shapes are those of `flightdeck compare --json`. A value that does not exist is `null`. Reading tables is not here.

mod column;
mod notes;

use crate::monitor::{WATCH_P, WATCH_PSI};
use crate::multiplicity::benjamini_hochberg;
use crate::sample::Sample;
use crate::severity::Severity;
use flightdeck_core::{ColumnKind, Finding};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Two tables compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Rows of the baseline.
    pub baseline_rows: u64,
    /// Rows of the current table.
    pub current_rows: u64,
    /// The baseline's columns in its order, then those that only the current table has.
    pub columns: Vec<ColumnComparison>,
    /// Names of the columns that drifted.
    pub drifted: Vec<String>,
}

/// A column of two tables compared. Nulls and non-finite numbers are left out of every distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnComparison {
    /// Its name.
    pub name: String,
    /// How it was compared.
    pub kind: ColumnKind,
    /// Whether there was enough to compare.
    pub status: Status,
    /// Missing values of the baseline.
    pub baseline_nulls: u64,
    /// Missing values of the current table.
    pub current_nulls: u64,
    /// NaN that is not missing, and infinities, of the baseline.
    pub baseline_nonfinite: u64,
    /// The same of the current table.
    pub current_nonfinite: u64,
    /// Population stability index over canonical(10) or all values, zero shares taken as 1e-4.
    pub psi: Option<f64>,
    /// The same less what sampling noise alone gives.
    pub psi_adjusted: Option<f64>,
    /// Jensen-Shannon distance over the same bins, 0 to 1.
    pub js_distance_base2: Option<f64>,
    /// Exact Kolmogorov-Smirnov statistic; numbers only.
    pub ks: Option<f64>,
    /// Exact Wasserstein-1 distance in the column's unit; numbers only.
    pub wasserstein: Option<f64>,
    /// χ² of homogeneity over canonical(10), or over values with cells expected below 5 merged.
    pub chi2: Option<f64>,
    /// Its p-value.
    pub p: Option<f64>,
    /// What decides: a p-value adjusted over all columns that have enough values (Benjamini-Hochberg). Cells expected below 5
    /// are merged before, of numbers too: one value beyond the baseline's range is no drift, but would look like it.
    pub p_adjusted: Option<f64>,
    /// What it comes to.
    pub verdict: ComparisonVerdict,
    /// The band of the adjusted PSI.
    pub severity: Severity,
    /// What else a person should know.
    pub findings: Vec<Finding>,
}

/// Whether there was enough to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Enough values on both sides.
    Ok,
    /// No values on one side or both.
    NoValues,
    /// Fewer than 30 values on one side or both: distances exist, but say little.
    TooFew,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    /// `p_adjusted` below 0.05 and `psi_adjusted` at least 0.1.
    Drift,
    /// Only the first: a move, but not a large one.
    Watch,
    /// Neither.
    None,
    /// Too few values.
    NotEnoughData,
}

/// Compares two tables column by column, on as many threads as there are cores.
pub fn compare(baseline: &[Sample<'_>], current: &[Sample<'_>]) -> Comparison {
    let pairs = pair(baseline, current);
    let (mut columns, judged): (Vec<_>, Vec<_>) = side_by_side(&pairs).into_iter().unzip();
    let tested: Vec<f64> = judged.iter().copied().flatten().collect();
    let mut adjusted = benjamini_hochberg(&tested).into_iter();
    for (column, judged) in columns.iter_mut().zip(judged) {
        column.p_adjusted = judged.and_then(|_| adjusted.next());
        column.verdict = column.judge();
    }
    let drifted = columns.iter().filter(|column| column.verdict == ComparisonVerdict::Drift);
    Comparison {
        baseline_rows: baseline.first().map_or(0, Sample::rows),
        current_rows: current.first().map_or(0, Sample::rows),
        drifted: drifted.map(|column| column.name.clone()).collect(),
        columns,
    }
}

impl ColumnComparison {
    fn judge(&self) -> ComparisonVerdict {
        match (self.p_adjusted, self.psi_adjusted) {
            (Some(p), Some(psi)) if p < WATCH_P && psi >= WATCH_PSI => ComparisonVerdict::Drift,
            (Some(p), _) if p < WATCH_P => ComparisonVerdict::Watch,
            (Some(_), _) => ComparisonVerdict::None,
            (None, _) => ComparisonVerdict::NotEnoughData,
        }
    }
}

/// A column on both sides, or on one.
type Pair<'a> = (Option<&'a Sample<'a>>, Option<&'a Sample<'a>>);

fn pair<'a>(baseline: &'a [Sample<'a>], current: &'a [Sample<'a>]) -> Vec<Pair<'a>> {
    let by_name: HashMap<&str, &Sample<'_>> = current.iter().map(|sample| (sample.name, sample)).collect();
    let known: HashSet<&str> = baseline.iter().map(|sample| sample.name).collect();
    let ours = baseline.iter().map(|sample| (Some(sample), by_name.get(sample.name).copied()));
    let added =
        current.iter().filter(|sample| !known.contains(sample.name)).map(|sample| (None, Some(sample)));
    ours.chain(added).collect()
}

/// Each thread takes the next column until there is none.
fn side_by_side(pairs: &[Pair<'_>]) -> Vec<(ColumnComparison, Option<f64>)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(pairs.len());
    if threads < 2 {
        return pairs.iter().map(|pair| column::compare(*pair)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            pairs.get(at).map(|pair| (at, column::compare(*pair)))
        });
        mine.collect::<Vec<_>>()
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(columns) => done.extend(columns),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, column)| column).collect()
}
